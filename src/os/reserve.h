/* Address space: what each system does in its own way.  */
#ifndef MIR_OS_RESERVE_H
#define MIR_OS_RESERVE_H

#include <stddef.h> /* size_t */

/* What every system can start a reservation at: bytes.  */
enum { MIR_RESERVE_ALIGNMENT = 64 * 1024 };

/* Reserve LEN bytes at HINT, or elsewhere if the system likes that better; NULL: anywhere.  NULL
   on failure.  */
void *mir_os_reserve_at (void *hint, size_t len);

#endif /* MIR_OS_RESERVE_H */
