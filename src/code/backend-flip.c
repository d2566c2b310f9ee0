/* The back end flip: the memory of a MIR_code_alloc, whose mem_protect opens and closes it.  The
   space has one pool, and a span is open only while its lock is held: mem_protect calls come one at
   a time.  */
#include "code/backend.h"

enum { TRIES_TO_CLOSE = 3 }; /* after another refusal: the system may allow a later one */

/* Bytes are written where they are executed, so `writable` is START itself.  */
static MIR_code_status_t flip_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  (void) at; /* not reservable */
  uint8_t *start = (uint8_t *) MIR_mem_map (pages->code_alloc, len);
  if (MIR_mem_map_failed (start)) return MIR_CODE_MAP_REFUSED;
  if ((uintptr_t) start > UINTPTR_MAX - len) { /* the address behind the range would be 0 */
    (void) MIR_mem_unmap (pages->code_alloc, start, len);
    return MIR_CODE_MAP_REFUSED;
  }
  mir_pages_init (pages, len, NULL);
  pages->rx = start;
  pages->system_calls = 1;
  return MIR_CODE_OK;
}

static int flip_unmap (struct mir_pages *pages) {
  pages->system_calls++;
  return MIR_mem_unmap (pages->code_alloc, pages->rx, pages->len) == 0 ? 0 : -1;
}

/* Change the protection of whole pages, which the user's function rounds to.  0, or not 0.  */
static int flip_protect (struct mir_pages *pages, uint8_t *start, size_t len,
                         MIR_mem_protect_t prot) {
  pages->system_calls++;
  return MIR_mem_protect (pages->code_alloc, start, len, prot);
}

/* Close pages that a refused change may have left open, so that older code in them does not stay
   writable.  The caller reports the first refusal, not one from here.  */
static void close_again (struct mir_pages *pages, uint8_t *start, size_t len) {
  for (int i = 0; i < TRIES_TO_CLOSE; i++)
    if (flip_protect (pages, start, len, PROT_READ_EXEC) == 0) return;
}

static MIR_code_status_t flip_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                    uint8_t **writable) {
  *writable = start;
  if (flip_protect (pages, start, len, PROT_WRITE_EXEC) == 0) return MIR_CODE_OK;
  close_again (pages, start, len);
  return MIR_CODE_WRITE_REFUSED;
}

static MIR_code_status_t flip_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                     uint8_t *writable) {
  (void) writable;
  if (flip_protect (pages, start, len, PROT_READ_EXEC) == 0) return MIR_CODE_OK;
  close_again (pages, start, len);
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
};
