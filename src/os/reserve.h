/* How each system reserves address space at a given place: reserve-SYSTEM.c.  Any thread.  */
#ifndef MIR_OS_RESERVE_H
#define MIR_OS_RESERVE_H

#include <stddef.h> /* size_t */

/* Bytes.  Every system can start a reservation at a multiple of this.  */
enum { MIR_RESERVE_ALIGNMENT = 64 * 1024 };

/* Bytes: this system can start a reservation at a multiple of this, too.  A power of two, at most
   MIR_RESERVE_ALIGNMENT.  */
size_t mir_os_reserve_unit (void);
/* Reserve LEN bytes at HINT, or elsewhere if the system prefers that; HINT NULL: anywhere.  NULL on
   failure.  The caller owns the range until mir_os_unreserve.  */
void *mir_os_reserve_at (void *hint, size_t len);
/* Whether something is mapped or reserved in the unit at START.  */
int mir_os_is_taken (void *start);

#endif /* MIR_OS_RESERVE_H */
