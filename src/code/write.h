/* Stores to executable memory, all of which go through mir_write and mir_write_traps, into pages
   which have memory: mir_slab_populate.  */
#ifndef MIR_CODE_WRITE_H
#define MIR_CODE_WRITE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"

struct mir_slab;

/* LEN > 0 bytes to be written from FROM to TO, the address in SLAB where they are executed.  */
struct mir_chunk {
  struct mir_slab *slab;
  uint8_t *to;
  const uint8_t *from;
  size_t len;
};

/* Write NUM chunks to slabs of one pool.  OLD, if not NULL, has room for the bytes they overwrite,
   the sum of their lengths; on failure they are put back, as far as the system lets them be.
   Without OLD a failure leaves the earlier chunks written.  A pointer at an aligned address is
   stored whole.  The lock of the pool is held.  The instruction cache is clean afterwards;
   synchronising other cores is left to the caller.  */
MIR_code_status_t mir_write (const struct mir_chunk *chunks, size_t num, uint8_t *old);
/* Fill LEN bytes at TO, a multiple of 4, with instructions which stop the program.  The lock is
   held.  */
MIR_code_status_t mir_write_traps (struct mir_slab *slab, uint8_t *to, size_t len);

/* Replace memory of SLAB which may be shared with another process since a fork.  The lock is
   held.  */
MIR_code_status_t mir_write_privatise (struct mir_slab *slab);

#endif /* MIR_CODE_WRITE_H */
