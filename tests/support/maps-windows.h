/* The address space as VirtualQuery reports it.  */
#ifndef MIR_TESTS_SUPPORT_MAPS_WINDOWS_H
#define MIR_TESTS_SUPPORT_MAPS_WINDOWS_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

struct taken {
  size_t bytes; /* address space reserved or committed */
  size_t views; /* committed regions of sections */
  size_t open;  /* regions which are writable and executable */
};

/* "free", "reserved", or the access of committed memory.  */
static inline const char *access_of (const void *addr) {
  MEMORY_BASIC_INFORMATION info;
  if (VirtualQuery (addr, &info, sizeof (info)) == 0) return "not an address";
  if (info.State == MEM_FREE) return "free";
  if (info.State == MEM_RESERVE) return "reserved";
  switch (info.Protect) {
    case PAGE_NOACCESS:
      return "none";
    case PAGE_READONLY:
      return "r";
    case PAGE_READWRITE:
      return "rw";
    case PAGE_EXECUTE_READ:
      return "rx";
    case PAGE_EXECUTE_READWRITE:
      return "rwx";
  }
  return "another one";
}

static inline struct taken look_around (void) {
  MEMORY_BASIC_INFORMATION info;
  struct taken taken = {0, 0, 0};
  for (char *addr = NULL; VirtualQuery (addr, &info, sizeof (info)) != 0;
       addr = (char *) info.BaseAddress + info.RegionSize) {
    if (info.State == MEM_FREE) continue;
    taken.bytes += info.RegionSize;
    if (info.State != MEM_COMMIT) continue;
    taken.views += info.Type == MEM_MAPPED;
    taken.open += (info.Protect & (PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)) != 0;
  }
  return taken;
}

#endif /* MIR_TESTS_SUPPORT_MAPS_WINDOWS_H */
