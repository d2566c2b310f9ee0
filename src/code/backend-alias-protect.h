/* The access of the RW view of a dual mapping: one file per system.  */
#ifndef MIR_CODE_BACKEND_ALIAS_PROTECT_H
#define MIR_CODE_BACKEND_ALIAS_PROTECT_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "code/backend.h"

/* Make the whole pages of the alias which [START, START + LEN), addresses in PAGES->rx, touches
   readable and writable, or inaccessible.  Returns 0, or -1.  */
int mir_alias_protect (struct mir_pages *pages, const uint8_t *start, size_t len,
                       int is_accessible);

#endif /* MIR_CODE_BACKEND_ALIAS_PROTECT_H */
