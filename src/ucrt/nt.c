/* The functions of ntdll, by name; the loader's list of modules.  */

#include "nt.h"
#include "ucrt.h"

ucrt_nt_t ucrt_nt;

typedef struct {
  const char *name;
  size_t offset; /* in ucrt_nt_t */
} nt_name_t;

static const nt_name_t names[] = {
    {"NtProtectVirtualMemory", offsetof (ucrt_nt_t, protect)},
    {"NtAllocateVirtualMemory", offsetof (ucrt_nt_t, allocate)},
    {"NtFreeVirtualMemory", offsetof (ucrt_nt_t, release)},
    {"NtQueryVirtualMemory", offsetof (ucrt_nt_t, query)},
    {"NtFlushInstructionCache", offsetof (ucrt_nt_t, flush)},
    {"NtGetNextThread", offsetof (ucrt_nt_t, next_thread)}, /* Windows Vista, Wine 7 */
    {"NtQueryInformationThread", offsetof (ucrt_nt_t, about_thread)},
    {"NtSuspendThread", offsetof (ucrt_nt_t, suspend)},
    {"NtGetContextThread", offsetof (ucrt_nt_t, context)},
    {"NtResumeThread", offsetof (ucrt_nt_t, resume)},
    {"NtClose", offsetof (ucrt_nt_t, close)},
    {"NtDelayExecution", offsetof (ucrt_nt_t, sleep)},
    {"NtQueryInformationProcess", offsetof (ucrt_nt_t, about_process)},
    {"LdrRegisterDllNotification", offsetof (ucrt_nt_t, tell_of_dlls)}, /* Windows Vista */
    {"LdrAddRefDll", offsetof (ucrt_nt_t, add_reference)},
    {"LdrLockLoaderLock", offsetof (ucrt_nt_t, lock_loader)},
    {"LdrUnlockLoaderLock", offsetof (ucrt_nt_t, unlock_loader)},
    {"RtlVirtualUnwind", offsetof (ucrt_nt_t, unwind)},
    {"RtlGetCurrentPeb", offsetof (ucrt_nt_t, peb)},
};

const char *ucrt_find_nt (void) {
  uint8_t *ntdll = (uint8_t *) GetModuleHandleW (L"ntdll.dll");
  if (ntdll == NULL) return "ntdll.dll";
  if (ucrt_nt.peb != NULL) return NULL; /* it is the last */
  for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
    void *function = (void *) GetProcAddress ((HMODULE) ntdll, names[i].name);
    if (function == NULL && names[i].offset != offsetof (ucrt_nt_t, unwind)) return names[i].name;
    *(void **) ((char *) &ucrt_nt + names[i].offset) = function;
  }
  return NULL;
}

const ucrt_nt_module_t *ucrt_next_module (const ucrt_nt_module_t *module) {
  ucrt_nt_loader_t *loader = ucrt_nt.peb ()->loader;
  if (loader == NULL) return NULL;
  const LIST_ENTRY *next = module == NULL ? loader->load_order.Flink : module->load_order.Flink;
  return next == &loader->load_order ? NULL
                                     : CONTAINING_RECORD (next, ucrt_nt_module_t, load_order);
}

const ucrt_nt_module_t *ucrt_module_at (uint64_t address) {
  const ucrt_nt_module_t *module = NULL;
  while ((module = ucrt_next_module (module)) != NULL)
    if (address - (uintptr_t) module->base < module->size) return module;
  return NULL;
}

static char plain (WCHAR c) {
  if (c >= 'A' && c <= 'Z') return (char) (c - 'A' + 'a');
  return c >= ' ' && c < 127 ? (char) c : '?';
}

void ucrt_plain_name (char *to, size_t size, const ucrt_nt_string_t *name) {
  size_t len = name->length / sizeof (WCHAR), begin = 0, i = 0;
  for (size_t j = 0; j < len; j++)
    if (name->chars[j] == '\\' || name->chars[j] == '/') begin = j + 1;
  for (; begin + i < len && i + 1 < size; i++) to[i] = plain (name->chars[begin + i]);
  to[i] = 0;
}
