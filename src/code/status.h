/* Statuses of refused system calls, which name the limit that is in the way.  Any thread.  */
#ifndef MIR_CODE_STATUS_H
#define MIR_CODE_STATUS_H

#include <stddef.h> /* size_t */

#include "mir-code.h"

/* Whether STATUS names a limit of the process.  */
static inline int mir_status_is_limit (MIR_code_status_t status) {
  return MIR_CODE_NO_ADDRESS_SPACE <= status && status <= MIR_CODE_TOO_MANY_MAPPINGS;
}

/* The status of a call that the system has just refused, with the error set, and that wanted up to
   LEN bytes of addresses: a limit, or OTHERWISE.  The error stays as it was.  */
MIR_code_status_t mir_status_of_refusal (MIR_code_status_t otherwise, size_t len);

#endif /* MIR_CODE_STATUS_H */
