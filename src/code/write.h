/* Stores to executable memory, all of which go through mir_write and mir_write_traps, into pages
   which have memory: mir_slab_populate.  */
#ifndef MIR_CODE_WRITE_H
#define MIR_CODE_WRITE_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h> /* memcpy */

#include "mir-code.h"
#include "code/fork.h"
#include "code/types.h"

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
/* Whether writing to SLAB now takes no more than a store through the alias.  */
static inline int mir_write_is_direct (const struct mir_slab *slab) {
  return slab->pages.rw != NULL && slab->pages.level != MIR_CODE_CLOSED_ALIAS
         && slab->pages.generation == mir_generation ();
}

/* As mir_write of one chunk, with code that is not published yet, so nothing is stored whole.  */
static inline MIR_code_status_t mir_write_new (const struct mir_chunk *chunk) {
  if (!mir_write_is_direct (chunk->slab)) return mir_write (chunk, 1, NULL);
  memcpy (chunk->slab->pages.rw + (chunk->to - chunk->slab->pages.rx), chunk->from, chunk->len);
  mir_os_clean_icache (chunk->to, chunk->to + chunk->len);
  return MIR_CODE_OK;
}

/* Ask for the cache lines of the first of LEN bytes that will be written for TO in SLAB.  */
static inline void mir_write_prefetch (const struct mir_slab *slab, const uint8_t *to, size_t len) {
  enum { EACH = 64, MAX_LEN = 512 };
  if (slab->pages.rw == NULL) return;
  const uint8_t *rw = slab->pages.rw + (to - slab->pages.rx);
  const uint8_t *bound = rw + (len < MAX_LEN ? len : MAX_LEN);
  do {
    __builtin_prefetch (rw, 1);
    rw += EACH;
  } while (rw < bound);
}

/* Fill LEN bytes at TO, a multiple of 4, with instructions which stop the program.  On failure the
   bytes are put back, as far as the system lets them be.  The lock is held.  */
MIR_code_status_t mir_write_traps (struct mir_slab *slab, uint8_t *to, size_t len);
/* Close the pages of POOL that a refused close has left writable.  The lock is held.  The functions
   above do so before they open pages.  */
void mir_write_close_again (struct mir_pool *pool);

/* Replace memory of SLAB which may be shared with another process since a fork.  The lock is
   held.  */
MIR_code_status_t mir_write_privatise (struct mir_slab *slab);

#endif /* MIR_CODE_WRITE_H */
