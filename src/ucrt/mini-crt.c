/* The functions of a C runtime that mimalloc calls: this DLL has no C runtime.  */

#include "ucrt/mini-crt.h"

#include <windows.h>
#include <winternl.h>

#include "ucrt/crt-calls.h"
#include "ucrt/exports.h"
#include "ucrt/log.h"

NTSTATUS NTAPI NtOpenProcessToken (HANDLE process, ACCESS_MASK access, HANDLE *token);
NTSTATUS NTAPI NtAdjustPrivilegesToken (HANDLE token, BOOLEAN disable_all, TOKEN_PRIVILEGES *wanted,
                                        ULONG size, TOKEN_PRIVILEGES *before, ULONG *size_before);

/* mimalloc's functions set errno of the first CRT and read its environment: a program seldom has
   another.  */
int *ucrt_errno (void) {
  static int nobodys;
  struct ucrt_crt *crt = &ucrt_crts[0];
  int *number = crt->error_number != NULL && ucrt_crt_ready (crt) ? crt->error_number () : NULL;
  return number != NULL ? number : &nobodys;
}

/* The function NAME of the first CRT; NULL before that is initialised.  */
static void *function_of_first (const char *name) {
  struct ucrt_crt *crt = &ucrt_crts[0];
  return crt->base != NULL && ucrt_crt_ready (crt) ? ucrt_export_of (crt->base, crt->size, name)
                                                   : NULL;
}

char *ucrt_getenv (const char *name) {
  char *(__cdecl * of_crt) (const char *) =
      (char *(__cdecl *) (const char *) ) (uintptr_t) function_of_first ("getenv");
  return of_crt != NULL ? of_crt (name) : NULL;
}

wchar_t *ucrt_wgetenv (const wchar_t *name) {
  wchar_t *(__cdecl * of_crt) (const wchar_t *) =
      (wchar_t * (__cdecl *) (const wchar_t *) ) (uintptr_t) function_of_first ("_wgetenv");
  return of_crt != NULL ? of_crt (name) : NULL;
}

void ucrt_abort (void) {
  ucrt_log ("mimalloc aborted the process");
  RaiseFailFastException (NULL, NULL, 0);
  TerminateProcess (GetCurrentProcess (), 3);
  __builtin_unreachable ();
}

/* In our DllMain mimalloc asks only for DLLs that are loaded: KERNEL32, kernelbase, ntdll.  Later
   it asks for psapi, which may be loaded, from the system's folder only.  */
HMODULE ucrt_module (const wchar_t *name) {
  HMODULE module = NULL;
  if (GetModuleHandleExW (0, name, &module)) return module;
  return LoadLibraryExW (name, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
}

/* advapi32's functions for large pages, through ntdll: advapi32 would load other DLLs.  */
BOOL ucrt_open_token (HANDLE process, DWORD access, HANDLE *token) {
  return NtOpenProcessToken (process, access, token) >= 0;
}

BOOL ucrt_lock_memory_privilege (LUID *luid) {
  luid->LowPart = 4; /* SE_LOCK_MEMORY_PRIVILEGE, the same on every Windows (wdm.h) */
  luid->HighPart = 0;
  return TRUE;
}

BOOL ucrt_adjust_token (HANDLE token, TOKEN_PRIVILEGES *wanted) {
  NTSTATUS status = NtAdjustPrivilegesToken (token, FALSE, wanted, 0, NULL, NULL);
  SetLastError (status == 0 ? ERROR_SUCCESS : ERROR_NOT_ALL_ASSIGNED);
  return status >= 0;
}
