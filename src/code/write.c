/* The only stores to executable memory.

   A span is opened, written, closed and flushed with the pool's lock held: of two threads with
   spans in one page, each would close the page while the other writes.

   A system that refuses to close a span leaves its pages writable.  Then the old bytes are put back
   while they can be, and the next write of the pool tries first to close the pages.  */
#include "code/write.h"

#include <stdatomic.h>
#include <string.h> /* memcpy */

#include "code/cpu.h"
#include "code/fork.h"
#include "code/status.h"
#include "code/types.h"
#include "os/cancel.h"

enum { TRIES_TO_UNDO = 3 }; /* attempts to put a chunk back after a refusal */

/* A span: whole units of SLAB which are opened and closed together.  */
struct opened {
  struct mir_slab *slab;
  uint8_t *start;    /* where it is executed */
  size_t len;        /* bytes */
  uint8_t *writable; /* while open: the address at which START is written */
};

/* The units that cover LEN bytes at START; not opened.  */
static struct opened units_of (struct mir_slab *slab, const uint8_t *start, size_t len) {
  uintptr_t unit = slab->pool->space->unit;
  uintptr_t first = (uintptr_t) start & ~(unit - 1);
  uintptr_t end = ((uintptr_t) start + len + unit - 1) & ~(unit - 1);
  struct opened opened = {.slab = slab, .start = (uint8_t *) first, .len = (size_t) (end - first)};
  return opened;
}

/* Clean the instruction cache of the first USED bytes of SLAB.  Not where they have no memory: on
   some CPUs that is an access, for which the system may have no page.  */
static void clean_used (struct mir_slab *slab, size_t used) {
  for (size_t at = 0, end; (at = mir_backed_next (slab->backed, at, used, 1)) < used; at = end) {
    end = mir_backed_next (slab->backed, at, used, 0);
    mir_os_clean_icache (slab->pages.rx + at, slab->pages.rx + end);
  }
}

MIR_code_status_t mir_write_privatise (struct mir_slab *slab) {
  const struct mir_backend *backend = slab->backend;
  unsigned generation = mir_generation ();
  if (slab->pages.generation == generation) return MIR_CODE_OK;
  if (backend->make_private != NULL) {
    size_t used = (size_t) slab->granules.top << slab->shift;
    MIR_code_status_t status = backend->make_private (&slab->pages, used, slab->backed);
    if (status != MIR_CODE_OK) return status;
    clean_used (slab, used);
    size_t page = slab->pool->space->page_size;
    mir_slab_set_backed (slab, (used + page - 1) & ~(page - 1), slab->pages.len, 0);
  }
  slab->pages.generation = generation;
  return MIR_CODE_OK;
}

/* The cause of the refusal STATUS.  Private memory takes two mappings as long as the slab.  */
static MIR_code_status_t refusal_of (const struct opened *opened, MIR_code_status_t status) {
  return mir_status_of_refusal (status, 2 * opened->slab->pages.len);
}

/* Open OPENED and set where it is written; close it and clean the instruction cache.  Back ends use
   descriptors, and call the user's mem_protect, with the lock held: they may not be cancelled.  */
static MIR_code_status_t open_units (struct opened *opened) {
  const struct mir_backend *backend = opened->slab->backend;
  int held = mir_os_hold_cancel ();
  MIR_code_status_t status = mir_write_privatise (opened->slab);
  if (status == MIR_CODE_OK)
    status = backend->open (&opened->slab->pages, opened->start, opened->len, &opened->writable);
  if (status != MIR_CODE_OK) status = refusal_of (opened, status);
  mir_os_let_cancel (held);
  opened->slab->pool->left_open |= opened->slab->pages.left_open;
  return status;
}

static MIR_code_status_t close_units (struct opened *opened) {
  const struct mir_backend *backend = opened->slab->backend;
  int held = mir_os_hold_cancel ();
  MIR_code_status_t status =
      backend->close (&opened->slab->pages, opened->start, opened->len, opened->writable);
  if (status != MIR_CODE_OK) status = refusal_of (opened, status);
  mir_os_let_cancel (held);
  opened->slab->pool->left_open |= opened->slab->pages.left_open;
  if (status == MIR_CODE_OK) mir_os_clean_icache (opened->start, opened->start + opened->len);
  return status;
}

/* The address at which ADDR, in OPENED, is written.  */
static uint8_t *writable_at (const struct opened *opened, const uint8_t *addr) {
  return opened->writable + (addr - opened->start);
}

/* Store an aligned pointer whole: a thread which loads it meanwhile sees no mixture.  */
static void copy_chunk (uint8_t *to, const uint8_t *from, size_t len) {
  if (len != sizeof (void *) || (uintptr_t) to % sizeof (void *) != 0) {
    memcpy (to, from, len);
    return;
  }
  void *value;
  memcpy (&value, from, sizeof (value));
  atomic_store_explicit ((_Atomic (void *) *) (void *) to, value, memory_order_release);
}

void mir_write_close_again (struct mir_pool *pool) {
  if (!pool->left_open) return;
  pool->left_open = 0;
  for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next) {
    if (slab->pages.left_open) slab->backend->close_again (&slab->pages);
    pool->left_open |= slab->pages.left_open;
  }
}

/*---------------- Chunks -----------------------------*/

/* The span of chunk FIRST and of the chunks behind it which overlap it, adjoin it or begin less
   than a page behind it; sets *BOUND to the index of the first chunk that does not.  Chunks usually
   come in ascending order, so few spans serve many chunks, and no page is opened without being
   written.  */
static struct opened find_units (const struct mir_chunk *chunks, size_t num, size_t first,
                                 size_t *bound) {
  struct opened all = units_of (chunks[first].slab, chunks[first].to, chunks[first].len);
  const struct MIR_code_space *space = all.slab->pool->space;
  size_t i = first + 1, gap = space->unit < space->page_size ? space->page_size : 1;
  for (; i < num; i++) {
    struct opened next = units_of (chunks[i].slab, chunks[i].to, chunks[i].len);
    uint8_t *all_bound = all.start + all.len, *next_bound = next.start + next.len;
    if (next.slab != all.slab || next_bound < all.start) break;
    if (next.start > all_bound && (size_t) (next.start - all_bound) >= gap) break;
    if (next.start < all.start) all.start = next.start;
    all.len = (size_t) ((next_bound > all_bound ? next_bound : all_bound) - all.start);
  }
  *bound = i;
  return all;
}

/* Put the bytes of CHUNK back from OLD into pages that a refused close has left writable.  Returns
   0, or -1 if it is not certain that they are.  */
static int undo_left_open (const struct mir_chunk *chunk, const uint8_t *old) {
  const struct mir_pages *pages = &chunk->slab->pages;
  uint8_t *to = pages->rw != NULL ? pages->rw + (chunk->to - pages->rx) : chunk->to;
  if (!pages->left_open || !mir_os_is_writable (to, chunk->len)) return -1;
  copy_chunk (to, old, chunk->len);
  mir_os_clean_icache (chunk->to, chunk->to + chunk->len);
  return 0;
}

/* Put the bytes of CHUNK back from OLD.  Returns 0, or -1 when opening or closing is refused.  */
static int undo_chunk (const struct mir_chunk *chunk, const uint8_t *old) {
  struct opened opened = units_of (chunk->slab, chunk->to, chunk->len);
  if (open_units (&opened) != MIR_CODE_OK) return undo_left_open (chunk, old);
  copy_chunk (writable_at (&opened, chunk->to), old, chunk->len);
  return close_units (&opened) == MIR_CODE_OK ? 0 : -1;
}

/* Put back the first NUM chunks, whose old bytes end at OLD; the last one first, since chunks may
   overlap.  A system which has just refused is asked for as little as possible, one chunk at a
   time, but more than once.  If it still refuses, and the pages are not open either, these bytes
   cannot be reached any more.  */
static void undo_chunks (const struct mir_chunk *chunks, size_t num, const uint8_t *old) {
  while (num-- > 0) {
    old -= chunks[num].len;
    for (int i = 0; i < TRIES_TO_UNDO; i++)
      if (undo_chunk (&chunks[num], old) == 0) break;
  }
}

/* The end of a failed mir_write, which has written the first NUM chunks and kept their old bytes
   behind each other, up to OLD, unless that is NULL.  */
static void undo_write (const struct mir_chunk *chunks, size_t num, const uint8_t *old) {
  if (old != NULL) undo_chunks (chunks, num, old);
  mir_write_close_again (chunks[0].slab->pool);
}

/* Write through an alias that is always accessible: the usual case.  OLD may be NULL.  */
static void store_chunk (const struct mir_chunk *chunk, uint8_t *old) {
  if (old != NULL) memcpy (old, chunk->to, chunk->len);
  copy_chunk (chunk->slab->pages.rw + (chunk->to - chunk->slab->pages.rx), chunk->from, chunk->len);
  mir_os_clean_icache (chunk->to, chunk->to + chunk->len);
}

MIR_code_status_t mir_write (const struct mir_chunk *chunks, size_t num, uint8_t *old) {
  size_t bound;
  for (size_t first = 0; first < num; first = bound) {
    if (mir_write_is_direct (chunks[first].slab)) {
      store_chunk (&chunks[first], old);
      if (old != NULL) old += chunks[first].len;
      bound = first + 1;
      continue;
    }
    mir_write_close_again (chunks[0].slab->pool);
    struct opened opened = find_units (chunks, num, first, &bound);
    MIR_code_status_t status = open_units (&opened);
    if (status != MIR_CODE_OK) {
      undo_write (chunks, first, old);
      return status;
    }
    for (size_t i = first; i < bound; i++) {
      uint8_t *to = writable_at (&opened, chunks[i].to);
      if (old != NULL) {
        memcpy (old, to, chunks[i].len);
        old += chunks[i].len;
      }
      copy_chunk (to, chunks[i].from, chunks[i].len);
    }
    status = close_units (&opened);
    if (status != MIR_CODE_OK) {
      undo_write (chunks, bound, old);
      return status;
    }
  }
  return MIR_CODE_OK;
}

/*---------------- Traps -----------------------------*/

enum { TRAPS_ON_STACK = 256 }; /* bytes; more need a mapping for a moment */

/* Fill LEN bytes, a multiple of 4, at the writable address TO.  */
static void fill_with_traps (uint8_t *to, size_t len) {
  for (size_t i = 0; i < len; i += sizeof (mir_cpu.trap))
    memcpy (to + i, mir_cpu.trap, sizeof (mir_cpu.trap));
}

/* Write LEN bytes of traps, which are made at MEMORY, with room for the old bytes behind them.  */
static MIR_code_status_t write_traps_from (uint8_t *memory, struct mir_slab *slab, uint8_t *to,
                                           size_t len) {
  struct mir_chunk chunk = {.slab = slab, .to = to, .from = memory, .len = len};
  fill_with_traps (memory, len);
  return mir_write (&chunk, 1, memory + len);
}

/* The general allocator may not be called here, so many traps get a mapping.  */
MIR_code_status_t mir_write_traps (struct mir_slab *slab, uint8_t *to, size_t len) {
  uint8_t on_stack[2 * TRAPS_ON_STACK];
  if (mir_write_is_direct (slab)) {
    fill_with_traps (slab->pages.rw + (to - slab->pages.rx), len);
    mir_os_clean_icache (to, to + len);
    return MIR_CODE_OK;
  }
  if (len <= TRAPS_ON_STACK) return write_traps_from (on_stack, slab, to, len);
  size_t page = slab->pool->space->page_size, size = (2 * len + page - 1) & ~(page - 1);
  void *memory = mir_os_reserve (size, NULL, 0);
  if (memory == NULL) return MIR_CODE_WRITE_REFUSED;
  MIR_code_status_t status = mir_os_commit_data (memory, size) == 0
                                 ? write_traps_from ((uint8_t *) memory, slab, to, len)
                                 : MIR_CODE_WRITE_REFUSED;
  mir_os_unreserve (memory, size);
  return status;
}
