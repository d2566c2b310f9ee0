/* The access of the RW view of a dual mapping: one file per system.  */
#ifndef MIR_CODE_BACKEND_ALIAS_PROTECT_H
#define MIR_CODE_BACKEND_ALIAS_PROTECT_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "code/backend.h"

/* Change the access to the alias of the code at [START, START + LEN), addresses in PAGES->rx: to
   readable and writable, or to none.  Whole pages change: each that has a byte of the range, or all
   of the alias where the system has no room for a mapping more.  PAGES counts the calls.  Returns
   0, or -1 with errno or GetLastError (); then some pages may have changed.  */
int mir_alias_protect (struct mir_pages *pages, const uint8_t *start, size_t len,
                       int is_accessible);

#endif /* MIR_CODE_BACKEND_ALIAS_PROTECT_H */
