/* Executable memory inside the library: where code goes, and how bytes get there.

   space     what mir-code.h says; has arenas
   arena     what one writer publishes in: slabs, and what is free in them, under a lock of its own
   slab      one mapped range of pages, divided into granules: see granules.h
   piece     published code; starts at a granule and never moves
   run       free granules between pieces
   window    the run from which an arena takes first, without looking for one

   Locks: an arena's, then the space's.  Neither is held when the general allocator, a hook or an
   error function is called, nor while code pages are mapped and unmapped.  The user's mem_protect
   is called with the arena's lock held; spaces over a MIR_code_alloc have one arena for all.

   On failure everything is as it was before the call.  */
#ifndef MIR_CODE_SPACE_H
#define MIR_CODE_SPACE_H

#include <stdatomic.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"
#include "code/backend.h"
#include "code/bins.h"
#include "code/cells.h"
#include "code/directory.h"
#include "code/granules.h"
#include "code/range.h"
#include "code/retired.h"
#include "code/tags.h"
#include "os/os.h"

enum { MIR_PURGE_MS = 500 }; /* unless the options say something else */

struct mir_slab {
  struct mir_pages pages;
  const struct mir_backend *backend; /* the space's or its `large` */
  struct mir_granules granules;      /* its planes are behind this structure */
  struct mir_arena *arena;
  struct mir_slab *next, *previous; /* in the arena */
  size_t populated;                 /* bytes from the start for which memory was asked ahead */
  uint64_t empty_since;             /* mir_os_now, while it is empty */
  int frozen; /* sealed before a fork: cannot be written, so nothing is published here again */
};

/* A whole run; SLAB NULL: there is none.  */
struct mir_window {
  struct mir_slab *slab;
  uint32_t start, bound;
};

struct mir_arena {
  mir_os_lock_t lock; /* guards all below, and the contents of the slabs */
  struct MIR_code_space *space;
  _Atomic (struct mir_arena *) next; /* of the space: arenas are only added */
  int idle;                          /* no writer has it; under the lock of the space */
  struct mir_slab *slabs;            /* newest first */
  uint32_t slabs_num, empty_num, pieces;
  struct mir_window window;
  size_t slab_size; /* bytes of the next slab, grows up to a limit */
  struct mir_bins bins;
  uint32_t runs; /* as many there were at the last purge of the bins */
  int crowded;   /* that is too many for the bins, which may not know all of them */
  struct mir_retired retired;
  uint32_t freed_granules; /* of the pieces in it */
  struct mir_tags tags;    /* of pieces that have one */
  struct mir_tags thunks;  /* the cells of thunks */
  uint64_t published, published_bytes, patched, system_calls;
};

struct MIR_code_space {
  MIR_alloc_t alloc;
  MIR_code_alloc_t code_alloc; /* for the flip back end */
  const struct mir_backend *backend;
  MIR_code_options_t options;
  const MIR_code_hooks_t *hooks; /* NULL: none */
  size_t page_size;              /* bytes */
  size_t unit;                   /* bytes that the back end opens: its own or a page */
  struct mir_arena first;        /* of MIR's functions; of everybody if `shared` */
  int shared;
  atomic_uint_fast64_t grace; /* periods begun */
  struct mir_directory directory;
  mir_os_lock_t lock; /* guards all below, and changes of the directory */
  size_t mapped_bytes, peak_mapped_bytes;
  struct mir_region region;
  struct mir_cells cells;
  MIR_code_writer_t writers;
  struct MIR_code_space *previous, *next; /* in the list of fork.c */
};

/* Make *SPACE, whose memory is the caller's, with OPTIONS that have all members.  Forks are not
   watched for it before mir_watch_forks, which comes when no allocation is left that may leave by
   longjmp: nobody would unwatch then.  */
MIR_code_status_t mir_space_init (struct MIR_code_space *space, const MIR_code_options_t *options,
                                  const struct mir_backend *backend);
void mir_space_finish (struct MIR_code_space *space);

/* Let there be an idle arena, as things are now.  */
MIR_code_status_t mir_space_need_arena (struct MIR_code_space *space);
/* An idle arena, or the first one if it is shared; NULL: all have writers.  */
struct mir_arena *mir_space_get_arena (struct MIR_code_space *space);
void mir_space_leave_arena (struct mir_arena *arena);

/* The slab that ADDR is in, with its arena locked; or NULL, and nothing is locked.  */
struct mir_slab *mir_space_lock_slab (struct MIR_code_space *space, const void *addr);

/*---------------- Slabs -----------------------------*/

/* Map a slab for at least N granules, PREFERRED bytes if there is no limit against it; it is in no
   arena's list and no directory yet.  No lock is held.  */
MIR_code_status_t mir_slab_make (struct mir_arena *arena, uint32_t n, size_t preferred,
                                 struct mir_slab **slab);
/* Put SLAB into the lists.  The lock of its arena is held.  */
void mir_slab_link (struct mir_slab *slab);
/* Take SLAB, which is empty, out of the lists.  The lock of its arena is held.  */
void mir_slab_unlink (struct mir_slab *slab);
/* Unmap and free the unlinked SLAB.  No lock is held.  Bytes unmapped; 0: the system refuses.  */
size_t mir_slab_unmap (struct mir_slab *slab);
/* Ask for memory for what is written next, up to granule BOUND.  The lock of the arena is held.  */
void mir_slab_populate (struct mir_slab *slab, uint32_t bound);

/* Give the memory of its whole free pages back.  The lock of the arena is held.  Bytes.  */
size_t mir_slab_discard (struct mir_slab *slab);

static inline uint8_t *mir_slab_address (const struct mir_slab *slab, uint32_t granule) {
  return slab->pages.rx + (size_t) granule * MIR_GRANULE;
}

static inline uint32_t mir_slab_granule (const struct mir_slab *slab, const void *addr) {
  return (uint32_t) ((size_t) ((const uint8_t *) addr - slab->pages.rx) / MIR_GRANULE);
}

static inline int mir_slab_is_empty (const struct mir_slab *slab) {
  return slab->granules.top == 0;
}

/*---------------- Arenas -----------------------------*/

struct mir_spot {
  struct mir_slab *slab;
  uint32_t start; /* of a run with room for what was asked for */
  int fresh;      /* the slab was made for it */
};

MIR_code_status_t mir_arena_init (struct mir_arena *arena, struct MIR_code_space *space);
/* Unmap and free everything.  */
void mir_arena_finish (struct mir_arena *arena);

static inline struct mir_arena *mir_arena_next (struct mir_arena *arena) {
  return atomic_load_explicit (&arena->next, memory_order_acquire);
}

/* Granules for LEN bytes of code; 0: there cannot be so many.  A piece of a large power of two has
   one more, so that such pieces do not all compete for the same lines of the caches.  */
uint32_t mir_granules_for (size_t len);

/* See that one more piece, which has an entry in TAGS if that is not NULL, has room in the books.
   Takes the lock, which is held after a success.  */
MIR_code_status_t mir_arena_provide (struct mir_arena *arena, struct mir_tags *tags);
/* The same, and set *SPOT to a run of N granules or more, mapping a slab if there is none.  */
MIR_code_status_t mir_arena_room (struct mir_arena *arena, uint32_t n, struct mir_tags *tags,
                                  struct mir_spot *spot);
/* The first N granules of SPOT become a piece.  The lock is held, here and below.  */
void mir_arena_take (struct mir_arena *arena, const struct mir_spot *spot, uint32_t n);
/* SLAB, empty and just linked, is taken from first.  */
void mir_arena_offer (struct mir_arena *arena, struct mir_slab *slab);
/* The granules of the piece at FIRST in SLAB become free.  */
void mir_arena_release (struct mir_arena *arena, struct mir_slab *slab, uint32_t first);
/* The piece at FIRST keeps its first N granules; the rest becomes free.  */
void mir_arena_shrink (struct mir_arena *arena, struct mir_slab *slab, uint32_t first, uint32_t n);
/* Its first N granules, not all of them, become free.  */
void mir_arena_cut (struct mir_arena *arena, struct mir_slab *slab, uint32_t first, uint32_t n);
/* Unlink the slabs which were empty for OLDER_THAN milliseconds, but for the newest one unless ALL,
   and return them, linked by next.  */
struct mir_slab *mir_arena_unlink_empty (struct mir_arena *arena, uint64_t older_than, int all);
/* The same for SLAB alone, if it is empty.  */
struct mir_slab *mir_arena_unlink_slab (struct mir_arena *arena, struct mir_slab *slab);
/* Drop what these returned, without the lock.  Bytes unmapped.  */
size_t mir_slabs_drop (struct mir_slab *list);
/* Unmap what is empty in all arenas of SPACE.  Bytes unmapped.  */
size_t mir_arenas_drop_empty (struct MIR_code_space *space);

/*---------------- Writing -----------------------------*/

/* What to write: LEN > 0 bytes from FROM to TO, an address in SLAB where they are executed.  */
struct mir_chunk {
  struct mir_slab *slab;
  uint8_t *to;
  const uint8_t *from;
  size_t len;
};

/* Write all NUM chunks, slabs of one arena, or on failure none of them as far as OLD, if not NULL,
   has room to keep what was there: the sum of their lengths.  An aligned pointer is stored whole.
   The lock is held; the other cores are the caller's matter.  */
MIR_code_status_t mir_write (const struct mir_chunk *chunks, size_t num, uint8_t *old);
/* Fill LEN bytes at TO, a multiple of 4, with instructions which stop the program.  The lock is
 * held.
 */
MIR_code_status_t mir_write_traps (struct mir_slab *slab, uint8_t *to, size_t len);

/* What to write over published code: COUNT places.  SIZE 0: the pointers relocs[i].value
   themselves; else SIZE bytes from each relocs[i].value.  */
struct mir_edit {
  uint8_t *base;
  size_t count;
  const MIR_code_reloc_t *relocs;
  size_t size; /* bytes */
};

/* Write all places, which are in published code of one arena, or on failure none.  */
MIR_code_status_t mir_edit (struct MIR_code_space *space, const struct mir_edit *edit);
/* Write all places without opening anything and without a check.  */
void mir_edit_store (const struct mir_edit *edit);

/*---------------- Publishing -----------------------------*/

/* Publish LEN > 0 bytes and set *RES to them; INFO may be NULL.  */
MIR_code_status_t mir_publish (struct mir_arena *arena, const uint8_t *bytes, size_t len,
                               const MIR_code_info_t *info, uint8_t **res);
/* The same with VALUE remembered for it in TAGS, a table of ARENA, or NULL; the hooks are not told.
 */
MIR_code_status_t mir_publish_with (struct mir_arena *arena, const uint8_t *bytes, size_t len,
                                    struct mir_tags *tags, uint64_t value, uint8_t **res);
/* Publish at ADDR or nowhere: MIR_CODE_TAKEN.  */
MIR_code_status_t mir_publish_at (struct MIR_code_space *space, uint8_t *addr, const uint8_t *bytes,
                                  size_t len);
/* Set *RES to where SIZE bytes would be published next.  */
MIR_code_status_t mir_next_addr (struct mir_arena *arena, size_t size, uint8_t **res);
/* Tell the hooks.  No lock is held.  */
void mir_tell_published (struct MIR_code_space *space, const MIR_code_event_t *events, size_t num);

/* Publish a thunk without a target.  */
MIR_code_status_t mir_thunk_new (struct mir_arena *arena, uint8_t **res);
/* The target of THUNK.  Lock-free.  */
void *mir_thunk_target (const void *thunk);
/* Let the thunk at ADDR jump to TARGET.  */
MIR_code_status_t mir_thunk_redirect (struct MIR_code_space *space, const void *addr, void *target);

/* What W occupies of the general allocator, and the writer after it in its space.  */
size_t mir_writer_bytes (MIR_code_writer_t w);
MIR_code_writer_t mir_writer_next (MIR_code_writer_t w);

/*---------------- For tests -----------------------------*/

/* Whether the invariants above hold; takes the locks.  */
int mir_space_check (struct MIR_code_space *space);

/*---------------- Forks -----------------------------*/

/* From now until unwatch forks take the locks of SPACE and end its generation.  */
MIR_code_status_t mir_watch_forks (struct MIR_code_space *space);
/* Also when they were never watched for.  */
void mir_unwatch_forks (struct MIR_code_space *space);
/* Add ARENA to its space, which forks are watched for.  */
void mir_watch_arena (struct mir_arena *arena);

#endif /* MIR_CODE_SPACE_H */
