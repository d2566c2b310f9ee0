/* The digest does not depend on the parts nor on the machine, and changes with the bytes.  */
#include <string.h>

#include "inject/pe/digest.h"
#include "support/tap.h"

enum { SIZE = 3 * DIGEST_STEP + 5 };

static uint64_t digest_of (const uint8_t *bytes, size_t n) {
  struct digest digest;
  digest_start (&digest);
  digest_add (&digest, bytes, n);
  return digest_end (&digest);
}

static void fill (uint8_t *bytes) {
  for (unsigned i = 0; i < SIZE; i++) bytes[i] = (uint8_t) (i * 37 + 11);
}

/* Records contain the digest, so it must never change.  */
static void is_a_known_number (void) {
  uint8_t bytes[SIZE];
  fill (bytes);
  CHECK (digest_of (bytes, 0) == 0x92691b800d4c74d6);
  CHECK (digest_of (bytes, 3) == 0xb6e55c2777752729);
  CHECK (digest_of (bytes, SIZE) == 0x27b97f1cad2c30db);
}

static void is_the_same_in_any_parts (void) {
  uint8_t bytes[SIZE];
  fill (bytes);
  for (unsigned round = 0; round < 200; round++) {
    struct digest digest;
    digest_start (&digest);
    for (size_t at = 0; at < SIZE;) {
      size_t n = tap_random () % (round % 100 + 2);
      if (n > SIZE - at) n = SIZE - at;
      digest_add (&digest, bytes + at, n);
      CHECK (digest_end (&digest) == digest_of (bytes, at + n));
      at += n;
    }
  }
}

static void finds_every_bit_and_the_size (void) {
  uint8_t bytes[SIZE];
  fill (bytes);
  uint64_t all = digest_of (bytes, SIZE);
  for (unsigned i = 0; i < 8 * SIZE; i++) {
    bytes[i / 8] ^= (uint8_t) (1 << i % 8);
    CHECK (digest_of (bytes, SIZE) != all);
    bytes[i / 8] ^= (uint8_t) (1 << i % 8);
  }
  CHECK (digest_of (bytes, SIZE) == all);
  memset (bytes, 0, SIZE);
  for (unsigned n = 0; n < SIZE; n++) CHECK (digest_of (bytes, n) != digest_of (bytes, n + 1));
}

/* Two bytes exchanged, and two highest bits flipped: a plain sum would not notice.  */
static void finds_what_moves_or_cancels_out (void) {
  uint8_t bytes[SIZE];
  fill (bytes);
  uint64_t all = digest_of (bytes, SIZE);
  for (unsigned i = 0; i < SIZE; i++)
    for (unsigned k = 0; k < i; k++) {
      uint8_t x = bytes[i], y = bytes[k];
      bytes[i] = y;
      bytes[k] = x;
      CHECK ((digest_of (bytes, SIZE) != all) == (x != y));
      bytes[i] = x ^ 0x80;
      bytes[k] = y ^ 0x80;
      CHECK (digest_of (bytes, SIZE) != all);
      bytes[i] = x;
      bytes[k] = y;
    }
}

int main (void) {
  TEST_RUN (is_a_known_number);
  TEST_RUN (is_the_same_in_any_parts);
  TEST_RUN (finds_every_bit_and_the_size);
  TEST_RUN (finds_what_moves_or_cancels_out);
  return tap_done ();
}
