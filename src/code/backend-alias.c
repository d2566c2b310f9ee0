/* Spans of a dual mapping: they open its RW view on demand, and the last one closes it.  */
#include "code/backend-alias.h"

#include "code/backend-alias-protect.h"

enum { TRIES_TO_CLOSE = 3 }; /* the system may allow a later one */

/* Make all of the alias inaccessible, which costs nothing for pages that are so already.  */
void mir_alias_close_again (struct mir_pages *pages) {
  pages->left_open = 1;
  for (int i = 0; i < TRIES_TO_CLOSE && pages->left_open; i++)
    pages->left_open = mir_alias_protect (pages, pages->rx, pages->len, 0) != 0;
}

/* A refusal may have left some of the pages accessible.  What was left open before stays so: it may
   hold bytes to be put back.  */
MIR_code_status_t mir_alias_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                  uint8_t **writable) {
  *writable = pages->rw + (start - pages->rx);
  if (pages->level != MIR_CODE_CLOSED_ALIAS) return MIR_CODE_OK;
  if (mir_alias_protect (pages, start, len, 1) != 0) {
    if (pages->open_spans == 0 && !pages->left_open) mir_alias_close_again (pages);
    return MIR_CODE_WRITE_REFUSED;
  }
  pages->open_spans++;
  return MIR_CODE_OK;
}

MIR_code_status_t mir_alias_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                   uint8_t *writable) {
  (void) start;
  (void) len;
  (void) writable;
  if (pages->level != MIR_CODE_CLOSED_ALIAS || --pages->open_spans != 0) return MIR_CODE_OK;
  mir_alias_close_again (pages);
  return pages->left_open ? MIR_CODE_WRITE_REFUSED : MIR_CODE_OK;
}
