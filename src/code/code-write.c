/* The only place where executable memory is written.

   Under the lock a run of pages is opened, written, closed and flushed: two threads which share a
   page would close it under each other's hands.  */
#include "code/code.h"

#include <stdatomic.h>
#include <string.h> /* memcpy */

enum {
  BYTES_ON_STACK = 256, /* of overwritten code kept for undoing; more are allocated */
  TRIES_TO_UNDO = 3     /* to open and close what was written already, after a refusal */
};

/* Whole pages of HOLDER which are opened and closed together.  */
struct run {
  struct mir_code_holder *holder;
  uint8_t *start;
  size_t len;        /* bytes */
  uint8_t *writable; /* while open: where START is written */
};

static struct run run_of (const struct mir_code *code, struct mir_code_holder *holder,
                          const uint8_t *start, const uint8_t *bound) {
  uintptr_t first = (uintptr_t) start & ~(uintptr_t) (code->page_size - 1);
  uintptr_t end = ((uintptr_t) bound + code->page_size - 1) & ~(uintptr_t) (code->page_size - 1);
  struct run run = {holder, (uint8_t *) first, (size_t) (end - first), NULL};
  return run;
}

static enum mir_code_status open_run (struct mir_code *code, struct run *run) {
  struct mir_code_holder *h = run->holder;
  unsigned generation = mir_code_generation ();
  if (h->pages.generation != generation && code->backend->make_private != NULL) {
    size_t used = (size_t) h->granules.top * MIR_GRANULE;
    enum mir_code_status status = code->backend->make_private (&h->pages, used);
    if (status != MIR_CODE_OK) return status;
    mir_os_flush_icache (h->pages.rx, h->pages.rx + used);
  }
  h->pages.generation = generation;
  return code->backend->open (&h->pages, run->start, run->len, code->code_alloc, &run->writable);
}

static enum mir_code_status close_run (struct mir_code *code, struct run *run) {
  enum mir_code_status status = code->backend->close (&run->holder->pages, run->start, run->len,
                                                      code->code_alloc, run->writable);
  if (status == MIR_CODE_OK) mir_os_flush_icache (run->start, run->start + run->len);
  return status;
}

/* Where ADDR, an address in the open RUN, is written.  */
static uint8_t *writable_at (const struct run *run, const uint8_t *addr) {
  return run->writable + (addr - run->start);
}

enum mir_code_status mir_code_fill (struct mir_code *code, struct mir_code_holder *h, uint8_t *addr,
                                    const uint8_t *bytes, size_t len) {
  struct run run = run_of (code, h, addr, addr + len);
  enum mir_code_status status = open_run (code, &run);
  if (status != MIR_CODE_OK) return status;
  memcpy (writable_at (&run, addr), bytes, len);
  return close_run (code, &run);
}

/*---------------- Edits -----------------------------*/

static size_t piece_len (const struct mir_code_edit *edit) {
  return edit->size != 0 ? edit->size : sizeof (void *);
}

static uint8_t *piece_addr (const struct mir_code_edit *edit, size_t i) {
  return edit->base + edit->relocs[i].offset;
}

/* An aligned pointer is one store, so that a thread which loads it meanwhile sees no mixture.  */
static void copy_piece (uint8_t *to, const void *from, size_t len) {
  if (len == sizeof (void *) && (uintptr_t) to % sizeof (void *) == 0) {
    void *word;
    memcpy (&word, from, sizeof (word));
    atomic_store_explicit ((_Atomic (void *) *) (void *) to, word, memory_order_release);
  } else {
    memcpy (to, from, len);
  }
}

/* Write piece I of EDIT, whose place is written at TO.  */
static void store_piece (const struct mir_code_edit *edit, size_t i, uint8_t *to) {
  const void *from = edit->size != 0 ? edit->relocs[i].value : &edit->relocs[i].value;
  copy_piece (to, from, piece_len (edit));
}

void mir_code_store (const struct mir_code_edit *edit) {
  for (size_t i = 0; i < edit->count; i++) store_piece (edit, i, piece_addr (edit, i));
}

/* The holder with the piece of published code that all of [START, START + LEN) is in, or NULL.  The
   lock is held.  */
static struct mir_code_holder *find_holder (const struct mir_code *code, uintptr_t start,
                                            size_t len) {
  struct mir_code_holder *h = mir_code_holder_of (code, (const uint8_t *) start);
  if (h == NULL) return NULL;
  size_t offset = start - (uintptr_t) h->pages.rx;
  uint32_t piece = mir_granules_piece (&h->granules, (uint32_t) (offset / MIR_GRANULE));
  if (piece == MIR_NO_GRANULE) return NULL;
  size_t bound = ((size_t) piece + mir_granules_piece_len (&h->granules, piece)) * MIR_GRANULE;
  return len <= bound - offset ? h : NULL;
}

static int all_published (const struct mir_code *code, const struct mir_code_edit *edit) {
  for (size_t i = 0; i < edit->count; i++) {
    uintptr_t base = (uintptr_t) edit->base, offset = edit->relocs[i].offset;
    if (offset > UINTPTR_MAX - base || find_holder (code, base + offset, piece_len (edit)) == NULL)
      return 0;
  }
  return 1;
}

static struct run run_of_piece (const struct mir_code *code, const struct mir_code_edit *edit,
                                size_t i) {
  uint8_t *addr = piece_addr (edit, i);
  struct mir_code_holder *h = find_holder (code, (uintptr_t) addr, piece_len (edit));
  return run_of (code, h, addr, addr + piece_len (edit));
}

/* The pages of piece FIRST and of those behind it which overlap or adjoin them; *BOUND is the index
   of the first piece that does not.  Pieces usually come in ascending order, so few openings serve
   many, and no page is opened in which nothing is written.  */
static struct run find_run (const struct mir_code *code, const struct mir_code_edit *edit,
                            size_t first, size_t *bound) {
  struct run run = run_of_piece (code, edit, first);
  size_t i = first + 1;
  for (; i < edit->count; i++) {
    struct run next = run_of_piece (code, edit, i);
    uint8_t *run_bound = run.start + run.len, *next_bound = next.start + next.len;
    if (next.holder != run.holder || next.start > run_bound || next_bound < run.start) break;
    if (next.start < run.start) run.start = next.start;
    run.len = (size_t) ((next_bound > run_bound ? next_bound : run_bound) - run.start);
  }
  *bound = i;
  return run;
}

/* Put LEN bytes back from OLD; 0 when that is done and the run closed again.  */
static int undo_piece (struct mir_code *code, struct run *run, const uint8_t *addr,
                       const uint8_t *old, size_t len) {
  if (open_run (code, run) != MIR_CODE_OK) return -1;
  copy_piece (writable_at (run, addr), old, len);
  return close_run (code, run) == MIR_CODE_OK ? 0 : -1;
}

/* Put back the first COUNT pieces from OLD, last one first since pieces may overlap, one by one: a
   system which has just refused is asked for as little as possible, but more than once.  If it goes
   on refusing there is no way left to reach these bytes.  */
static void undo (struct mir_code *code, const struct mir_code_edit *edit, size_t count,
                  const uint8_t *old) {
  size_t len = piece_len (edit);
  while (count-- > 0) {
    struct run run = run_of_piece (code, edit, count);
    for (int i = 0; i < TRIES_TO_UNDO; i++)
      if (undo_piece (code, &run, piece_addr (edit, count), old + count * len, len) == 0) break;
  }
}

/* Write the pieces, keeping what was there in OLD.  The lock is held.  */
static enum mir_code_status write_pieces (struct mir_code *code, const struct mir_code_edit *edit,
                                          uint8_t *old) {
  size_t len = piece_len (edit), bound;
  for (size_t first = 0; first < edit->count; first = bound) {
    struct run run = find_run (code, edit, first, &bound);
    enum mir_code_status status = open_run (code, &run);
    if (status != MIR_CODE_OK) {
      undo (code, edit, first, old);
      return status;
    }
    for (size_t i = first; i < bound; i++) {
      uint8_t *to = writable_at (&run, piece_addr (edit, i));
      memcpy (old + i * len, to, len);
      store_piece (edit, i, to);
    }
    status = close_run (code, &run);
    if (status != MIR_CODE_OK) {
      undo (code, edit, bound, old);
      return status;
    }
  }
  return MIR_CODE_OK;
}

enum mir_code_status mir_code_edit (struct mir_code *code, const struct mir_code_edit *edit) {
  uint8_t on_stack[BYTES_ON_STACK], *old = on_stack;
  enum mir_code_status status = MIR_CODE_NOT_OURS;
  if (edit->count > SIZE_MAX / piece_len (edit)) return MIR_CODE_TOO_LARGE;
  size_t old_len = edit->count * piece_len (edit);
  if (old_len > sizeof (on_stack) && (old = (uint8_t *) MIR_malloc (code->alloc, old_len)) == NULL)
    return MIR_CODE_NO_MEMORY;
  mir_os_lock (&code->lock);
  if (all_published (code, edit)) status = write_pieces (code, edit, old);
  mir_os_unlock (&code->lock);
  if (old != on_stack) MIR_free (code->alloc, old);
  return status;
}
