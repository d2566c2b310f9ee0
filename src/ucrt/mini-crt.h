/* What mimalloc's source calls of the C runtime and of DLLs which may not be loaded in our DllMain,
   replaced. Included right before it: it includes the headers first, so that they declare what they
   must. Memory and strings come from ntdll.  */

#ifndef MIR_UCRT_MINI_CRT_H
#define MIR_UCRT_MINI_CRT_H

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

int *ucrt_errno (void);
char *ucrt_getenv (const char *name);
wchar_t *ucrt_wgetenv (const wchar_t *name);
void ucrt_abort (void) __attribute__ ((noreturn));
HMODULE ucrt_module (const wchar_t *name);
BOOL ucrt_open_token (HANDLE process, DWORD access, HANDLE *token);
BOOL ucrt_lock_memory_privilege (LUID *luid);
BOOL ucrt_adjust_token (HANDLE token, TOKEN_PRIVILEGES *wanted);
void ucrt_lock_acquire (SRWLOCK *lock);
void ucrt_lock_release (SRWLOCK *lock);

#undef errno
#define errno (*ucrt_errno ())
#define getenv ucrt_getenv
#define _wgetenv ucrt_wgetenv
#define abort ucrt_abort
#define free(block) mi_free (block)
#define fputs(text, file) ((void) (text))
#undef stdout
#define stdout NULL
#undef stderr
#define stderr NULL
#undef LoadLibrary
#define LoadLibrary ucrt_module
#define OpenProcessToken ucrt_open_token
#undef LookupPrivilegeValue
#define LookupPrivilegeValue(system, name, luid) ucrt_lock_memory_privilege (luid)
#define AdjustTokenPrivileges(token, none, wanted, size, before, size_before) \
  ucrt_adjust_token (token, wanted)
#define AcquireSRWLockExclusive ucrt_lock_acquire
#define ReleaseSRWLockExclusive ucrt_lock_release

#endif
