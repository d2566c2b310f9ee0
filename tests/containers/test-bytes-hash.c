/* The hashes of bytes, with and without a seed: equal bytes have equal hashes at any address, bytes
   outside do not matter, and different bytes rarely have the same hash.  mir_bytes_equal agrees with
   memcmp.  Built with and without 128-bit integers, see meson.build.  */
#ifdef NO_INT128
#undef __SIZEOF_INT128__
#endif
#include "mir-bytes-hash.h"

#include <stdlib.h>
#include <string.h>

#include "support/tap.h"

enum { MOST = 200 };

static mir_bytes_seed_t seed;

static unsigned hash_plain (const void *bytes, size_t len) {
  return mir_bytes_hash (bytes, len);
}

static unsigned hash_seeded (const void *bytes, size_t len) {
  return mir_bytes_hash_seeded (bytes, len, &seed);
}

static unsigned (*hash_of) (const void *bytes, size_t len);

static void only_the_bytes_count (void) {
  char one[MOST + 8], other[MOST + 8];
  for (size_t len = 0; len <= MOST; len++)
    for (size_t shift = 0; shift < 8; shift++) {
      memset (one, 'x', sizeof (one));
      memset (other, 'y', sizeof (other));
      for (size_t i = 0; i < len; i++) one[i] = other[i + shift] = (char) tap_random ();
      CHECK_INT (hash_of (one, len), hash_of (other + shift, len));
    }
  CHECK_INT (hash_of (NULL, 0), hash_of (one, 0));
}

/* The block ends with the bytes, so that a sanitizer sees any read beyond them.  */
static void no_byte_outside_is_read (void) {
  for (size_t len = 1; len <= MOST; len++) {
    char *bytes = (char *) malloc (len);
    REQUIRE (bytes != NULL);
    memset (bytes, 1, len);
    unsigned hash = hash_of (bytes, len);
    CHECK_INT (hash, hash_of (bytes, len));
    free (bytes);
  }
}

static void every_byte_and_the_length_count (void) {
  char bytes[MOST];
  memset (bytes, 0, sizeof (bytes));
  for (size_t len = 1; len <= MOST; len++) {
    unsigned hash = hash_of (bytes, len);
    CHECK (hash != hash_of (bytes, len - 1));
    for (size_t i = 0; i < len; i++) {
      bytes[i] = 1;
      CHECK (hash != hash_of (bytes, len));
      bytes[i] = 0;
    }
  }
}

static int compare_words (const void *a, const void *b) {
  uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;
  return (x > y) - (x < y);
}

static int compare_hashes (const void *a, const void *b) {
  unsigned x = *(const unsigned *) a, y = *(const unsigned *) b;
  return (x > y) - (x < y);
}

/* For 200000 random hashes 4.7 collisions are expected.  */
static void words_which_look_alike_rarely_agree (void) {
  enum { WORDS = 200000 };
  static unsigned hashes[WORDS];
  for (size_t pad = 0; pad < 40; pad += 3) {
    int agree = 0;
    for (unsigned i = 0; i < WORDS; i++) {
      char word[64];
      size_t len = 0;
      for (unsigned n = i; n != 0 || len == 0; n /= 26) word[len++] = (char) ('a' + n % 26);
      memset (word + len, '_', pad);
      hashes[i] = hash_of (word, len + pad);
    }
    qsort (hashes, WORDS, sizeof (hashes[0]), compare_hashes);
    for (unsigned i = 1; i < WORDS; i++) agree += hashes[i] == hashes[i - 1];
    tap_note ("%zu more: %d agree", pad, agree);
    CHECK (agree < 25);
  }
}

/* From another implementation: the upper halves of what CPython 3.11 has for the hash of these bytes
   with PYTHONHASHSEED=0, where it is SipHash-1-3 with the seed 0.  */
static void the_seeded_hash_is_siphash_1_3 (void) {
  static const unsigned upper[] = {0x26144e6c, 0x52bd41de, 0xa4fa623f, 0x33bce358, 0x3e7c050f,
                                   0x10b0654a, 0xdf736fc8, 0x13c8df4e, 0xdfb5eb7c, 0x20aded98,
                                   0x60c42a6c, 0xe15d7193, 0x4df17953, 0x10a40dec, 0xbeba3cf5,
                                   0x61012550, 0xfa02bdcf, 0xc6050cab, 0x221cb23c, 0x4bfd364c,
                                   0xb883d30d, 0xd337c7f9, 0x531d14b3};
  const mir_bytes_seed_t none = {{0, 0}};
  unsigned char bytes[sizeof (upper) / sizeof (upper[0])];
  for (size_t i = 0; i < sizeof (bytes); i++) bytes[i] = (unsigned char) (i * 37 + 11);
  for (size_t len = 1; len <= sizeof (bytes); len++)
    CHECK_INT (mir_bytes_hash_seeded (bytes, len, &none), upper[len - 1]);
}

/* Texts that share a hash under one seed do not under another.  */
static void the_seed_decides_which_texts_agree (void) {
  enum { TEXTS = 300000 };
  static uint64_t sorted[TEXTS];
  int agree = 0, still = 0;
  seed.words[0] = 1;
  for (uint64_t i = 0; i < TEXTS; i++)
    sorted[i] = (uint64_t) hash_seeded (&i, sizeof (i)) << 32 | i;
  qsort (sorted, TEXTS, sizeof (sorted[0]), compare_words);
  seed.words[1] = 1;
  for (size_t i = 1; i < TEXTS; i++) {
    uint64_t a = sorted[i - 1] & 0xffffffffu, b = sorted[i] & 0xffffffffu;
    if (sorted[i - 1] >> 32 != sorted[i] >> 32) continue;
    agree++;
    still += hash_seeded (&a, sizeof (a)) == hash_seeded (&b, sizeof (b));
  }
  tap_note ("%d agree, %d with the other seed", agree, still);
  CHECK (agree > 0 && still == 0);
}

/* Each block ends with its bytes, so that a sanitizer sees any read beyond them.  */
static void equal_is_what_memcmp_says (void) {
  CHECK_INT (mir_bytes_equal (NULL, NULL, 0), 1);
  for (size_t len = 1; len <= MOST; len++) {
    char *a = (char *) malloc (len), *b = (char *) malloc (len);
    REQUIRE (a != NULL && b != NULL);
    for (size_t i = 0; i < len; i++) a[i] = b[i] = (char) tap_random ();
    CHECK_INT (mir_bytes_equal (a, b, len), 1);
    for (size_t i = 0; i < len; i++)
      for (int bit = 0; bit < 8; bit++) {
        b[i] = (char) (b[i] ^ 1 << bit);
        CHECK_INT (mir_bytes_equal (a, b, len), 0);
        b[i] = (char) (b[i] ^ 1 << bit);
      }
    free (a);
    free (b);
  }
}

int main (void) {
  hash_of = hash_plain;
  TEST_RUN (only_the_bytes_count);
  TEST_RUN (no_byte_outside_is_read);
  TEST_RUN (every_byte_and_the_length_count);
  TEST_RUN (words_which_look_alike_rarely_agree);
  hash_of = hash_seeded;
  TEST_RUN (only_the_bytes_count);
  TEST_RUN (no_byte_outside_is_read);
  TEST_RUN (every_byte_and_the_length_count);
  TEST_RUN (words_which_look_alike_rarely_agree);
  TEST_RUN (the_seeded_hash_is_siphash_1_3);
  TEST_RUN (the_seed_decides_which_texts_agree);
  TEST_RUN (equal_is_what_memcmp_says);
  return tap_done ();
}
