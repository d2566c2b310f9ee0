/* The directory of a space: its slabs, sorted by address, so that any address leads to its slab.

   A seqlock: the lock of the space guards changes, and readers take no lock.  A count, odd during a
   change, tells a reader that what it has read may be inconsistent; it then reads again (H.-J.
   Boehm, Can Seqlocks Get Along With Programming Language Memory Models?, MSPC 2012).  An outgrown
   array is kept until the space ends, since a thread may still be reading it.  */
#ifndef MIR_CODE_DIRECTORY_H
#define MIR_CODE_DIRECTORY_H

#include <stdatomic.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

struct mir_slab;
struct mir_pool;

/* One slab: its addresses [start, bound), and its pool.  */
struct mir_directory_entry {
  atomic_uintptr_t start, bound;
  _Atomic (struct mir_slab *) slab;
  _Atomic (struct mir_pool *) pool;
};

struct mir_directory_array {
  struct mir_directory_array *outgrown; /* an older one */
  size_t capacity;                      /* entries */
  struct mir_directory_entry entries[];
};

enum { MIR_HINTS = 1024, MIR_HINT_UNIT = 64 * 1024 /* bytes: the usual smallest slab */ };

struct mir_directory {
  _Atomic (uint16_t) hints[MIR_HINTS]; /* by address: the entry found last time */
  atomic_uint changes;                 /* begun and ended: odd during a change */
  atomic_size_t num;                   /* entries */
  size_t promised; /* entries that will surely fit: they are added without a check */
  _Atomic (struct mir_directory_array *) array;
};

/* What a reader has found, and the count of changes at that time.  POOL lives as long as the space.
   SLAB may be used only while POOL's lock is held and mir_directory_unchanged has confirmed the find
   under that lock.  */
struct mir_directory_find {
  struct mir_slab *slab;
  struct mir_pool *pool;
  unsigned changes;
};

/* Whether the directory is the same as when FOUND was set.  Any thread; lock-free.  */
static inline int mir_directory_unchanged (struct mir_directory *directory,
                                           const struct mir_directory_find *found) {
  return atomic_load_explicit (&directory->changes, memory_order_acquire) == found->changes;
}

/* The entry that was found last time near ADDR, if it holds ADDR; else NULL.  What it says counts
   only if no change was under way when CHANGES was loaded, before this call, and none has begun
   since.  `num` is loaded before the array, which has room for that many entries then.  */
static inline struct mir_directory_entry *mir_directory_guess (struct mir_directory *directory,
                                                               uintptr_t addr) {
  size_t num = atomic_load_explicit (&directory->num, memory_order_acquire);
  size_t i = atomic_load_explicit (&directory->hints[addr / MIR_HINT_UNIT % MIR_HINTS],
                                   memory_order_relaxed);
  if (i >= num) return NULL;
  struct mir_directory_entry *entry =
      &atomic_load_explicit (&directory->array, memory_order_acquire)->entries[i];
  return atomic_load_explicit (&entry->start, memory_order_acquire) <= addr
                 && addr < atomic_load_explicit (&entry->bound, memory_order_acquire)
             ? entry
             : NULL;
}

/* Set *FOUND to the slab of ADDR and its pool.  Returns 0, or -1 if ADDR is in no slab.  Any
   thread; lock-free.  */
int mir_directory_find (struct mir_directory *directory, uintptr_t addr,
                        struct mir_directory_find *found);

/* The lock of the space is held for all functions below.  */

/* Whether the array has room for one more entry besides those promised already.  */
int mir_directory_has_room (struct mir_directory *directory);
/* The entries that the next larger array should have; the bytes of an array of CAPACITY
   entries.  */
size_t mir_directory_next_capacity (struct mir_directory *directory);
size_t mir_directory_array_size (size_t capacity);
/* Move to MEMORY, which has room for an array of CAPACITY entries, and return NULL; or return
   MEMORY unused if the array is that large already.  */
void *mir_directory_move (struct mir_directory *directory, void *memory, size_t capacity);
/* The bytes of all arrays, outgrown ones included.  */
size_t mir_directory_bytes (struct mir_directory *directory);
/* Whether any of the LEN > 0 bytes at START is in a slab.  */
int mir_directory_overlaps (struct mir_directory *directory, uintptr_t start, size_t len);
/* Add SLAB, for which an entry was promised; remove SLAB, which is in the directory.  */
void mir_directory_add (struct mir_directory *directory, struct mir_slab *slab);
void mir_directory_remove (struct mir_directory *directory, const struct mir_slab *slab);

#endif /* MIR_CODE_DIRECTORY_H */
