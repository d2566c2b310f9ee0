#include "code/backend.h"

enum { TRIES_TO_CLOSE = 3 }; /* after something else was refused already */

static enum mir_code_status map (struct mir_pages *pages, size_t len, MIR_code_alloc_t code_alloc) {
  uint8_t *start = (uint8_t *) MIR_mem_map (code_alloc, len);
  if (MIR_mem_map_failed (start)) return MIR_CODE_MAP_REFUSED;
  if ((uintptr_t) start > UINTPTR_MAX - len) { /* the address behind it would be 0 */
    (void) MIR_mem_unmap (code_alloc, start, len);
    return MIR_CODE_MAP_REFUSED;
  }
  pages->rx = start;
  pages->rw = NULL;
  pages->len = len;
  return MIR_CODE_OK;
}

static int unmap (struct mir_pages *pages, MIR_code_alloc_t code_alloc) {
  return MIR_mem_unmap (code_alloc, pages->rx, pages->len) == 0 ? 0 : -1;
}

/* Close what may be open after a refusal.  That one is being reported already, this one is not; but
   older code in the same pages must not stay writable if another try can help it.  */
static void close_again (uint8_t *start, size_t len, MIR_code_alloc_t code_alloc) {
  for (int i = 0; i < TRIES_TO_CLOSE; i++)
    if (MIR_mem_protect (code_alloc, start, len, PROT_READ_EXEC) == 0) return;
}

static enum mir_code_status open (struct mir_pages *pages, uint8_t *start, size_t len,
                                  MIR_code_alloc_t code_alloc, uint8_t **writable) {
  (void) pages;
  *writable = start;
  if (MIR_mem_protect (code_alloc, start, len, PROT_WRITE_EXEC) == 0) return MIR_CODE_OK;
  close_again (start, len, code_alloc);
  return MIR_CODE_WRITE_REFUSED;
}

static enum mir_code_status close (struct mir_pages *pages, uint8_t *start, size_t len,
                                   MIR_code_alloc_t code_alloc, uint8_t *writable) {
  (void) pages, (void) writable;
  if (MIR_mem_protect (code_alloc, start, len, PROT_READ_EXEC) == 0) return MIR_CODE_OK;
  close_again (start, len, code_alloc);
  return MIR_CODE_WRITE_REFUSED;
}

const struct mir_backend mir_backend_vtable = {"vtable", map, unmap, open, close, NULL};
