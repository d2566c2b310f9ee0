/* The only place where executable memory is written.

   Pages are opened with PROT_WRITE_EXEC, written, flushed and closed with PROT_READ_EXEC, all under
   the lock: two threads which share a page would close it under each other's hands.  */
#include "code/code.h"

#include <stdatomic.h>
#include <string.h> /* memcpy */

enum { BYTES_ON_STACK = 256 }; /* of overwritten code kept for undoing; more are allocated */

struct pages {
  uint8_t *start;
  size_t len; /* bytes, a multiple of the page size */
};

static struct pages pages_of (const struct mir_code *code, const uint8_t *start,
                              const uint8_t *bound) {
  uintptr_t first = (uintptr_t) start & ~(uintptr_t) (code->page_size - 1);
  uintptr_t end = ((uintptr_t) bound + code->page_size - 1) & ~(uintptr_t) (code->page_size - 1);
  struct pages pages = {(uint8_t *) first, (size_t) (end - first)};
  return pages;
}

static int open_pages (struct mir_code *code, struct pages pages) {
  if (MIR_mem_protect (code->code_alloc, pages.start, pages.len, PROT_WRITE_EXEC) == 0) return 0;
  /* Some of them may be open.  The failure is being reported already, so this one is not.  */
  (void) MIR_mem_protect (code->code_alloc, pages.start, pages.len, PROT_READ_EXEC);
  return -1;
}

static int close_pages (struct mir_code *code, struct pages pages) {
  return MIR_mem_protect (code->code_alloc, pages.start, pages.len, PROT_READ_EXEC);
}

enum mir_code_status mir_code_fill (struct mir_code *code, uint8_t *addr, const uint8_t *bytes,
                                    size_t len) {
  struct pages pages = pages_of (code, addr, addr + len);
  if (open_pages (code, pages) != 0) return MIR_CODE_PROTECT_REFUSED;
  memcpy (addr, bytes, len);
  mir_os_flush_icache (addr, addr + len);
  if (close_pages (code, pages) == 0) return MIR_CODE_OK;
  /* Older code in the same pages must not stay writable if a second try can help it.  */
  (void) close_pages (code, pages);
  return MIR_CODE_PROTECT_REFUSED;
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

static void store_piece (const struct mir_code_edit *edit, size_t i) {
  const void *from = edit->size != 0 ? edit->relocs[i].value : &edit->relocs[i].value;
  copy_piece (piece_addr (edit, i), from, piece_len (edit));
}

void mir_code_store (const struct mir_code_edit *edit) {
  for (size_t i = 0; i < edit->count; i++) store_piece (edit, i);
}

/* Whether [START, START + LEN) is inside published code.  The lock is held.  */
static int is_published (const struct mir_code *code, uintptr_t start, size_t len) {
  for (const struct mir_code_holder *h = code->newest; h != NULL; h = h->next)
    if (start >= (uintptr_t) h->start && start <= (uintptr_t) h->free)
      return len <= (uintptr_t) h->free - start;
  return 0;
}

static int all_published (const struct mir_code *code, const struct mir_code_edit *edit) {
  for (size_t i = 0; i < edit->count; i++) {
    uintptr_t base = (uintptr_t) edit->base, offset = edit->relocs[i].offset;
    if (offset > UINTPTR_MAX - base || !is_published (code, base + offset, piece_len (edit)))
      return 0;
  }
  return 1;
}

/* The pages of piece FIRST and of those behind it which overlap or adjoin them; *BOUND is the index
   of the first piece that does not.  Pieces usually come in ascending order, so few protection
   changes serve many, and no page is opened in which nothing is written.  */
static struct pages find_run (const struct mir_code *code, const struct mir_code_edit *edit,
                              size_t first, size_t *bound) {
  size_t len = piece_len (edit), i = first + 1;
  struct pages run = pages_of (code, piece_addr (edit, first), piece_addr (edit, first) + len);
  for (; i < edit->count; i++) {
    struct pages next = pages_of (code, piece_addr (edit, i), piece_addr (edit, i) + len);
    uint8_t *run_bound = run.start + run.len, *next_bound = next.start + next.len;
    if (next.start > run_bound || next_bound < run.start) break;
    if (next.start < run.start) run.start = next.start;
    run.len = (size_t) ((next_bound > run_bound ? next_bound : run_bound) - run.start);
  }
  *bound = i;
  return run;
}

/* Put back the first COUNT pieces from OLD, last one first since pieces may overlap, page by page:
   a system which has just refused a change is asked for as little as possible.  */
static void undo (struct mir_code *code, const struct mir_code_edit *edit, size_t count,
                  const uint8_t *old) {
  size_t len = piece_len (edit);
  while (count-- > 0) {
    uint8_t *addr = piece_addr (edit, count);
    struct pages pages = pages_of (code, addr, addr + len);
    if (open_pages (code, pages) != 0) continue; /* no way left to reach these bytes */
    copy_piece (addr, old + count * len, len);
    mir_os_flush_icache (addr, addr + len);
    (void) close_pages (code, pages); /* the first failure is the one that is reported */
  }
}

/* Write the pieces, keeping what was there in OLD.  The lock is held.  */
static enum mir_code_status write_pieces (struct mir_code *code, const struct mir_code_edit *edit,
                                          uint8_t *old) {
  size_t len = piece_len (edit), bound;
  for (size_t first = 0; first < edit->count; first = bound) {
    struct pages run = find_run (code, edit, first, &bound);
    if (open_pages (code, run) != 0) {
      undo (code, edit, first, old);
      return MIR_CODE_PROTECT_REFUSED;
    }
    for (size_t i = first; i < bound; i++) {
      memcpy (old + i * len, piece_addr (edit, i), len);
      store_piece (edit, i);
    }
    mir_os_flush_icache (run.start, run.start + run.len);
    if (close_pages (code, run) != 0) {
      undo (code, edit, bound, old);
      return MIR_CODE_PROTECT_REFUSED;
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
