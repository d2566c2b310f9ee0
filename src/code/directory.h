/* Which slab an address is in: all mappings of a space, sorted by address.

   Finding takes no lock, and reads again what changes meanwhile.  Changing needs the lock of the
   space: a reader tells by a count, odd while something changes, that what it has read may not fit
   together (H.-J. Boehm, Can Seqlocks Get Along With Programming Language Memory Models?, MSPC
   2012).  An outgrown array is kept until the end, since somebody may be reading it.  */
#ifndef MIR_CODE_DIRECTORY_H
#define MIR_CODE_DIRECTORY_H

#include <stdatomic.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

struct mir_slab;
struct mir_pool;

struct mir_directory_entry {
  atomic_uintptr_t start, bound;
  _Atomic (struct mir_slab *) slab;
  _Atomic (struct mir_pool *) pool;
};

struct mir_directory_array {
  struct mir_directory_array *outgrown; /* an older one */
  size_t capacity;
  struct mir_directory_entry entries[];
};

enum { MIR_HINTS = 512, MIR_HINT_UNIT = 64 * 1024 /* bytes; no slab is smaller, as a rule */ };

struct mir_directory {
  _Atomic (uint16_t) hints[MIR_HINTS]; /* where what is at an address was found last time */
  atomic_uint changes;
  atomic_size_t num;
  size_t promised; /* entries which may be added without a check for room */
  _Atomic (struct mir_directory_array *) array;
};

struct mir_directory_find {
  struct mir_slab *slab;
  struct mir_pool *pool;
  unsigned changes;
};

/* Set *FOUND to what ADDR is in.  0, or -1 if it is in nothing.  Any thread; lock-free.  */
int mir_directory_find (struct mir_directory *directory, uintptr_t addr,
                        struct mir_directory_find *found);
/* Whether nothing has changed since FOUND was.  */
int mir_directory_unchanged (struct mir_directory *directory,
                             const struct mir_directory_find *found);

/* The rest under the lock of the space.  */

/* Whether one more entry can be promised.  */
int mir_directory_has_room (struct mir_directory *directory);
/* How much larger an array should be, in entries, and in bytes.  */
size_t mir_directory_next_capacity (struct mir_directory *directory);
size_t mir_directory_array_size (size_t capacity);
/* Move to MEMORY, an array of CAPACITY entries, if that is more than there is; else return it.  */
void *mir_directory_move (struct mir_directory *directory, void *memory, size_t capacity);
/* All arrays together.  */
size_t mir_directory_bytes (struct mir_directory *directory);
void mir_directory_add (struct mir_directory *directory, struct mir_slab *slab);
void mir_directory_remove (struct mir_directory *directory, const struct mir_slab *slab);

#endif /* MIR_CODE_DIRECTORY_H */
