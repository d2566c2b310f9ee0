/* The pools of a space, and the slab which holds an address.  Any thread, with no lock held, unless a
   comment says otherwise: these functions take the locks they need.  */
#ifndef MIR_CODE_SPACE_H
#define MIR_CODE_SPACE_H

#include "mir-code.h"
#include "code/backend.h"
#include "code/types.h"

/* Initialise *SPACE, in memory of the caller's, with OPTIONS, whose members are all set, those of the
   hooks included.  The allocators are kept by pointer; the hooks are copied.  A fork does not know the
   space before mir_watch_forks.  Call that after the last allocation which may leave by longjmp:
   nothing would unwatch the space then.  */
MIR_code_status_t mir_space_init (struct MIR_code_space *space, const MIR_code_options_t *options,
                                  const struct mir_backend *backend);

/* As mir_space_init, for the part of OWNER that holds memory of ACCESS.  */
MIR_code_status_t mir_space_init_part (struct MIR_code_space *part, struct MIR_code_space *owner,
                                       MIR_code_access_t access, const MIR_code_options_t *options,
                                       const struct mir_backend *backend);
/* Undo mir_space_init or mir_space_init_part of SPACE, which was never used.  */
void mir_space_destroy (struct MIR_code_space *space);

/* Ensure a pool exists that mir_space_get_pool may return; another thread may still take it
   first.  */
MIR_code_status_t mir_space_ensure_pool (struct MIR_code_space *space);
/* The pool for one more writer: an idle one, the first one if it is shared, or that with the fewest
   writers where there are many pools.  NULL: every pool has a writer, and there may be another.
   The lock of the space is held for this function and the next one, and while the writer comes into
   the list of its space or leaves it: then a forked child finds as many writers as pools count.  */
struct mir_pool *mir_space_get_pool (struct MIR_code_space *space);
/* A writer of POOL ends.  */
void mir_space_leave_pool (struct mir_pool *pool);

/* As mir_space_lock_slab, without the guess.  */
struct mir_slab *mir_space_lock_found (struct MIR_code_space *space, const void *addr);

/* The slab which holds ADDR, with its pool locked.  NULL: there is none, and nothing is locked.  A
   pool lives as long as the space, and a slab leaves it only while its lock is held.  */
static inline struct mir_slab *mir_space_lock_slab (struct MIR_code_space *space,
                                                    const void *addr) {
  struct mir_directory *directory = &space->directory;
  unsigned changes = atomic_load_explicit (&directory->changes, memory_order_acquire);
  struct mir_directory_entry *entry = mir_directory_guess (directory, (uintptr_t) addr);
  if (entry != NULL) {
    struct mir_slab *slab = atomic_load_explicit (&entry->slab, memory_order_acquire);
    struct mir_pool *pool = atomic_load_explicit (&entry->pool, memory_order_acquire);
    mir_os_lock (&pool->lock);
    if (changes % 2 == 0
        && changes == atomic_load_explicit (&directory->changes, memory_order_acquire))
      return slab;
    mir_os_unlock (&pool->lock);
  }
  return mir_space_lock_found (space, addr);
}

#endif /* MIR_CODE_SPACE_H */
