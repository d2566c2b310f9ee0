/* Included right before mimalloc's source or its internal headers, and nowhere else: replaces what
   mimalloc calls of the C runtime and of DLLs that may not be loaded in our DllMain.  The system's
   headers come first, so that they declare the originals. memcpy and the like are left alone: they
   come from builtins-copies-*.c, or where there is none for the CPU from ntdll.  */

#ifndef MIR_UCRT_REPLACE_H
#define MIR_UCRT_REPLACE_H

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "ucrt/locks.h"
#include "ucrt/mini-crt.h"

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
