/* How each system reserves address space at a given place: reserve-SYSTEM.c.  Any thread.  */
#ifndef MIR_OS_RESERVE_H
#define MIR_OS_RESERVE_H

#include <stddef.h> /* size_t */

/* Bytes.  Every system can start a reservation at a multiple of this.  */
enum { MIR_RESERVE_ALIGNMENT = 64 * 1024 };

/* Reserve LEN bytes at HINT, or elsewhere if the system prefers that; HINT NULL: anywhere.  NULL on
   failure.  The caller owns the range until mir_os_unreserve.  */
void *mir_os_reserve_at (void *hint, size_t len);

#endif /* MIR_OS_RESERVE_H */
