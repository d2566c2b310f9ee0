/* The back end flip: the memory of a MIR_code_alloc, whose mem_protect opens and closes it.  The
   space has one pool, and a span is open only while its lock is held: mem_protect calls come one at
   a time.  */
#include "code/backend.h"

enum { FLIP_TRIES = 3 }; /* to close, or to unmap: the system may allow a later one */

/* What the user's mem_map returns is not to be trusted; slab.c checks it.  */
static MIR_code_status_t flip_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  (void) at; /* not reservable */
  uint8_t *start = (uint8_t *) MIR_mem_map (pages->code_alloc, len);
  if (MIR_mem_map_failed (start)) return MIR_CODE_MAP_REFUSED;
  mir_pages_init (pages, len, NULL);
  pages->rx = start;
  pages->system_calls = 1;
  return MIR_CODE_OK;
}

static int flip_unmap (struct mir_pages *pages) {
  for (int i = 0; i < FLIP_TRIES; i++) {
    pages->system_calls++;
    if (MIR_mem_unmap (pages->code_alloc, pages->rx, pages->len) == 0) return 0;
  }
  return -1;
}

/* Change the protection of whole pages, which the user's function rounds to.  0, or not 0.  */
static int flip_protect (struct mir_pages *pages, uint8_t *start, size_t len,
                         MIR_mem_protect_t prot) {
  pages->system_calls++;
  return MIR_mem_protect (pages->code_alloc, start, len, prot);
}

/* Close pages that a refused change may have left open, so that older code in them does not stay
   writable.  The caller reports the first refusal, not one from here.  */
static void close_pages (struct mir_pages *pages, uint8_t *start, size_t len) {
  for (int i = 0; i < FLIP_TRIES; i++)
    if (flip_protect (pages, start, len, PROT_READ_EXEC) == 0) return;
  pages->left_open = 1;
}

static void flip_close_again (struct mir_pages *pages) {
  pages->left_open = 0;
  close_pages (pages, pages->rx, pages->len);
}

/* Bytes are written where they are executed, so `writable` is START itself.  What was left open
   before stays so: it may hold bytes to be put back.  */
static MIR_code_status_t flip_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                    uint8_t **writable) {
  *writable = start;
  if (flip_protect (pages, start, len, PROT_WRITE_EXEC) == 0) return MIR_CODE_OK;
  if (!pages->left_open) close_pages (pages, start, len);
  return MIR_CODE_WRITE_REFUSED;
}

static MIR_code_status_t flip_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                     uint8_t *writable) {
  (void) writable;
  if (flip_protect (pages, start, len, PROT_READ_EXEC) == 0) return MIR_CODE_OK;
  close_pages (pages, start, len);
  return MIR_CODE_WRITE_REFUSED;
}

const struct mir_backend mir_backend_flip = {
    .name = "flip",
    .bit = MIR_CODE_FLIP,
    .levels = 1 << MIR_CODE_OPEN_ALIAS | 1 << MIR_CODE_CLOSED_ALIAS,
    .unit = 0, /* pages */
    .whole_words = 1,
    .reservable = 0,
    .plain = 1,
    .map = flip_map,
    .unmap = flip_unmap,
    .open = flip_open,
    .close = flip_close,
    .close_again = flip_close_again,
};
