/* The structures behind mir-code.h, and the words of this folder.

   space         a code cache with its rules; has pools
   pool          slabs, and what is free in them, under a lock of its own; each writer publishes in
                 one, and in others before it maps anything
   slab          one mapped range of pages, divided into granules: granules.h
   code block    one publication: whole granules, which never move
   free run      free granules between two code blocks
   bump region   a long free run from whose start a pool publishes when no shorter one fits
   placement     where a publication goes: the start of a free run that is long enough
   metadata tables   a pool's bins, retired blocks and tags, in memory of the general allocator
   pinned        of a code block: it may not be freed, since it is not published yet, or freed but
                 not reclaimed yet
   range         a reserved range of addresses, in which slabs and cells are placed
   part          a space inside a space: its objects' code, read-only data or writable data; it takes
                 its addresses from the range of the other one, its owner
   cell          a word of private data: the address to which a thunk jumps
   thunk         a trampoline: code which jumps through its cell
   transit       of a slab: it is being mapped or unmapped and in no pool, but counts as mapped
   orphan        a slab which was in transit when another thread forked: this process is the child,
                 and the thread that mapped or unmapped the slab is not in it
   described     of a code block: its embedder has given frames for it: frame-regions.h
   dual mapping  memory mapped twice, executable (RX) and writable (RW, the alias): backend.h

   Locks: a pool's lock is taken before the space's, that of a part before its owner's, and no two
   pools' locks together, except by a fork.  Neither is held while the general allocator, a hook or an error function is called, nor
   while code pages are mapped or unmapped.  The user's mem_protect is called with the pool's lock
   held; a space over a MIR_code_alloc has one pool for all writers, so those calls come one at a
   time.  The unwinder is told about frames with the pool's lock held, so that a fork finds it whole as
   far as this library goes: it takes locks of its own and calls malloc for itself (unwinder.h).

   In this folder a function that fails leaves everything as it was before the call.  */
#ifndef MIR_CODE_TYPES_H
#define MIR_CODE_TYPES_H

#include <stdatomic.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code-object.h"
#include "code/backed.h"
#include "code/backend.h"
#include "code/bins.h"
#include "code/cells.h"
#include "code/directory.h"
#include "code/frame-regions.h"
#include "code/granules.h"
#include "code/objects.h"
#include "code/range.h"
#include "code/retired.h"
#include "code/tags.h"
#include "os/os.h"

enum mir_transit_state {
  MIR_PARTLY_MAPPED, /* the back end is mapping or unmapping its pages */
  MIR_MAPPED,
  MIR_MAPPED_NO_MORE /* mapped, but the hook `unmapped` has been called or is being called */
};

/* What a slab in transit holds of its space.  Guarded by the lock of the space, so that a forked
   child finds it whole, as it finds nothing else that another thread was changing.  */
struct mir_transit {
  struct mir_slab *next, *previous; /* in the space */
  uintptr_t thread; /* mir_os_thread of the one that maps or unmaps it; 0: it is an orphan */
  size_t counted;   /* bytes, in the space's mapped_bytes */
  uint8_t *at;      /* its place in the range, `len` bytes; NULL: none */
  size_t len;
  enum mir_transit_state state;
};

/* A block for which the hook `freed` is being called, on the stack of the thread that calls it.  */
struct mir_notice {
  struct mir_notice *next; /* in the pool */
  const uint8_t *addr;
  uintptr_t thread; /* mir_os_thread */
};

/* What freeing and publishing read is in the first 64 bytes.  */
struct mir_slab {
  struct mir_granules granules; /* their bitmaps are behind this structure */
  struct mir_pool *pool;
  /* Sealed before a fork: cannot be written, so nothing is published here again.  */
  uint8_t frozen;
  uint8_t all_backed; /* every page has memory */
  uint8_t has_frames; /* `frames` is not NULL */
  uint8_t shift;      /* of the space: the bits of an offset in a granule */
  uint8_t in_place;   /* writable memory, to be replaced by executable memory: in-place.h */
  struct mir_pages pages;
  const struct mir_backend *backend; /* of the space, or that one's `large` */
  struct mir_slab *next, *previous;  /* in the pool, by ascending address */
  struct mir_slab *later, *earlier;  /* while it is empty: in the pool's list of empty slabs */
  struct mir_transit transit;        /* while it is in no pool */
  uint64_t *backed;                  /* which pages have memory: behind those bitmaps */
  struct mir_frame_regions *frames;  /* of its described blocks; NULL: there were none yet */
  uint64_t empty_since;              /* mir_os_now, while it is empty */
  void *memory; /* of the general allocator, MEMORY_LEN bytes, for this structure and the bitmaps */
  size_t memory_len;
};

struct mir_pool {
  mir_os_lock_t lock; /* guards everything below, and the contents of the slabs */
  uint32_t blocks;    /* code blocks */
  struct MIR_code_space *space;
  struct mir_bump bump;
  size_t slab_size; /* bytes of the next slab; grows up to a limit */
  struct mir_bins bins;
  /* Since the last purge of the bins: blocks freed, and runs that have grown unseen by the bins.  */
  uint32_t freed, hidden;
  int measuring; /* no run grows unseen: a purge was dearer lately */
  int left_open; /* a slab may have pages that a refused close has left writable */
  int crowded;   /* the bins need more memory; some runs may not be found */
  /* Granules of code blocks, and of all slabs.  Any thread may read them, without the lock.  */
  atomic_uint_fast64_t taken, total;
  /* The largest `taken` since `most_since`, of mir_os_now, and in the period of purge_ms before.  */
  uint64_t most_taken, most_before, most_since;
  struct mir_retired retired;
  struct mir_notice *notices; /* of blocks being reclaimed, which are not retired meanwhile */
  uint32_t freed_granules;    /* in the retired blocks, together */
  struct mir_tags tags;       /* the tags of code blocks */
  struct mir_tags thunks;     /* the cell of each thunk */
  uint64_t published, published_bytes, patched, system_calls; /* ever, for MIR_code_get_stats */
  /* Of blocks that have been reclaimed: freed as soon as the lock is not held.  */
  struct mir_described *described;
  struct mir_slab *slabs;                       /* by ascending address */
  struct mir_slab *empty_oldest, *empty_newest; /* those without a code block */
  uint32_t slabs_num, empty_num;
  _Atomic (struct mir_pool *) next; /* in the space: pools are only ever added */
  uint32_t writers;                 /* that publish here; guarded by the lock of the space */
};

enum { MIR_PARTS = 3 }; /* one for each MIR_code_access_t */

struct MIR_code_space {
  struct MIR_code_space *owner; /* of a part; else the space itself */
  MIR_alloc_t alloc;
  MIR_code_alloc_t code_alloc; /* for the flip back end */
  const struct mir_backend *backend;
  MIR_code_options_t options;
  const MIR_code_hooks_t *hooks; /* NULL: none; else &own_hooks, a copy of the caller's */
  MIR_code_hooks_t own_hooks;
  size_t page_size;           /* bytes */
  size_t unit;                /* bytes that the back end opens: its own unit, or a page */
  struct mir_pool first;      /* used by MIR's functions; if `shared`, by all writers */
  int shared;                 /* `first` serves all writers: see above, the user's mem_protect */
  MIR_code_access_t access;   /* of its memory */
  uint8_t shift;              /* MIR_CODE_SHIFT or MIR_DATA_SHIFT */
  int huge;                   /* slabs grow to MIR_HUGE_PAGE bytes, and then get a huge page */
  atomic_uint_fast64_t grace; /* grace periods begun */
  struct mir_directory directory;
  mir_os_lock_t lock; /* guards everything below, and changes of the directory */
  size_t mapped_bytes, peak_mapped_bytes; /* of all slabs, those in transit included */
  struct mir_slab *transit;               /* the slabs in transit, newest first */
  struct mir_range range;
  struct mir_cells cells;
  MIR_code_writer_t writers;
  _Atomic (struct MIR_code_space *) parts[MIR_PARTS]; /* NULL until they are needed */
  struct mir_objects objects;
  struct MIR_code_space *previous, *next; /* guarded by the lock of fork.c */
};

/* Note that the pages of [START, BOUND), offsets in SLAB, have memory, or have none.  The lock of its
   pool is held.  */
static inline void mir_slab_set_backed (struct mir_slab *slab, size_t start, size_t bound,
                                        int is_backed) {
  mir_backed_set (slab->backed, start, bound, is_backed);
  size_t len = slab->pages.len;
  slab->all_backed = is_backed && mir_backed_next (slab->backed, 0, len, 0) == len;
}

/* The space whose `mapped_bytes`, and thus max_bytes, the memory of SPACE counts in: code counts in the
   owner's.  That is guarded by the lock of the owner.  */
static inline struct MIR_code_space *mir_space_account (struct MIR_code_space *space) {
  return space->access == MIR_CODE_READ_EXEC ? space->owner : space;
}

/* `taken` or `total` of a pool.  Any thread may load them; only one with the lock stores them.  */
static inline uint64_t mir_count (const atomic_uint_fast64_t *count) {
  return atomic_load_explicit (count, memory_order_relaxed);
}

static inline void mir_count_add (atomic_uint_fast64_t *count, uint64_t n) {
  atomic_store_explicit (count, mir_count (count) + n, memory_order_relaxed);
}

static inline void mir_count_subtract (atomic_uint_fast64_t *count, uint64_t n) {
  atomic_store_explicit (count, mir_count (count) - n, memory_order_relaxed);
}

/* Any thread; lock-free.  */
static inline struct mir_pool *mir_pool_next (struct mir_pool *pool) {
  return atomic_load_explicit (&pool->next, memory_order_acquire);
}

#endif /* MIR_CODE_TYPES_H */
