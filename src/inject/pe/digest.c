/* The digest of bytes that are added in parts.  */
#include "inject/pe/digest.h"

#include <string.h>

#include "inject/pe/pe.h" /* pe_u64 */

/* Add a word to a lane.  Bijective in both arguments, so a change in either is never lost.  The
   rotation moves the highest bits to where the multiplication spreads them.  */
static inline uint64_t step (uint64_t lane, uint64_t word) {
  uint64_t sum = lane ^ word;
  return (sum << 29 | sum >> 35) * 0x9e3779b97f4a7c15u;
}

void digest_start (struct digest *digest) {
  *digest = (struct digest) {0};
  for (unsigned i = 0; i < DIGEST_LANES; i++) digest->lanes[i] = step (0, i + 1);
}

/* N is a multiple of DIGEST_STEP.  Compilers keep the eight elements in registers; a loop over the
   lanes takes more than twice as long.  */
static void add_steps (struct digest *digest, const uint8_t *bytes, size_t n) {
  uint64_t lanes[DIGEST_LANES];
  memcpy (lanes, digest->lanes, sizeof (lanes));
  for (const uint8_t *end = bytes + n; bytes != end; bytes += DIGEST_STEP) {
    lanes[0] = step (lanes[0], pe_u64 (bytes));
    lanes[1] = step (lanes[1], pe_u64 (bytes + 8));
    lanes[2] = step (lanes[2], pe_u64 (bytes + 16));
    lanes[3] = step (lanes[3], pe_u64 (bytes + 24));
    lanes[4] = step (lanes[4], pe_u64 (bytes + 32));
    lanes[5] = step (lanes[5], pe_u64 (bytes + 40));
    lanes[6] = step (lanes[6], pe_u64 (bytes + 48));
    lanes[7] = step (lanes[7], pe_u64 (bytes + 56));
  }
  memcpy (digest->lanes, lanes, sizeof (lanes));
}

void digest_add (struct digest *digest, const uint8_t *bytes, size_t n) {
  size_t filled = digest->size % DIGEST_STEP;
  digest->size += n;
  if (filled > 0) {
    size_t part = DIGEST_STEP - filled < n ? DIGEST_STEP - filled : n;
    memcpy (digest->rest + filled, bytes, part);
    bytes += part;
    n -= part;
    if (filled + part < DIGEST_STEP) return;
    add_steps (digest, digest->rest, DIGEST_STEP);
  }
  size_t whole = n - n % DIGEST_STEP;
  add_steps (digest, bytes, whole);
  memcpy (digest->rest, bytes + whole, n - whole);
}

uint64_t digest_end (const struct digest *digest) {
  struct digest last = *digest;
  size_t filled = last.size % DIGEST_STEP;
  uint64_t sum = last.size;
  memset (last.rest + filled, 0, DIGEST_STEP - filled);
  add_steps (&last, last.rest, DIGEST_STEP);
  for (unsigned i = 0; i < DIGEST_LANES; i++) sum = step (sum, last.lanes[i]);
  return sum;
}
