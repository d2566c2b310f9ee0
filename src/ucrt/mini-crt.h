/* What mimalloc's source calls of the C runtime, and of DLLs that may not be loaded in our DllMain.
   replace.h puts these in place of the original names.  Any thread; each behaves as the function
   whose name it has, as far as mimalloc needs it.  Where no CRT is initialised, errno is a dummy
   and the environment is empty.  */

#ifndef MIR_UCRT_MINI_CRT_H
#define MIR_UCRT_MINI_CRT_H

#include <windows.h>

int *ucrt_errno (void);
char *ucrt_getenv (const char *name);
wchar_t *ucrt_wgetenv (const wchar_t *name);
void ucrt_abort (void) __attribute__ ((noreturn));
HMODULE ucrt_module (const wchar_t *name);
BOOL ucrt_open_token (HANDLE process, DWORD access, HANDLE *token);
BOOL ucrt_lock_memory_privilege (LUID *luid);
BOOL ucrt_adjust_token (HANDLE token, TOKEN_PRIVILEGES *wanted);

#endif
