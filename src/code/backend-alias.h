/* Spans of a dual mapping, whose RW view, the alias, is accessible always or on demand.

     rx  [ code ................ ]  r-x         the same memory, mapped twice
     rw  [ the same ............ ]  rw- or ---

   On demand the alias is accessible where a span is open.  When the last open span is closed all of
   it becomes inaccessible: spans may share a page.

   As backend.h demands: one call at a time for the same pages; each system call is counted in
   PAGES; errno or GetLastError () says why a call failed.  */
#ifndef MIR_CODE_BACKEND_ALIAS_H
#define MIR_CODE_BACKEND_ALIAS_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "mir-code.h"
#include "code/backend.h"

/* `open`, `close` and `close_again` of the back ends.  */
MIR_code_status_t mir_alias_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                  uint8_t **writable);
MIR_code_status_t mir_alias_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                   uint8_t *writable);
void mir_alias_close_again (struct mir_pages *pages);

/* The members of struct mir_backend that all dual mappings have in common.  */
#define MIR_ALIAS_MEMBERS                                                                 \
  .unit = 8, .whole_words = 1, .always_open = 1, .reservable = 1, .open = mir_alias_open, \
  .close = mir_alias_close, .close_again = mir_alias_close_again

#endif /* MIR_CODE_BACKEND_ALIAS_H */
