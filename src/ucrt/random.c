/* Random numbers for mimalloc, without the system's generator.  Any thread; no lock, no allocation.

   mimalloc asks for 32 bytes inside our DllMain and whenever a thread allocates for the first time.
   The system's generator is in bcryptprimitives.dll, which may not be initialised yet in the first
   case.  In the second, the loader would take its lock inside malloc; and in Wine, which may lack
   the DLL, it would search the path each time, more than half of the cost of a short-lived thread.
   So the numbers are mixed from clocks and addresses, as mimalloc does itself where it is linked
   statically on Windows.  Nothing secret depends on them here, only where arenas lie.  */

#include <windows.h>
#include <stdint.h>
#include <string.h> /* memcpy */

BOOLEAN NTAPI SystemFunction036 (void *buffer, ULONG length);

/* The output function of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
   generators, 2014): a bijection, so that different states give different numbers.  */
static uint64_t mix (uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

/* A mix of values that differ between two processes, or two threads.  */
static uint64_t circumstances (const void *stack) {
  LARGE_INTEGER ticks;
  FILETIME now;
  QueryPerformanceCounter (&ticks);
  GetSystemTimeAsFileTime (&now);
  uint64_t x = mix ((uint64_t) ticks.QuadPart ^ (uintptr_t) circumstances);
  x = mix (x ^ (uint64_t) now.dwHighDateTime << 32 ^ now.dwLowDateTime);
  x = mix (x ^ (uint64_t) GetCurrentProcessId () << 32 ^ GetCurrentThreadId ());
  return mix (x ^ (uintptr_t) stack);
}

/* Stands in for the system's generator, which advapi32 exports under this name.  mimalloc calls it
   with MI_USE_RTLGENRANDOM.  */
BOOLEAN NTAPI SystemFunction036 (void *buffer, ULONG length) {
  static uint64_t times; /* ensures that no two calls mix the same values */
  uint64_t state = 0;
  state = circumstances (&state) ^ __atomic_add_fetch (&times, 1, __ATOMIC_RELAXED);
  for (ULONG i = 0; i < length; i += sizeof (state)) {
    state += 0x9e3779b97f4a7c15u;
    uint64_t x = mix (state);
    memcpy ((uint8_t *) buffer + i, &x, length - i < sizeof (x) ? length - i : sizeof (x));
  }
  return TRUE;
}
