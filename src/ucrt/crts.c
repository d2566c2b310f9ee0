/* Which CRTs are loaded, and those which are loaded later.

   Modules are found in the loader's own list, by their names; an api-ms-win-crt-*.dll is a name for
   ucrtbase.dll and no module.  The search runs under the loader lock: it is the loader's list, and
   no thread which is stopped meanwhile may hold that lock.  What is loaded later we are told of
   before it runs; there nobody is stopped, and the list is not looked at.  */

#include <string.h> /* memset, strlen, memcmp */

#include "ucrt/crt-image.h"
#include "ucrt/nt.h"
#include "ucrt/take-over.h"
#include "ucrt/ucrt.h"

enum { NAME_SIZE = 64, FORWARDS_MAX = 4 };

struct ucrt_crt ucrt_crts[MIR_UCRT_CRTS_MAX];

static int is_told; /* the loader tells us of DLLs */

static void *export_of (const uint8_t *base, size_t size, const char *name, int depth);

/* The module of a forwarder's text, "MODULE.name"; *NAME: the part behind the last point.  */
static const struct ucrt_nt_module *forwarded_to (const char *text, const char **name) {
  char own[NAME_SIZE];
  size_t len = 0;
  for (size_t i = 0; text[i] != 0; i++)
    if (text[i] == '.') len = i;
  *name = text + len + 1;
  if (len == 0) return NULL;
  const struct ucrt_nt_module *module = NULL;
  while ((module = ucrt_next_module (module)) != NULL) {
    ucrt_plain_name (own, sizeof (own), &module->name);
    size_t i = 0;
    while (i < len && own[i] == (text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]))
      i++;
    if (i == len && (own[i] == 0 || (own[i] == '.' && strlen (own + i) == 4))) return module;
  }
  return NULL;
}

static void *follow_forwarder (const struct ucrt_image *image, uint32_t offset, int depth) {
  uint32_t end = offset;
  while (end < image->size && image->base[end] != 0) end++;
  if (end == image->size || depth == FORWARDS_MAX || ucrt_nt.peb == NULL) return NULL;
  const char *name;
  const struct ucrt_nt_module *module = forwarded_to ((const char *) image->base + offset, &name);
  return module == NULL || *name == '#' ? NULL
                                        : export_of (module->base, module->size, name, depth + 1);
}

static void *export_of (const uint8_t *base, size_t size, const char *name, int depth) {
  struct ucrt_image image;
  if (ucrt_open_image (&image, base, size) != 0) return NULL;
  uint32_t offset = ucrt_find_export (&image, name);
  if (offset == 0) return NULL;
  if (ucrt_is_forwarder (&image, offset)) return follow_forwarder (&image, offset, depth);
  return (void *) (uintptr_t) (base + offset);
}

/* An image says in its headers how much of it is mapped.  */
void *ucrt_export_of (uint8_t *base, const char *name) {
  const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *) base;
  if (dos->e_magic != IMAGE_DOS_SIGNATURE) return NULL;
  const IMAGE_NT_HEADERS *headers = (const IMAGE_NT_HEADERS *) (base + dos->e_lfanew);
  if (headers->Signature != IMAGE_NT_SIGNATURE) return NULL;
  return export_of (base, headers->OptionalHeader.SizeOfImage, name, 0);
}

static size_t without_dll (const char *name, size_t len) {
  return len > 4 && memcmp (name + len - 4, ".dll", 4) == 0 ? len - 4 : len;
}

/* Whether NAME is in the LIST of names with commas or blanks between; either may have its ".dll".
 */
static int is_wanted (const char *name, const char *list) {
  size_t len = without_dll (name, strlen (name));
  while (*list != 0) {
    size_t own = 0;
    while (list[own] != 0 && list[own] != ',' && list[own] != ' ') own++;
    if (without_dll (list, own) == len && memcmp (list, name, len) == 0) return 1;
    list += own + (list[own] != 0);
  }
  return 0;
}

static struct ucrt_crt *crt_at (const void *base) {
  for (unsigned i = 0; i < MIR_UCRT_CRTS_MAX; i++)
    if (ucrt_crts[i].base == base) return &ucrt_crts[i];
  return NULL;
}

/* A new entry; one of a CRT which could not be taken over, if there is no free one.  */
static struct ucrt_crt *free_crt (void) {
  struct ucrt_crt *crt = crt_at (NULL);
  for (unsigned i = 0; crt == NULL && i < MIR_UCRT_CRTS_MAX; i++)
    if (ucrt_status.crts[i].state != MIR_UCRT_ACTIVE) crt = &ucrt_crts[i];
  return crt;
}

static void *export_in (const struct ucrt_crt *crt, const char *name) {
  return export_of (crt->base, crt->size, name, 0);
}

static void fill (struct ucrt_crt *crt, uint8_t *base, size_t size) {
  memset (crt, 0, sizeof (*crt));
  crt->base = base;
  crt->size = size;
  crt->index = (unsigned) (crt - ucrt_crts);
  *(void **) &crt->heap_handle = export_in (crt, "_get_heap_handle");
  *(void **) &crt->error_number = export_in (crt, "_errno");
  *(void **) &crt->query_new_mode = export_in (crt, "_query_new_mode");
  *(void **) &crt->call_new_handler = export_in (crt, "_callnewh");
  *(void **) &crt->invalid_parameter = export_in (crt, "_invalid_parameter_noinfo");
}

static void fill_status (const struct ucrt_crt *crt, const char *name) {
  MIR_ucrt_crt_t *status = &ucrt_status.crts[crt->index];
  memset (status, 0, sizeof (*status));
  ucrt_format (status->name, sizeof (status->name), "%s", name);
  status->base = (uintptr_t) crt->base;
  status->size = (uint32_t) crt->size;
  if (ucrt_status.crts_num <= crt->index) ucrt_status.crts_num = crt->index + 1;
  ucrt_status.functions_num = ucrt_status.crts_num * ucrt_hooks_num;
}

static const struct ucrt_nt_module *module_of (const struct ucrt_crt *crt) {
  const struct ucrt_nt_module *module = NULL;
  while ((module = ucrt_next_module (module)) != NULL)
    if (module->base == crt->base) break;
  return module;
}

static int is_initialised (const struct ucrt_crt *crt) {
  const struct ucrt_nt_module *module = module_of (crt);
  return module != NULL && (module->flags & UCRT_NT_ATTACHED) != 0;
}

/* A CRT which is taken over stays: old blocks and its own DllMain still come to its functions.  Not
   while it is being loaded: "it is unsafe for the notification callback to call functions in any
   other module" (Microsoft Learn, LdrDllNotification); then we are told when it goes.  */
static void pin (const struct ucrt_crt *crt) {
  ucrt_nt.add_reference (UCRT_NT_DLL_PIN, crt->base);
}

/* The name of a CRT for which there was no entry, all being of CRTs which are taken over.  */
static char left_out[NAME_SIZE];

void ucrt_update_state (void) {
  uint32_t state = MIR_UCRT_WAITING;
  const char *reason = "nothing to take over here, no DLL of a C runtime is loaded";
  for (unsigned i = 0; i < ucrt_status.crts_num; i++) {
    const MIR_ucrt_crt_t *crt = &ucrt_status.crts[i];
    if (crt->base == 0 || state == MIR_UCRT_ACTIVE) continue;
    if (state != MIR_UCRT_WAITING && crt->state != MIR_UCRT_ACTIVE) continue;
    state = crt->state;
    reason = crt->reason;
  }
  ucrt_format (ucrt_status.reason, sizeof (ucrt_status.reason), "%s", reason);
  if (left_out[0] != 0)
    ucrt_format (ucrt_status.reason, sizeof (ucrt_status.reason),
                 "%s is left alone: %d C runtimes are taken over already", left_out,
                 MIR_UCRT_CRTS_MAX);
  __atomic_store_n (&ucrt_status.state, state, __ATOMIC_RELEASE);
}

/* 1: taken over, 0: nothing to do, -1: refused or failed.  */
static int try_crt (uint8_t *base, size_t size, const char *name, int is_loading) {
  if (!is_wanted (name, ucrt_options.crts)) return 0;
  struct ucrt_crt *crt = crt_at (base);
  if (crt != NULL && ucrt_status.crts[crt->index].state != MIR_UCRT_FAILED) return 0;
  if (crt == NULL) crt = free_crt ();
  if (crt == NULL) {
    ucrt_format (left_out, sizeof (left_out), "%s", name);
    return -1;
  }
  fill (crt, base, size);
  fill_status (crt, name);
  int late = crt->initialised = !is_loading && is_initialised (crt);
  if (late && ucrt_options.refuse_late) {
    MIR_ucrt_crt_t *status = &ucrt_status.crts[crt->index];
    status->state = MIR_UCRT_REFUSED;
    status->late = 1;
    ucrt_format (status->reason, sizeof (status->reason),
                 "it runs already, and MIR_UCRT_LATE=refuse");
    return -1;
  }
  if (ucrt_take_over (crt, late) != 0) return -1;
  if (!is_loading) pin (crt);
  ucrt_check_taken (crt);
  return 1;
}

static void log_result (const struct ucrt_crt *crt, int result) {
  const MIR_ucrt_crt_t *status = &ucrt_status.crts[crt->index];
  if (!ucrt_options.verbose) return;
  if (result > 0)
    ucrt_log ("active: %s was loaded and is taken over", status->name);
  else
    ucrt_log ("%s was loaded and is left alone: %s", status->name, status->reason);
}

static VOID CALLBACK on_dll (ULONG reason, const struct ucrt_nt_dll *dll, void *user_data) {
  char name[NAME_SIZE];
  (void) user_data;
  if (reason == UCRT_NT_DLL_UNLOADED) {
    struct ucrt_crt *crt = crt_at (dll->base);
    if (crt == NULL) return;
    ucrt_forget (crt);
    ucrt_status.crts[crt->index].base = 0;
    memset (crt, 0, sizeof (*crt));
    left_out[0] = 0; /* the next one has room */
    ucrt_update_state ();
    return;
  }
  if (reason != UCRT_NT_DLL_LOADED) return;
  ucrt_plain_name (name, sizeof (name), dll->name);
  int result = try_crt (dll->base, dll->size, name, 1);
  if (result == 0) return;
  const struct ucrt_crt *crt = crt_at (dll->base);
  ucrt_update_state ();
  if (crt != NULL)
    log_result (crt, result);
  else if (ucrt_options.verbose)
    ucrt_log ("%s", ucrt_status.reason);
}

int ucrt_find_crts (void) {
  ULONG_PTR cookie;
  void *registration;
  char name[NAME_SIZE];
  int taken = 0, bad = 0;
  if (ucrt_find_nt () != NULL || ucrt_nt.lock_loader (0, NULL, &cookie) < 0) return -1;
  const struct ucrt_nt_module *module = NULL;
  while ((module = ucrt_next_module (module)) != NULL) {
    ucrt_plain_name (name, sizeof (name), &module->name);
    int result = try_crt (module->base, module->size, name, 0);
    taken += result > 0;
    bad += result < 0;
  }
  if (!is_told) is_told = ucrt_nt.tell_of_dlls (0, on_dll, NULL, &registration) >= 0;
  ucrt_nt.unlock_loader (0, cookie);
  return bad != 0 ? -1 : taken;
}
