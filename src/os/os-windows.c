/* Windows: errors, page size, clocks and locks, and how new code becomes visible.  */
#include "os/os.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* Pin the library, as -z nodelete does on Linux: mimalloc registers a callback for the end of each
   thread that has used it, and unloading would lose its memory.  */
static __attribute__ ((constructor)) void stay_loaded (void) {
  static const char here;
  HMODULE module;
  (void) GetModuleHandleExW (GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                             (const WCHAR *) (const void *) &here, &module);
}

int mir_os_error (void) {
  return (int) GetLastError ();
}

void mir_os_set_error (int error) {
  SetLastError ((DWORD) error);
}

uint64_t mir_os_now (void) {
  return GetTickCount64 ();
}

uint64_t mir_os_nanoseconds (void) {
  LARGE_INTEGER now, frequency;
  QueryPerformanceFrequency (&frequency); /* neither call fails since Windows XP */
  QueryPerformanceCounter (&now);
  uint64_t ticks = (uint64_t) now.QuadPart, second = (uint64_t) frequency.QuadPart;
  return ticks / second * 1000000000 + ticks % second * 1000000000 / second;
}

long mir_os_process (void) {
  return (long) GetCurrentProcessId ();
}

uintptr_t mir_os_thread (void) {
  return GetCurrentThreadId ();
}

size_t mir_os_page_size (void) {
  SYSTEM_INFO info;
  GetSystemInfo (&info);
  return info.dwPageSize;
}

/* Windows documents FlushInstructionCache for generated code; it reaches the instruction caches of
   all cores.  */
void mir_os_clean_icache (void *start, void *bound) {
  FlushInstructionCache (GetCurrentProcess (), start, (size_t) ((char *) bound - (char *) start));
}

/* No documented call makes other cores drop what they have prefetched.  FlushProcessWriteBuffers
   promises that they see all stores; it interrupts every core that runs a thread of the process,
   and the return from an interrupt drops prefetched instructions (Intel SDM volume 3, 9.3, IRET;
   Arm Architecture Reference Manual, context synchronization event: exception return).  So this
   relies on how Windows works, not on a guarantee: a thread that may receive the address of changed
   code while it runs should execute cpuid or isb before it calls that code.  */
void mir_os_sync_cores (void) {
  FlushProcessWriteBuffers ();
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

int mir_os_at_fork (void (*before) (void), void (*in_parent) (void), void (*in_child) (void)) {
  (void) before, (void) in_parent, (void) in_child;
  return 0; /* there is no fork */
}
