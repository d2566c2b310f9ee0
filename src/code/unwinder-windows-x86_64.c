/* The unwinder of Windows: one callback for each reserved range, which looks the function up in the
   tables of its regions.

   Windows keeps the function tables of generated code in a list, in which it searches when one is
   deleted and for each frame that it unwinds (Wine 8, dlls/ntdll/unwind.c, likewise).  Addresses in a
   RUNTIME_FUNCTION count from the start of the addresses for which a callback is installed, so one
   callback is for a whole range.

   A thread may be about to call the callback when that is deleted, so what the callback is given is
   never freed: it is used for another range.  */
#include "code/unwinder.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

enum {
  REGION = 64 * 1024
}; /* bytes; a range and its regions begin at multiples of it from its start */

/* What the callback is given.  */
struct unwound_range {
  struct unwound_range *next;
  uintptr_t base, bound;
  struct mir_frame_table **tables; /* one for each region, NULL: not open; NULL: no range */
  size_t open;                     /* tables */
};

/* What a table has in `own`.  */
struct windows_table {
  struct unwound_range *range;
  const struct mir_frame_vector *vector;
};

static struct windows_table *windows_table_of (struct mir_frame_table *table) {
  return (struct windows_table *) (void *) table->own;
}

/* The first guards the list, the ranges in it and their callbacks.  The second guards what the callback
   reads; Windows may call it with a lock of its own held, so nothing of Windows is called with
   it.  */
static SRWLOCK ranges_lock = SRWLOCK_INIT, tables_lock = SRWLOCK_INIT;
static struct unwound_range *ranges;

enum mir_unwinder_way mir_unwinder_way (void) {
  return MIR_BY_TABLE;
}

void mir_unwinder_use (enum mir_unwinder_way way) {
  (void) way;
}

/*---------------- Sections -----------------------------*/

long mir_unwinder_parse (const struct mir_frame_section *section, struct mir_frame *frames,
                         size_t max) {
  const RUNTIME_FUNCTION *functions = (const RUNTIME_FUNCTION *) section->bytes;
  size_t num = section->len / sizeof (*functions);
  uintptr_t base = section->base, last = 0;
  if (base == 0 || section->len % sizeof (*functions) != 0 || num > LONG_MAX
      || (uintptr_t) functions % sizeof (DWORD) != 0)
    return -1;
  for (size_t i = 0; i < num; i++) {
    RUNTIME_FUNCTION function = functions[i];
    struct mir_frame frame = {.start = base + function.BeginAddress,
                              .bound = base + function.EndAddress,
                              .description = &functions[i]};
    if (frame.start < section->start || frame.bound > section->bound || frame.start >= frame.bound
        || frame.start < last || function.UnwindData % sizeof (DWORD) != 0
        || function.UnwindData >= section->range_len)
      return -1;
    last = frame.bound;
    if (i < max) frames[i] = frame;
  }
  return (long) num;
}

/*---------------- The callback -----------------------------*/

/* The RUNTIME_FUNCTION of VECTOR for PC, a distance from its range's start; NULL: none.  */
static RUNTIME_FUNCTION *find_function (const struct mir_frame_vector *vector, DWORD pc) {
  size_t low = 0, high = vector->num;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    RUNTIME_FUNCTION *function = (RUNTIME_FUNCTION *) (uintptr_t) vector->descriptions[middle];
    if (pc < function->BeginAddress)
      high = middle;
    else if (pc >= function->EndAddress)
      low = middle + 1;
    else
      return function;
  }
  return NULL;
}

static RUNTIME_FUNCTION *CALLBACK look_up (DWORD64 pc, void *context) {
  const struct unwound_range *range = (const struct unwound_range *) context;
  RUNTIME_FUNCTION *found = NULL;
  AcquireSRWLockShared (&tables_lock);
  if (range->tables != NULL && range->base <= pc && pc < range->bound) {
    struct mir_frame_table *table = range->tables[(pc - range->base) / REGION];
    const struct mir_frame_vector *vector = table != NULL ? windows_table_of (table)->vector : NULL;
    if (vector != NULL) found = find_function (vector, (DWORD) (pc - range->base));
  }
  ReleaseSRWLockShared (&tables_lock);
  return found;
}

/*---------------- Ranges -----------------------------*/

static DWORD64 identifier_of (const struct unwound_range *range) {
  return range->base | 3; /* which says that it is no table */
}

/* A range that is not in use, which is in the list from now on; NULL: no memory.  */
static struct unwound_range *unused_range (void) {
  struct unwound_range *range = ranges;
  while (range != NULL && range->tables != NULL) range = range->next;
  if (range != NULL) return range;
  range = (struct unwound_range *) HeapAlloc (GetProcessHeap (), HEAP_ZERO_MEMORY, sizeof (*range));
  if (range == NULL) return NULL;
  range->next = ranges;
  ranges = range;
  return range;
}

/* Set the addresses and the tables of RANGE.  */
static void set_range_addresses (struct unwound_range *range, uintptr_t base, size_t len,
                                 struct mir_frame_table **tables) {
  AcquireSRWLockExclusive (&tables_lock);
  range->base = base;
  range->bound = base + len;
  range->tables = tables;
  ReleaseSRWLockExclusive (&tables_lock);
}

/* The range [BASE, BASE + LEN), with its callback; NULL if there is no memory for it.  */
static struct unwound_range *get_range (uintptr_t base, size_t len) {
  struct unwound_range *range = ranges;
  while (range != NULL && (range->tables == NULL || range->base != base)) range = range->next;
  if (range != NULL) return range;
  size_t size = (len + REGION - 1) / REGION * sizeof (range->tables[0]);
  struct mir_frame_table **tables =
      (struct mir_frame_table **) HeapAlloc (GetProcessHeap (), HEAP_ZERO_MEMORY, size);
  if (tables == NULL) return NULL;
  range = unused_range ();
  if (range != NULL) {
    set_range_addresses (range, base, len, tables);
    if (RtlInstallFunctionTableCallback (identifier_of (range), base, (DWORD) len, look_up, range,
                                         NULL))
      return range;
    set_range_addresses (range, 0, 0, NULL);
  }
  (void) HeapFree (GetProcessHeap (), 0, tables);
  return NULL;
}

/* Delete the callback of RANGE, which has no tables.  */
static void drop_range (struct unwound_range *range) {
  struct mir_frame_table **tables = range->tables;
  (void) RtlDeleteFunctionTable ((RUNTIME_FUNCTION *) (uintptr_t) identifier_of (range));
  set_range_addresses (range, 0, 0, NULL);
  (void) HeapFree (GetProcessHeap (), 0, tables);
}

/*---------------- Tables -----------------------------*/

/* The place of TABLE in RANGE becomes or loses it, with VECTOR.  */
static void set_table (struct unwound_range *range, struct mir_frame_table *table, int is_open) {
  struct windows_table *own = windows_table_of (table);
  AcquireSRWLockExclusive (&tables_lock);
  own->range = range;
  own->vector = NULL;
  range->tables[(table->start - range->base) / REGION] = is_open ? table : NULL;
  ReleaseSRWLockExclusive (&tables_lock);
}

int mir_unwinder_open (struct mir_frame_table *table) {
  AcquireSRWLockExclusive (&ranges_lock);
  struct unwound_range *range = get_range (table->base, table->range_len);
  if (range != NULL) {
    range->open++;
    set_table (range, table, 1);
  }
  ReleaseSRWLockExclusive (&ranges_lock);
  return range != NULL ? 0 : -1;
}

void mir_unwinder_replace (struct mir_frame_table *table, struct mir_frame_vector *vector) {
  AcquireSRWLockExclusive (&tables_lock);
  windows_table_of (table)->vector = vector;
  ReleaseSRWLockExclusive (&tables_lock);
}

void mir_unwinder_close (struct mir_frame_table *table) {
  struct unwound_range *range = windows_table_of (table)->range;
  AcquireSRWLockExclusive (&ranges_lock);
  set_table (range, table, 0);
  if (--range->open == 0) drop_range (range);
  ReleaseSRWLockExclusive (&ranges_lock);
}

/* This unwinder takes tables.  */

void mir_unwinder_add (const void *bytes, uintptr_t own[MIR_SECTION_WORDS]) {
  (void) bytes;
  (void) own;
}

void mir_unwinder_remove (const void *bytes) {
  (void) bytes;
}
