/* Windows: what is reserved or mapped, by VirtualQuery.  */
#include "os/mappings.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* Allocations start at multiples of 64 KiB; the search for a place knows that.  */
int mir_os_each_mapping (uintptr_t first, uintptr_t last, mir_mapping_func_t func,
                         void *user_data) {
  SYSTEM_INFO system;
  GetSystemInfo (&system);
  uintptr_t lowest = (uintptr_t) system.lpMinimumApplicationAddress;
  uintptr_t highest = (uintptr_t) system.lpMaximumApplicationAddress;
  if (first < lowest) {
    func (user_data, first, lowest - 1);
    first = lowest;
  }
  for (uintptr_t addr = first; addr <= last && addr <= highest;) {
    MEMORY_BASIC_INFORMATION info;
    if (VirtualQuery ((void *) addr, &info, sizeof (info)) == 0) return -1;
    uintptr_t start = (uintptr_t) info.BaseAddress, size = info.RegionSize;
    if (info.State != MEM_FREE) func (user_data, start, start + (size - 1));
    if (size > UINTPTR_MAX - start) return 0;
    addr = start + size;
  }
  if (highest < last) func (user_data, highest + 1, UINTPTR_MAX);
  return 0;
}
