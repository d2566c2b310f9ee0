/* Spans of memory that is always writable at its own address: nothing is opened or closed.  */
#ifndef MIR_CODE_BACKEND_DIRECT_H
#define MIR_CODE_BACKEND_DIRECT_H

#include "code/backend.h"

MIR_code_status_t mir_direct_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                   uint8_t **writable);
MIR_code_status_t mir_direct_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                    uint8_t *writable);

/* The members of a back end with such memory that do not depend on the system.  */
#define MIR_DIRECT_MEMBERS                                                           \
  .levels = 1 << MIR_CODE_OPEN_ALIAS, .unit = 1, .whole_words = 1, .always_open = 1, \
  .reservable = 1, .plain = 1, .open = mir_direct_open, .close = mir_direct_close

#endif /* MIR_CODE_BACKEND_DIRECT_H */
