/* Decides where a take-over would not be safe, and says why.

   Page heap, Application Verifier and AddressSanitizer look for errors in the very blocks that
   would no longer reach them.  Two DLLs that redirect the same functions would undo each other.
   Where memory may not become executable, the CRT's pages could not become executable again.  */

#include "ucrt/refuse.h"

#include <string.h> /* memcmp, strlen */

#include "ucrt/crt-image.h"
#include "ucrt/log.h"
#include "ucrt/native.h"
#include "ucrt/nt.h"
#include "ucrt/patch.h"
#include "ucrt/status-section.h"

enum {
  PAGE_HEAP = 0x02000000, /* FLG_HEAP_PAGE_ALLOCS */
  VERIFIER = 0x100,       /* FLG_APPLICATION_VERIFIER */
  DYNAMIC_CODE = 2,       /* ProcessDynamicCodePolicy */
  REASON_SIZE = 160,
  NATIVE_ARM64 = 0xaa64 /* IMAGE_FILE_MACHINE_ARM64 */
};

struct stranger {
  const char *prefix; /* of a module's name */
  const char *reason;
};

static const struct stranger strangers[] = {
    {.prefix = "verifier.dll", .reason = "Application Verifier watches this process"},
    {.prefix = "clang_rt.asan", .reason = "AddressSanitizer watches this process"},
    {.prefix = "mimalloc-redirect",
     .reason = "mimalloc's redirection has taken over the C runtime"},
    {.prefix = "mimalloc_replace", .reason = "mimalloc-replace has taken over the C runtime"},
    {.prefix = "mimalloc-replace", .reason = "mimalloc-replace has taken over the C runtime"},
    {.prefix = "tbbmalloc_proxy", .reason = "oneTBB's proxy has taken over the C runtime"},
    {.prefix = "libtcmalloc", .reason = "tcmalloc has taken over the C runtime"},
    {.prefix = "tcmalloc", .reason = "tcmalloc has taken over the C runtime"},
};

/* PEB.NtGlobalFlag.  */
static uint32_t global_flags (void) {
  const size_t offset = sizeof (void *) == 8 ? 0xbc : 0x68;
  return *(const uint32_t *) ((const char *) ucrt_nt.peb () + offset);
}

/* An older Windows does not know this policy, so the process does not have it.  */
static int forbids_dynamic_code (void) {
  struct {
    ULONG policy, flags;
  } info = {.policy = DYNAMIC_CODE};
  if (ucrt_nt.query_process (UCRT_NT_THIS_PROCESS, UCRT_NT_PROCESS_POLICY, &info, sizeof (info),
                             NULL)
      < 0)
    return 0;
  return (info.flags & 1) != 0; /* ProhibitDynamicCode */
}

/* Whether this is an x64 process on ARM64 Windows: its C runtime is ARM64EC, whose functions are
   not where its exports lead.  */
static int is_emulated (void) {
  typedef BOOL (WINAPI * is_wow_t) (HANDLE, USHORT *, USHORT *);
  is_wow_t is_wow = NULL;
  USHORT process = 0, native = 0;
  HMODULE kernel = GetModuleHandleW (L"kernel32.dll");
  if (kernel != NULL) *(void **) &is_wow = (void *) GetProcAddress (kernel, "IsWow64Process2");
  if (is_wow == NULL || !is_wow (UCRT_NT_THIS_PROCESS, &process, &native)) return 0;
  return UCRT_CPU.machine == IMAGE_FILE_MACHINE_AMD64 && native == NATIVE_ARM64;
}

/* The status of another copy of this DLL, whatever its name; NULL if there is none.  A copy writes
   MAGIC last.  */
static MIR_ucrt_status_t *other_copy (const struct ucrt_nt_module *module) {
  struct ucrt_image image;
  if (ucrt_open_image (&image, module->base, module->size) != 0) return NULL;
  struct ucrt_extent section = ucrt_section (&image, MIR_UCRT_STATUS_SECTION);
  if (section.end - section.begin < sizeof (MIR_ucrt_status_t)) return NULL;
  MIR_ucrt_status_t *status = (MIR_ucrt_status_t *) ((uint8_t *) module->base + section.begin);
  return status != &ucrt_status && status->magic == MIR_UCRT_STATUS_MAGIC ? status : NULL;
}

/* Why nothing may be done beside MODULE, or NULL; tells another copy of this DLL that it is not
   alone.  */
static const char *refuse_module (const struct ucrt_nt_module *module) {
  char name[UCRT_NAME_SIZE] = {0};
  MIR_ucrt_status_t *other = other_copy (module);
  if (other != NULL && other->state != MIR_UCRT_DISABLED) {
    __atomic_add_fetch (&other->loaded_twice, 1, __ATOMIC_RELAXED);
    return "another copy of this DLL is loaded";
  }
  ucrt_plain_name (name, sizeof (name), &module->name);
  for (size_t i = 0; i < sizeof (strangers) / sizeof (strangers[0]); i++)
    if (memcmp (name, strangers[i].prefix, strlen (strangers[i].prefix)) == 0)
      return strangers[i].reason;
  return NULL;
}

const char *ucrt_refuse_process (void) {
  static char reason[REASON_SIZE];
  ULONG_PTR cookie;
  const char *missing = ucrt_find_nt (), *result = NULL;
  if (missing != NULL) {
    ucrt_format (reason, sizeof (reason), "this Windows lacks the function %s", missing);
    return reason;
  }
  if (global_flags () & PAGE_HEAP) return "page heap is on for this process";
  if (global_flags () & VERIFIER) return "Application Verifier watches this process";
  if (forbids_dynamic_code ()) return "this process may not create code (ProcessDynamicCodePolicy)";
  if (is_emulated ()) return "this is an x64 process on ARM64 Windows: its C runtime is ARM64EC";
  if (ucrt_nt.lock_loader (0, NULL, &cookie) < 0)
    return "the loader's list of modules cannot be locked";
  const struct ucrt_nt_module *module = NULL;
  while (result == NULL && (module = ucrt_next_module (module)) != NULL)
    result = refuse_module (module);
  ucrt_nt.unlock_loader (0, cookie);
  return result;
}

const char *ucrt_refuse_crt (const struct ucrt_crt *crt) {
  struct ucrt_image image;
  if (ucrt_open_image (&image, crt->base, crt->size) != 0) return "the C runtime is not a PE image";
  const char *reason = ucrt_native_open (&image);
  if (reason != NULL) return reason;
  if (crt->is_debug && crt->initialised)
    return "it is a debug C runtime that is already running: only its own functions can take its "
           "older blocks out of their list";
  if (crt->is_debug && crt->command_line == NULL)
    return "the debug C runtime does not say when it is initialised";
  if (ucrt_find_export (&image, "_get_heap_handle") == 0)
    return "the C runtime does not say which heap is its own, so older blocks could not be freed";
  return NULL;
}
