/* Windows: reserves address space, and maps views and data into it.  */
#include "os/reserve.h"
#include "os/views-windows.h"

#include <stdatomic.h>
#include <stdint.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "os/os.h"

/* As in the headers of Windows 10; older headers of mingw-w64 lack these.  */
enum {
  RESERVE_PLACEHOLDER = 0x00040000,   /* MEM_RESERVE_PLACEHOLDER */
  REPLACE_PLACEHOLDER = 0x00004000,   /* MEM_REPLACE_PLACEHOLDER */
  COALESCE_PLACEHOLDERS = 0x00000001, /* MEM_COALESCE_PLACEHOLDERS */
  PRESERVE_PLACEHOLDER = 0x00000002,  /* MEM_PRESERVE_PLACEHOLDER */
  TRIES = 8                           /* attempts, in case another thread takes the addresses */
};

typedef void *(WINAPI *alloc2_t) (HANDLE process, void *start, SIZE_T len, ULONG type,
                                  ULONG protection, void *parameters, ULONG parameters_num);
typedef void *(WINAPI *map_view3_t) (HANDLE section, HANDLE process, void *start, ULONG64 offset,
                                     SIZE_T len, ULONG type, ULONG protection, void *parameters,
                                     ULONG parameters_num);
typedef BOOL (WINAPI *unmap_view2_t) (HANDLE process, void *start, ULONG flags);

/* A function that older versions of Windows lack; NULL: missing.  */
static FARPROC find_in_kernelbase (const char *name) {
  HMODULE module = GetModuleHandleA ("kernelbase.dll");
  return module == NULL ? NULL : GetProcAddress (module, name);
}

/* VirtualAlloc2 in this process; NULL on failure.  */
static void *alloc2 (void *start, size_t len, ULONG type, ULONG protection) {
  alloc2_t func = (alloc2_t) (void (*) (void)) find_in_kernelbase ("VirtualAlloc2");
  return func == NULL ? NULL : func (GetCurrentProcess (), start, len, type, protection, NULL, 0);
}

/* The access that MapViewOfFileEx needs for PROTECTION.  */
static DWORD access_of (unsigned long protection) {
  return protection == PAGE_EXECUTE_READ ? FILE_MAP_READ | FILE_MAP_EXECUTE
         : protection == PAGE_READONLY   ? FILE_MAP_READ
                                         : FILE_MAP_READ | FILE_MAP_WRITE;
}

/* Held while placeholders or units are split, joined, released or replaced.  */
static mir_os_lock_t places_lock = MIR_OS_LOCK_INITIALIZER;

/*---------------- Placeholders -----------------------------*/

/* Found out by trying: Wine 8 has the functions, but ignores their flags.  The answer is the same
   for all ranges of the process.  */
static int have_placeholders (void) {
  static atomic_int known; /* 0: not yet; 1: no; 2: yes */
  int answer = atomic_load_explicit (&known, memory_order_relaxed);
  if (answer == 0) {
    int error = mir_os_error ();
    void *start =
        alloc2 (NULL, MIR_RESERVE_ALIGNMENT, MEM_RESERVE | RESERVE_PLACEHOLDER, PAGE_NOACCESS);
    answer = start != NULL ? 2 : 1;
    if (start != NULL) (void) VirtualFree (start, 0, MEM_RELEASE);
    mir_os_set_error (error);
    atomic_store_explicit (&known, answer, memory_order_relaxed);
  }
  return answer == 2;
}

/* Split the placeholder that reaches across ADDR, if there is one.  */
static void split_at (char *addr) {
  MEMORY_BASIC_INFORMATION info;
  if (VirtualQuery (addr, &info, sizeof (info)) == 0 || info.State != MEM_RESERVE) return;
  char *start = (char *) info.AllocationBase;
  if (start < addr)
    (void) VirtualFree (start, (size_t) (addr - start), MEM_RELEASE | PRESERVE_PLACEHOLDER);
}

/* Make [START, START + LEN) one placeholder, since only a whole one can be replaced.  On failure
   the caller's next step fails too.  */
static void make_one_placeholder (char *start, size_t len) {
  MEMORY_BASIC_INFORMATION info;
  split_at (start);
  split_at (start + len);
  if (VirtualQuery (start, &info, sizeof (info)) != 0 && info.RegionSize < len)
    (void) VirtualFree (start, len, MEM_RELEASE | COALESCE_PLACEHOLDERS);
}

/* Map a view over LEN bytes of placeholders at AT.  NULL on failure, with them reserved.  */
static void *replace_placeholder (void *handle, size_t len, void *at, unsigned long protection) {
  map_view3_t func = (map_view3_t) (void (*) (void)) find_in_kernelbase ("MapViewOfFile3");
  if (func == NULL) return NULL;
  mir_os_lock (&places_lock);
  make_one_placeholder ((char *) at, len);
  void *start =
      func (handle, GetCurrentProcess (), at, 0, len, REPLACE_PLACEHOLDER, protection, NULL, 0);
  int error = mir_os_error ();
  mir_os_unlock (&places_lock);
  mir_os_set_error (error);
  return start;
}

/* Put data in place of LEN bytes of placeholders at START.  0, or -1.  */
static int commit_placeholder (char *start, size_t len) {
  mir_os_lock (&places_lock);
  make_one_placeholder (start, len);
  void *data = alloc2 (start, len, MEM_RESERVE | MEM_COMMIT | REPLACE_PLACEHOLDER, PAGE_READWRITE);
  mir_os_unlock (&places_lock);
  return data != NULL ? 0 : -1;
}

/* Unmap the view at START and leave a placeholder.  0, or -1.  */
static int leave_placeholder (void *start) {
  unmap_view2_t func = (unmap_view2_t) (void (*) (void)) find_in_kernelbase ("UnmapViewOfFile2");
  return func != NULL && func (GetCurrentProcess (), start, PRESERVE_PLACEHOLDER) ? 0 : -1;
}

/*---------------- Reservations of 64 KiB -----------------------------*/

/* While a view replaces units, or units replace a view, the addresses are free for a moment.  The
   lock keeps this library's other ranges from taking them, but any other thread may; what it puts
   there must not be released here.  */

/* Whether START is a unit: no other code reserves inaccessible memory in pieces of this size.  */
static int is_unit (char *start) {
  MEMORY_BASIC_INFORMATION info;
  return VirtualQuery (start, &info, sizeof (info)) != 0 && info.State != MEM_FREE
         && info.Type == MEM_PRIVATE && info.AllocationBase == (void *) start
         && info.AllocationProtect == PAGE_NOACCESS && info.RegionSize <= MIR_RESERVE_ALIGNMENT;
}

/* Release the units in [START, START + LEN), and nothing that another thread has put there.  The
   lock is held, or the range has no other user.  */
static void release_units (char *start, size_t len) {
  for (size_t i = 0; i < len; i += MIR_RESERVE_ALIGNMENT)
    if (is_unit (start + i)) (void) VirtualFree (start + i, 0, MEM_RELEASE);
}

/* Reserve the units of [START, START + LEN).  Returns 0, or -1 with none of them reserved.  The
   lock is held.  */
static int reserve_units (char *start, size_t len) {
  for (size_t i = 0; i < len; i += MIR_RESERVE_ALIGNMENT) {
    if (VirtualAlloc (start + i, MIR_RESERVE_ALIGNMENT, MEM_RESERVE, PAGE_NOACCESS) != NULL)
      continue;
    release_units (start, i);
    return -1;
  }
  return 0;
}

/* Make one reservation to find a place, then replace it with units.  */
static void *reserve_as_units (void *hint, size_t len) {
  void *start = NULL;
  mir_os_lock (&places_lock);
  for (int i = 0; i < TRIES; i++) {
    start = VirtualAlloc (hint, len, MEM_RESERVE, PAGE_NOACCESS);
    if (start == NULL) break;
    (void) VirtualFree (start, 0, MEM_RELEASE);
    if (reserve_units ((char *) start, len) == 0) break;
    start = NULL;
  }
  mir_os_unlock (&places_lock);
  return start;
}

/* Map a view in place of LEN bytes of units at AT.  NULL on failure: reserved again, or lost.  */
static void *replace_units (void *handle, size_t len, char *at, unsigned long protection) {
  mir_os_lock (&places_lock);
  release_units (at, len);
  void *start = MapViewOfFileEx (handle, access_of (protection), 0, 0, len, at);
  int error = mir_os_error ();
  if (start == NULL) (void) reserve_units (at, len);
  mir_os_set_error (error);
  mir_os_unlock (&places_lock);
  return start;
}

/* Unmap the view at START and reserve its addresses again, or lose them.  0, or -1.  */
static int leave_units (char *start, size_t len) {
  mir_os_lock (&places_lock);
  int res = UnmapViewOfFile (start) ? 0 : -1;
  if (res == 0) (void) reserve_units (start, len);
  mir_os_unlock (&places_lock);
  return res;
}

/*---------------- Ranges -----------------------------*/

size_t mir_os_reserve_unit (void) {
  return MIR_RESERVE_ALIGNMENT;
}

int mir_os_is_taken (void *start) {
  MEMORY_BASIC_INFORMATION info;
  return VirtualQuery (start, &info, sizeof (info)) == 0 || info.State != MEM_FREE;
}

void *mir_os_reserve_at (void *hint, size_t len) {
  const size_t unit = MIR_RESERVE_ALIGNMENT;
  if (len > SIZE_MAX - unit) return NULL;
  len = (len + unit - 1) & ~(unit - 1);
  return have_placeholders () ? alloc2 (hint, len, MEM_RESERVE | RESERVE_PLACEHOLDER, PAGE_NOACCESS)
                              : reserve_as_units (hint, len);
}

/* Release placeholders, views and data, one allocation after another.  */
static void release_all (char *start, char *bound) {
  MEMORY_BASIC_INFORMATION info;
  for (char *addr = start, *end; addr < bound && VirtualQuery (addr, &info, sizeof (info)) != 0;
       addr = end) {
    end = (char *) info.BaseAddress + info.RegionSize;
    if (info.State != MEM_FREE && info.Type == MEM_MAPPED)
      (void) UnmapViewOfFile (info.AllocationBase);
    else if (info.State != MEM_FREE)
      (void) VirtualFree (info.AllocationBase, 0, MEM_RELEASE);
  }
}

void mir_os_unreserve (void *start, size_t len) {
  if (have_placeholders ())
    release_all ((char *) start, (char *) start + len);
  else
    release_units ((char *) start, len);
}

/* Only units can be lost to another thread; placeholders cannot.  */
int mir_os_is_reserved (void *start, size_t len) {
  if (have_placeholders ()) return 1;
  for (size_t i = 0; i < len; i += MIR_RESERVE_ALIGNMENT)
    if (!is_unit ((char *) start + i)) return 0;
  return 1;
}

int mir_os_commit_data (void *start, size_t len) {
  const size_t unit = MIR_RESERVE_ALIGNMENT;
  char *addr = (char *) start;
  if (have_placeholders ()) return commit_placeholder (addr, len);
  for (char *bound = addr + len, *next; addr < bound; addr = next) {
    next = (char *) (((uintptr_t) addr + unit) & ~(uintptr_t) (unit - 1));
    if (next > bound) next = bound;
    if (VirtualAlloc (addr, (size_t) (next - addr), MEM_COMMIT, PAGE_READWRITE) == NULL) return -1;
  }
  return 0;
}

/*---------------- Views -----------------------------*/

void *mir_os_map_view (void *handle, size_t len, void *at, unsigned long protection) {
  if (at == NULL) return MapViewOfFileEx (handle, access_of (protection), 0, 0, len, NULL);
  return have_placeholders () ? replace_placeholder (handle, len, at, protection)
                              : replace_units (handle, len, (char *) at, protection);
}

int mir_os_unmap_view (void *start, size_t len, int reserved) {
  if (!reserved) return UnmapViewOfFile (start) ? 0 : -1;
  return have_placeholders () ? leave_placeholder (start) : leave_units ((char *) start, len);
}
