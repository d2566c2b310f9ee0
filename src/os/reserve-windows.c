#include "reserve.h"
#include "views-windows.h"

#include <stdint.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "os.h"

/* As in the headers of Windows 10, which older ones of mingw-w64 do not have.  */
enum {
  RESERVE_PLACEHOLDER = 0x00040000,  /* MEM_RESERVE_PLACEHOLDER */
  REPLACE_PLACEHOLDER = 0x00004000,  /* MEM_REPLACE_PLACEHOLDER */
  PRESERVE_PLACEHOLDER = 0x00000002, /* MEM_PRESERVE_PLACEHOLDER */
  TRIES = 8                          /* when another thread was faster */
};

typedef void *(WINAPI *alloc2_t) (HANDLE process, void *start, SIZE_T len, ULONG type,
                                  ULONG protection, void *parameters, ULONG parameters_num);
typedef void *(WINAPI *map_view3_t) (HANDLE section, HANDLE process, void *start, ULONG64 offset,
                                     SIZE_T len, ULONG type, ULONG protection, void *parameters,
                                     ULONG parameters_num);
typedef BOOL (WINAPI *unmap_view2_t) (HANDLE process, void *start, ULONG flags);

static FARPROC find (const char *name) {
  HMODULE module = GetModuleHandleA ("kernelbase.dll");
  return module == NULL ? NULL : GetProcAddress (module, name);
}

static void *alloc2 (void *start, size_t len, ULONG type, ULONG protection) {
  alloc2_t func = (alloc2_t) (void (*) (void)) find ("VirtualAlloc2");
  return func == NULL ? NULL : func (GetCurrentProcess (), start, len, type, protection, NULL, 0);
}

/*---------------- Reservations of 64 KiB -----------------------------*/

static void release_units (char *start, size_t len) {
  for (size_t i = 0; i < len; i += MIR_RESERVE_ALIGNMENT)
    (void) VirtualFree (start + i, 0, MEM_RELEASE);
}

/* 0, or -1 and none of them is reserved.  */
static int reserve_units (char *start, size_t len) {
  for (size_t i = 0; i < len; i += MIR_RESERVE_ALIGNMENT) {
    if (VirtualAlloc (start + i, MIR_RESERVE_ALIGNMENT, MEM_RESERVE, PAGE_NOACCESS) != NULL)
      continue;
    release_units (start, i);
    return -1;
  }
  return 0;
}

/* One reservation to find the place, then many at it.  */
static void *reserve_as_units (void *hint, size_t len) {
  for (int i = 0; i < TRIES; i++) {
    void *start = VirtualAlloc (hint, len, MEM_RESERVE, PAGE_NOACCESS);
    if (start == NULL) return NULL;
    (void) VirtualFree (start, 0, MEM_RELEASE);
    if (reserve_units ((char *) start, len) == 0) return start;
  }
  return NULL;
}

/*---------------- Ranges -----------------------------*/

void *mir_os_reserve_at (void *hint, size_t len) {
  const size_t unit = MIR_RESERVE_ALIGNMENT;
  if (len > SIZE_MAX - unit) return NULL;
  len = (len + unit - 1) & ~(unit - 1);
  void *start = alloc2 (hint, len, MEM_RESERVE | RESERVE_PLACEHOLDER, PAGE_NOACCESS);
  return start != NULL ? start : reserve_as_units (hint, len);
}

/* Placeholders, reservations, views and data, one region of an allocation after the other.  */
void mir_os_unreserve (void *start, size_t len) {
  MEMORY_BASIC_INFORMATION info;
  char *addr = (char *) start, *bound = addr + len;
  while (addr < bound && VirtualQuery (addr, &info, sizeof (info)) != 0) {
    char *end = (char *) info.BaseAddress + info.RegionSize;
    if (info.State != MEM_FREE && info.Type == MEM_MAPPED)
      (void) UnmapViewOfFile (info.AllocationBase);
    else if (info.State != MEM_FREE)
      (void) VirtualFree (info.AllocationBase, 0, MEM_RELEASE);
    addr = end;
  }
}

int mir_os_commit_data (void *start, size_t len) {
  const size_t unit = MIR_RESERVE_ALIGNMENT;
  char *addr = (char *) start;
  (void) VirtualFree (addr, len, MEM_RELEASE | PRESERVE_PLACEHOLDER); /* fails if it is of LEN */
  if (alloc2 (addr, len, MEM_RESERVE | MEM_COMMIT | REPLACE_PLACEHOLDER, PAGE_READWRITE) != NULL)
    return 0;
  for (char *bound = addr + len, *next; addr < bound; addr = next) {
    next = (char *) (((uintptr_t) addr + unit) & ~(uintptr_t) (unit - 1));
    if (next > bound) next = bound;
    if (VirtualAlloc (addr, (size_t) (next - addr), MEM_COMMIT, PAGE_READWRITE) == NULL) return -1;
  }
  return 0;
}

/*---------------- Views -----------------------------*/

/* What MapViewOfFileEx calls the same thing.  */
static DWORD access_of (unsigned long protection) {
  return protection == PAGE_EXECUTE_READ ? FILE_MAP_READ | FILE_MAP_EXECUTE
                                         : FILE_MAP_READ | FILE_MAP_WRITE;
}

static void *replace_placeholder (void *handle, size_t len, void *at, unsigned long protection) {
  map_view3_t func = (map_view3_t) (void (*) (void)) find ("MapViewOfFile3");
  if (func == NULL) return NULL;
  (void) VirtualFree (at, len, MEM_RELEASE | PRESERVE_PLACEHOLDER); /* fails if it is of LEN */
  return func (handle, GetCurrentProcess (), at, 0, len, REPLACE_PLACEHOLDER, protection, NULL, 0);
}

void *mir_os_map_view (void *handle, size_t len, void *at, unsigned long protection) {
  if (at == NULL) return MapViewOfFileEx (handle, access_of (protection), 0, 0, len, NULL);
  void *start = replace_placeholder (handle, len, at, protection);
  if (start != NULL) return start;
  release_units ((char *) at, len);
  start = MapViewOfFileEx (handle, access_of (protection), 0, 0, len, at);
  if (start != NULL) return start;
  int error = mir_os_error ();
  (void) reserve_units ((char *) at, len);
  mir_os_set_error (error);
  return NULL;
}

int mir_os_unmap_view (void *start, size_t len, int reserved) {
  if (!reserved) return UnmapViewOfFile (start) ? 0 : -1;
  unmap_view2_t func = (unmap_view2_t) (void (*) (void)) find ("UnmapViewOfFile2");
  if (func != NULL && func (GetCurrentProcess (), start, PRESERVE_PLACEHOLDER)) return 0;
  if (!UnmapViewOfFile (start)) return -1;
  (void) reserve_units ((char *) start, len);
  return 0;
}
