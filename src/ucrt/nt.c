/* The functions of ntdll, by name; the loader's list of modules.  */

#include "ucrt/nt.h"

struct ucrt_nt ucrt_nt;

struct nt_name {
  const char *name;
  size_t offset; /* in struct ucrt_nt */
};

#define NAMED(function, member) {.name = #function, .offset = offsetof (struct ucrt_nt, member)}

static const struct nt_name names[] = {
    NAMED (NtProtectVirtualMemory, protect),
    NAMED (NtAllocateVirtualMemory, allocate),
    NAMED (NtFreeVirtualMemory, release),
    NAMED (NtQueryVirtualMemory, query),
    NAMED (NtFlushInstructionCache, flush),
    NAMED (NtGetNextThread, next_thread), /* Windows Vista, Wine 7 */
    NAMED (NtQueryInformationThread, query_thread),
    NAMED (NtSuspendThread, suspend),
    NAMED (NtGetContextThread, context),
    NAMED (NtResumeThread, resume),
    NAMED (NtClose, close),
    NAMED (NtDelayExecution, sleep),
    NAMED (NtQueryInformationProcess, query_process),
    NAMED (LdrRegisterDllNotification, notify_of_dlls), /* Windows Vista */
    NAMED (LdrAddRefDll, add_reference),
    NAMED (LdrLockLoaderLock, lock_loader),
    NAMED (LdrUnlockLoaderLock, unlock_loader),
    NAMED (RtlVirtualUnwind, unwind),
    NAMED (RtlGetCurrentPeb, peb),
};

const char *ucrt_find_nt (void) {
  uint8_t *ntdll = (uint8_t *) GetModuleHandleW (L"ntdll.dll");
  if (ntdll == NULL) return "ntdll.dll";
  if (ucrt_nt.peb != NULL) return NULL; /* PEB is set last */
  for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
    void *function = (void *) GetProcAddress ((HMODULE) ntdll, names[i].name);
    if (function == NULL && names[i].offset != offsetof (struct ucrt_nt, unwind))
      return names[i].name;
    *(void **) ((char *) &ucrt_nt + names[i].offset) = function;
  }
  return NULL;
}

const struct ucrt_nt_module *ucrt_next_module (const struct ucrt_nt_module *module) {
  struct ucrt_nt_loader *loader = ucrt_nt.peb ()->loader;
  if (loader == NULL) return NULL;
  const LIST_ENTRY *next = module == NULL ? loader->load_order.Flink : module->load_order.Flink;
  return next == &loader->load_order ? NULL
                                     : CONTAINING_RECORD (next, struct ucrt_nt_module, load_order);
}

const struct ucrt_nt_module *ucrt_module_at (uint64_t address) {
  const struct ucrt_nt_module *module = NULL;
  while ((module = ucrt_next_module (module)) != NULL)
    if (address - (uintptr_t) module->base < module->size) return module;
  return NULL;
}

static char plain (WCHAR c) {
  if (c >= 'A' && c <= 'Z') return (char) (c - 'A' + 'a');
  return c >= ' ' && c < 127 ? (char) c : '?';
}

void ucrt_plain_name (char *to, size_t size, const struct ucrt_nt_string *name) {
  size_t len = name->length / sizeof (WCHAR), begin = 0, i = 0;
  for (size_t j = 0; j < len; j++)
    if (name->chars[j] == '\\' || name->chars[j] == '/') begin = j + 1;
  for (; begin + i < len && i + 1 < size; i++) to[i] = plain (name->chars[begin + i]);
  to[i] = 0;
}
