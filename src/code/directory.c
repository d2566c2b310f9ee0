/* The sorted array of slabs behind a directory, its readers and its changes.  */
#include "code/directory.h"

#include "code/types.h"

static uintptr_t load_field (const atomic_uintptr_t *field) {
  return atomic_load_explicit (field, memory_order_acquire);
}

/* The number of entries, among the first NUM, which start at ADDR or below.  */
static size_t count_below (struct mir_directory_array *array, size_t num, uintptr_t addr) {
  size_t low = 0;
  if (num == 0) return 0;
  for (; num > 1; num -= num / 2) /* branch-free: the comparison is unpredictable */
    low += num / 2 * (load_field (&array->entries[low + num / 2 - 1].start) <= addr);
  return low + (load_field (&array->entries[low].start) <= addr);
}

/* Fields are loaded with acquire and stored with release order: a reader which sees a value stored
   after the count became odd sees that count, too.  */

/* Whether ADDR is in the slab of ENTRY.  A reader checks afterwards that nothing has changed.  */
static int holds (struct mir_directory_entry *entry, uintptr_t addr) {
  return load_field (&entry->start) <= addr && addr < load_field (&entry->bound);
}

/* The entry, among the first NUM, which holds ADDR, or NULL.  */
static struct mir_directory_entry *find_entry (struct mir_directory *directory,
                                               struct mir_directory_array *array, size_t num,
                                               uintptr_t addr) {
  size_t i = count_below (array, num, addr);
  if (i == 0 || !holds (&array->entries[i - 1], addr)) return NULL;
  atomic_store_explicit (&directory->hints[addr / MIR_HINT_UNIT % MIR_HINTS], (uint16_t) (i - 1),
                         memory_order_relaxed);
  return &array->entries[i - 1];
}

int mir_directory_find (struct mir_directory *directory, uintptr_t addr,
                        struct mir_directory_find *found) {
  for (;;) {
    unsigned changes = atomic_load_explicit (&directory->changes, memory_order_acquire);
    struct mir_directory_array *array =
        atomic_load_explicit (&directory->array, memory_order_acquire);
    size_t num = atomic_load_explicit (&directory->num, memory_order_acquire);
    struct mir_directory_entry *entry = mir_directory_guess (directory, addr);
    if (entry == NULL && array != NULL && num <= array->capacity)
      entry = find_entry (directory, array, num, addr);
    if (entry != NULL) {
      found->slab = atomic_load_explicit (&entry->slab, memory_order_acquire);
      found->pool = atomic_load_explicit (&entry->pool, memory_order_acquire);
    }
    found->changes = changes;
    if (changes % 2 == 0 && mir_directory_unchanged (directory, found))
      return entry != NULL ? 0 : -1;
  }
}

/*---------------- Changing -----------------------------*/

/* Make the count odd: readers wait from here to end_change.  The lock of the space is held.  */
static void begin_change (struct mir_directory *directory) {
  atomic_fetch_add_explicit (&directory->changes, 1, memory_order_acq_rel);
}

static void end_change (struct mir_directory *directory) {
  atomic_fetch_add_explicit (&directory->changes, 1, memory_order_acq_rel);
}

/* Store the members of FROM in TO, one after another; readers notice the change.  */
static void copy_entry (struct mir_directory_entry *to, struct mir_directory_entry *from) {
  atomic_store_explicit (&to->start, load_field (&from->start), memory_order_release);
  atomic_store_explicit (&to->bound, load_field (&from->bound), memory_order_release);
  atomic_store_explicit (&to->slab, atomic_load (&from->slab), memory_order_release);
  atomic_store_explicit (&to->pool, atomic_load (&from->pool), memory_order_release);
}

int mir_directory_has_room (struct mir_directory *directory) {
  struct mir_directory_array *array = atomic_load (&directory->array);
  return array != NULL && atomic_load (&directory->num) + directory->promised < array->capacity;
}

size_t mir_directory_next_capacity (struct mir_directory *directory) {
  struct mir_directory_array *array = atomic_load (&directory->array);
  return array == NULL ? 8 : 2 * array->capacity;
}

size_t mir_directory_array_size (size_t capacity) {
  return sizeof (struct mir_directory_array) + capacity * sizeof (struct mir_directory_entry);
}

void *mir_directory_move (struct mir_directory *directory, void *memory, size_t capacity) {
  struct mir_directory_array *old = atomic_load (&directory->array);
  struct mir_directory_array *array = (struct mir_directory_array *) memory;
  if (old != NULL && old->capacity >= capacity) return memory;
  array->outgrown = old;
  array->capacity = capacity;
  for (size_t i = 0; i < atomic_load (&directory->num); i++)
    copy_entry (&array->entries[i], &old->entries[i]);
  begin_change (directory);
  atomic_store_explicit (&directory->array, array, memory_order_release);
  end_change (directory);
  return NULL;
}

/* Of the slabs that begin before the end of the range, the last one ends last.  */
int mir_directory_overlaps (struct mir_directory *directory, uintptr_t start, size_t len) {
  struct mir_directory_array *array = atomic_load (&directory->array);
  uintptr_t last = len - 1 < UINTPTR_MAX - start ? start + (len - 1) : UINTPTR_MAX;
  size_t i = count_below (array, atomic_load (&directory->num), last);
  return i != 0 && load_field (&array->entries[i - 1].bound) > start;
}

void mir_directory_add (struct mir_directory *directory, struct mir_slab *slab) {
  struct mir_directory_array *array = atomic_load (&directory->array);
  size_t num = atomic_load (&directory->num);
  size_t place = count_below (array, num, (uintptr_t) slab->pages.rx);
  struct mir_directory_entry *entry = &array->entries[place];
  begin_change (directory);
  for (size_t i = num; i > place; i--) copy_entry (&array->entries[i], &array->entries[i - 1]);
  atomic_store_explicit (&entry->start, (uintptr_t) slab->pages.rx, memory_order_release);
  atomic_store_explicit (&entry->bound, (uintptr_t) slab->pages.rx + slab->pages.len,
                         memory_order_release);
  atomic_store_explicit (&entry->slab, slab, memory_order_release);
  atomic_store_explicit (&entry->pool, slab->pool, memory_order_release);
  atomic_store_explicit (&directory->num, num + 1, memory_order_release);
  end_change (directory);
}

void mir_directory_remove (struct mir_directory *directory, const struct mir_slab *slab) {
  struct mir_directory_array *array = atomic_load (&directory->array);
  size_t num = atomic_load (&directory->num);
  size_t place = count_below (array, num, (uintptr_t) slab->pages.rx) - 1;
  begin_change (directory);
  for (size_t i = place; i + 1 < num; i++) copy_entry (&array->entries[i], &array->entries[i + 1]);
  atomic_store_explicit (&directory->num, num - 1, memory_order_release);
  end_change (directory);
}

size_t mir_directory_bytes (struct mir_directory *directory) {
  size_t bytes = 0;
  for (struct mir_directory_array *a = atomic_load (&directory->array); a != NULL; a = a->outgrown)
    bytes += mir_directory_array_size (a->capacity);
  return bytes;
}
