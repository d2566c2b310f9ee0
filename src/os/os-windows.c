#include "os.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

size_t mir_os_page_size (void) {
  SYSTEM_INFO info;
  GetSystemInfo (&info);
  return info.dwPageSize;
}

void mir_os_flush_icache (void *start, void *bound) {
  FlushInstructionCache (GetCurrentProcess (), start, (size_t) ((char *) bound - (char *) start));
}

int mir_os_lock_init (mir_os_lock_t *lock) {
  InitializeSRWLock ((SRWLOCK *) lock);
  return 0;
}

void mir_os_lock_destroy (mir_os_lock_t *lock) {
  (void) lock; /* an SRWLOCK owns nothing */
}

void mir_os_lock (mir_os_lock_t *lock) {
  AcquireSRWLockExclusive ((SRWLOCK *) lock);
}

void mir_os_unlock (mir_os_lock_t *lock) {
  ReleaseSRWLockExclusive ((SRWLOCK *) lock);
}

int mir_os_at_fork (void (*before) (void), void (*after) (void)) {
  (void) before, (void) after;
  return 0; /* there is no fork */
}
