/* Spans of a dual mapping: they open its RW view on demand, and the last one closes it.  */
#include "code/backend-alias.h"

#include "code/backend-alias-protect.h"

MIR_code_status_t mir_alias_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                  uint8_t **writable) {
  *writable = pages->rw + (start - pages->rx);
  if (pages->level != MIR_CODE_CLOSED_ALIAS) return MIR_CODE_OK;
  if (mir_alias_protect (pages, start, len, 1) != 0) {
    /* A refusal may have left some of the pages accessible.  */
    if (pages->open_spans == 0) (void) mir_alias_protect (pages, start, len, 0);
    return MIR_CODE_WRITE_REFUSED;
  }
  pages->open_spans++;
  return MIR_CODE_OK;
}

/* Protecting all of the alias costs nothing for pages which are inaccessible already.  */
MIR_code_status_t mir_alias_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                   uint8_t *writable) {
  (void) start;
  (void) len;
  (void) writable;
  if (pages->level != MIR_CODE_CLOSED_ALIAS || --pages->open_spans != 0) return MIR_CODE_OK;
  return mir_alias_protect (pages, pages->rx, pages->len, 0) == 0 ? MIR_CODE_OK
                                                                  : MIR_CODE_WRITE_REFUSED;
}
