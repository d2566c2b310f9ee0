/* A number of 64 bits that tells one run of bytes from another of the same size, in whatever parts
   it is added, on every machine.  One word of 8 bytes that is changed is found for certain, what
   else there is by all odds; no protection from who wants to deceive.

   lane  each of eight sums takes every eighth word, so that none waits for another  */

#ifndef MIR_INJECT_PE_DIGEST_H
#define MIR_INJECT_PE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_LANES = 8, DIGEST_STEP = 8 * DIGEST_LANES };

struct digest {
  uint64_t lanes[DIGEST_LANES];
  uint64_t size;             /* bytes so far; size % DIGEST_STEP of them are in REST */
  uint8_t rest[DIGEST_STEP]; /* not in the lanes yet */
};

void digest_start (struct digest *digest);
void digest_add (struct digest *digest, const uint8_t *bytes, size_t n);
/* The number; more may be added after that.  */
uint64_t digest_end (const struct digest *digest);

#endif
