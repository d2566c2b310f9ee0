/* The only stores to executable memory.

   A span is opened, written, closed and flushed with the pool's lock held: of two threads with
   spans in one page, each would close the page while the other writes.  */
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
    size_t used = (size_t) slab->granules.top * MIR_GRANULE;
    MIR_code_status_t status = backend->make_private (&slab->pages, used, slab->backed);
    if (status != MIR_CODE_OK) return status;
    clean_used (slab, used);
    size_t page = slab->pool->space->page_size;
    mir_backed_set (slab->backed, (used + page - 1) & ~(page - 1), slab->pages.len, 0);
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
  return status;
}

static MIR_code_status_t close_units (struct opened *opened) {
  const struct mir_backend *backend = opened->slab->backend;
  int held = mir_os_hold_cancel ();
  MIR_code_status_t status =
      backend->close (&opened->slab->pages, opened->start, opened->len, opened->writable);
  if (status != MIR_CODE_OK) status = refusal_of (opened, status);
  mir_os_let_cancel (held);
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

/* Put the bytes of CHUNK back from OLD.  Returns 0, or -1 when opening or closing is refused.  */
static int undo_chunk (const struct mir_chunk *chunk, const uint8_t *old) {
  struct opened opened = units_of (chunk->slab, chunk->to, chunk->len);
  if (open_units (&opened) != MIR_CODE_OK) return -1;
  copy_chunk (writable_at (&opened, chunk->to), old, chunk->len);
  return close_units (&opened) == MIR_CODE_OK ? 0 : -1;
}

/* Put back the first NUM chunks, whose old bytes end at OLD; the last one first, since chunks may
   overlap.  A system which has just refused is asked for as little as possible, one chunk at a
   time, but more than once.  If it still refuses, these bytes cannot be reached any more.  */
static void undo_chunks (const struct mir_chunk *chunks, size_t num, const uint8_t *old) {
  while (num-- > 0) {
    old -= chunks[num].len;
    for (int i = 0; i < TRIES_TO_UNDO; i++)
      if (undo_chunk (&chunks[num], old) == 0) break;
  }
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
    struct opened opened = find_units (chunks, num, first, &bound);
    MIR_code_status_t status = open_units (&opened);
    if (status != MIR_CODE_OK) {
      if (old != NULL) undo_chunks (chunks, first, old);
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
      if (old != NULL) undo_chunks (chunks, bound, old);
      return status;
    }
  }
  return MIR_CODE_OK;
}

/* Fill LEN bytes, a multiple of 4, at the writable address TO.  */
static void fill_with_traps (uint8_t *to, size_t len) {
  for (size_t i = 0; i < len; i += sizeof (mir_cpu.trap))
    memcpy (to + i, mir_cpu.trap, sizeof (mir_cpu.trap));
}

MIR_code_status_t mir_write_traps (struct mir_slab *slab, uint8_t *to, size_t len) {
  if (mir_write_is_direct (slab)) {
    fill_with_traps (slab->pages.rw + (to - slab->pages.rx), len);
    mir_os_clean_icache (to, to + len);
    return MIR_CODE_OK;
  }
  struct opened opened = units_of (slab, to, len);
  MIR_code_status_t status = open_units (&opened);
  if (status != MIR_CODE_OK) return status;
  fill_with_traps (writable_at (&opened, to), len);
  return close_units (&opened);
}
