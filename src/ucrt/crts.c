/* Which CRTs are loaded, and which are loaded later.

   Modules are found by name in the loader's own list; an api-ms-win-crt-*.dll is an alias of
   ucrtbase.dll, not a module.  The search holds the loader lock, because the list is the loader's
   and no thread that is stopped meanwhile may hold that lock.  The loader notifies us of a CRT
   loaded later before it runs; then no thread is stopped and the list is not read.  */

#include "ucrt/crts.h"

#include <string.h> /* memset, strlen, memcmp */

#include "ucrt/environment.h"
#include "ucrt/exports.h"
#include "ucrt/health.h"
#include "ucrt/hooks.h"
#include "ucrt/log.h"
#include "ucrt/nt.h"
#include "ucrt/self-test.h"
#include "ucrt/status-section.h"
#include "ucrt/take-over.h"

static int is_notified; /* the loader notifies us of DLLs; changes under the loader lock only */

/* LEN, less the ".dll" at the end of NAME if it is there.  */
static size_t without_dll (const char *name, size_t len) {
  return len > 4 && memcmp (name + len - 4, ".dll", 4) == 0 ? len - 4 : len;
}

/* Whether NAME is in LIST, names between commas or blanks; either may have its ".dll".  */
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

static int begins (const char *name, const char *with) {
  while (*with != 0 && *name == *with) {
    name++;
    with++;
  }
  return *with == 0;
}

/* Whether NAME is that of a CRT: ucrtbase, msvcrt, msvcr71 to msvcr120, or a debug version.  */
static int is_crt (const char *name) {
  return begins (name, "ucrtbase") || begins (name, "msvcrt")
         || (begins (name, "msvcr") && name[5] >= '0' && name[5] <= '9');
}

/* The first CRT that is loaded and was not asked for, or NULL.  */
static const void *passed_over;

/* Remember such a CRT, for the reason why nothing is taken over.  */
static void pass_over (const void *base, const char *name) {
  if (passed_over != NULL || !is_crt (name)) return;
  passed_over = base;
  ucrt_set_passed_over (name);
}

/* The entry for the CRT at BASE, or NULL.  */
static struct ucrt_crt *crt_at (const void *base) {
  for (unsigned i = 0; i < MIR_UCRT_CRTS_MAX; i++)
    if (ucrt_crts[i].base == base) return &ucrt_crts[i];
  return NULL;
}

/* Return an unused entry of ucrt_crts; if there is none, the entry of a CRT that could not be taken
   over; else NULL.  */
static struct ucrt_crt *free_crt (void) {
  struct ucrt_crt *crt = crt_at (NULL);
  for (unsigned i = 0; crt == NULL && i < MIR_UCRT_CRTS_MAX; i++)
    if (ucrt_status.crts[i].state != MIR_UCRT_ACTIVE) crt = &ucrt_crts[i];
  return crt;
}

static void *export_in (const struct ucrt_crt *crt, const char *name) {
  return ucrt_export_of (crt->base, crt->size, name);
}

/* Make CRT the entry for the CRT at BASE; then begin its part of the status.  */
static void fill (struct ucrt_crt *crt, uint8_t *base, size_t size) {
  memset (crt, 0, sizeof (*crt));
  crt->base = base;
  crt->size = size;
  crt->index = (unsigned) (crt - ucrt_crts);
  crt->is_debug = export_in (crt, "_malloc_dbg") != NULL;
  *(void **) &crt->command_line = export_in (crt, "__p__acmdln");
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

/* Whether the DllMain of CRT has run.  The loader lock is held.  */
static int is_initialised (const struct ucrt_crt *crt) {
  const struct ucrt_nt_module *module = ucrt_module_at ((uintptr_t) crt->base);
  return module != NULL && (module->flags & UCRT_NT_ATTACHED) != 0;
}

/* Whether CRT has blocks of its own already: a debug CRT's have headers, so for that even a DllMain
   that has not returned counts.  */
static int is_running (struct ucrt_crt *crt) {
  return is_initialised (crt) || (crt->is_debug && ucrt_crt_ready (crt));
}

/* Keep a CRT that is taken over mapped: foreign blocks and its own DllMain still reach its
   functions.  Not while it is being loaded: "it is unsafe for the notification callback to call
   functions in any other module" (Microsoft Learn, LdrDllNotification).  Then the loader notifies
   us when it is unloaded.  */
static void pin_crt (const struct ucrt_crt *crt) {
  ucrt_nt.add_reference (UCRT_NT_DLL_PIN, crt->base);
}

/* Take over the CRT at BASE if NAME is one that is wanted.  Returns 1: taken over; 0: nothing to
   do; -1: refused or failed, with the reason in the status.  */
static int try_crt (uint8_t *base, size_t size, const char *name, int is_loading) {
  if (!is_wanted (name, ucrt_options.crts)) {
    pass_over (base, name);
    return 0;
  }
  struct ucrt_crt *crt = crt_at (base);
  if (crt != NULL && ucrt_status.crts[crt->index].state != MIR_UCRT_FAILED) return 0;
  if (crt == NULL) crt = free_crt ();
  if (crt == NULL) {
    ucrt_set_left_out (name);
    return -1;
  }
  fill (crt, base, size);
  fill_status (crt, name);
  int late = crt->initialised = !is_loading && is_running (crt);
  if (late && ucrt_options.refuse_late) {
    MIR_ucrt_crt_t *status = &ucrt_status.crts[crt->index];
    status->state = MIR_UCRT_REFUSED;
    status->late = 1;
    ucrt_format (status->reason, sizeof (status->reason),
                 "the C runtime is already running, and MIR_UCRT_LATE=refuse is set");
    return -1;
  }
  if (ucrt_take_over (crt, late) != 0) return -1;
  if (!is_loading) pin_crt (crt);
  ucrt_check_taken (crt);
  return 1;
}

/* Log what became of CRT, loaded late, if the options say so; RESULT as of try_crt.  */
static void log_result (const struct ucrt_crt *crt, int result) {
  const MIR_ucrt_crt_t *status = &ucrt_status.crts[crt->index];
  if (!ucrt_options.verbose) return;
  if (result > 0)
    ucrt_log ("active: %s was loaded and is now taken over", status->name);
  else
    ucrt_log ("%s was loaded and is left alone: %s", status->name, status->reason);
}

/* The DLL at BASE is no longer mapped.  */
static void on_unloaded (const void *base) {
  struct ucrt_crt *crt = crt_at (base);
  if (base == passed_over) {
    passed_over = NULL;
    ucrt_set_passed_over ("");
  } else if (crt != NULL) {
    ucrt_forget (crt);
    ucrt_status.crts[crt->index].base = 0;
    memset (crt, 0, sizeof (*crt));
    ucrt_set_left_out ("");
  } else {
    return;
  }
  ucrt_update_state ();
}

/* The loader calls this for each DLL that it has mapped or unmapped, under a lock of its own.  */
static VOID CALLBACK on_dll (ULONG reason, const struct ucrt_nt_dll *dll, void *user_data) {
  char name[UCRT_NAME_SIZE];
  (void) user_data;
  if (reason == UCRT_NT_DLL_UNLOADED) on_unloaded (dll->base);
  if (reason != UCRT_NT_DLL_LOADED) return;
  ucrt_plain_name (name, sizeof (name), dll->name);
  int result = try_crt (dll->base, dll->size, name, 1);
  if (result == 0) {
    if (dll->base == passed_over) ucrt_update_state ();
    return;
  }
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
  char name[UCRT_NAME_SIZE];
  int taken = 0, bad = 0;
  if (ucrt_find_nt () != NULL || ucrt_nt.lock_loader (0, NULL, &cookie) < 0) return -1;
  const struct ucrt_nt_module *module = NULL;
  while ((module = ucrt_next_module (module)) != NULL) {
    ucrt_plain_name (name, sizeof (name), &module->name);
    int result = try_crt (module->base, module->size, name, 0);
    taken += result > 0;
    bad += result < 0;
  }
  if (!is_notified) is_notified = ucrt_nt.notify_of_dlls (0, on_dll, NULL, &registration) >= 0;
  ucrt_nt.unlock_loader (0, cookie);
  return bad != 0 ? -1 : taken;
}
