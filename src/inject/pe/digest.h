/* A 64-bit digest, to notice that bytes have changed.

   The result does not depend on the parts in which bytes are added, nor on the machine.  A change
   of a single 8-byte word always changes the digest, any other change almost always.  It does not
   protect against deliberate forgery.  One thread at a time.

   lane  one of eight independent sums, each over every eighth word: none waits for another  */

#ifndef MIR_INJECT_PE_DIGEST_H
#define MIR_INJECT_PE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* DIGEST_STEP: bytes, one word for each lane.  */
enum { DIGEST_LANES = 8, DIGEST_STEP = 8 * DIGEST_LANES };

struct digest {
  uint64_t lanes[DIGEST_LANES];
  uint64_t size;             /* bytes added; the last size % DIGEST_STEP are in REST */
  uint8_t rest[DIGEST_STEP]; /* not yet in the lanes */
};

/* Begin with no bytes; add N.  */
void digest_start (struct digest *digest);
void digest_add (struct digest *digest, const uint8_t *bytes, size_t n);
/* The digest so far; more bytes may be added afterwards.  */
uint64_t digest_end (const struct digest *digest);

#endif
