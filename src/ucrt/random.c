#include <windows.h>

/* mimalloc wants random numbers inside our DllMain, where no DLL may be loaded.  If the system's
   generator is there already it is asked; otherwise mimalloc mixes its own from clocks and
   addresses, and asks again when it needs more.  What depends on it here is where the arenas lie.
 */
typedef BOOL (WINAPI *process_prng_t) (BYTE *, SIZE_T);

BOOLEAN NTAPI SystemFunction036 (void *buffer, ULONG length);

/* By the name of advapi32's generator, which mimalloc calls with MI_USE_RTLGENRANDOM.  */
BOOLEAN NTAPI SystemFunction036 (void *buffer, ULONG length) {
  HMODULE dll = GetModuleHandleW (L"bcryptprimitives.dll");
  if (dll == NULL) return FALSE;
  process_prng_t prng = (process_prng_t) (void (*) (void)) GetProcAddress (dll, "ProcessPrng");
  return prng != NULL && prng (buffer, length);
}
