/* mir_bytes_hash: equal bytes have equal hashes at any address, bytes outside do not matter, and
   different bytes rarely have the same hash.  */
#include "mir-bytes-hash.h"

#include <stdlib.h>
#include <string.h>

#include "support/tap.h"

enum { MOST = 200 };

static void only_the_bytes_count (void) {
  char one[MOST + 8], other[MOST + 8];
  for (size_t len = 0; len <= MOST; len++)
    for (size_t shift = 0; shift < 8; shift++) {
      memset (one, 'x', sizeof (one));
      memset (other, 'y', sizeof (other));
      for (size_t i = 0; i < len; i++) one[i] = other[i + shift] = (char) tap_random ();
      CHECK_INT (mir_bytes_hash (one, len), mir_bytes_hash (other + shift, len));
    }
  CHECK_INT (mir_bytes_hash (NULL, 0), mir_bytes_hash (one, 0));
}

/* The block ends with the bytes, so that a sanitizer sees any read beyond them.  */
static void no_byte_outside_is_read (void) {
  for (size_t len = 1; len <= MOST; len++) {
    char *bytes = (char *) malloc (len);
    REQUIRE (bytes != NULL);
    memset (bytes, 1, len);
    unsigned hash = mir_bytes_hash (bytes, len);
    CHECK_INT (hash, mir_bytes_hash (bytes, len));
    free (bytes);
  }
}

static void every_byte_and_the_length_count (void) {
  char bytes[MOST];
  memset (bytes, 0, sizeof (bytes));
  for (size_t len = 1; len <= MOST; len++) {
    unsigned hash = mir_bytes_hash (bytes, len);
    CHECK (hash != mir_bytes_hash (bytes, len - 1));
    for (size_t i = 0; i < len; i++) {
      bytes[i] = 1;
      CHECK (hash != mir_bytes_hash (bytes, len));
      bytes[i] = 0;
    }
  }
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
      hashes[i] = mir_bytes_hash (word, len + pad);
    }
    qsort (hashes, WORDS, sizeof (hashes[0]), compare_hashes);
    for (unsigned i = 1; i < WORDS; i++) agree += hashes[i] == hashes[i - 1];
    tap_note ("%zu more: %d agree", pad, agree);
    CHECK (agree < 25);
  }
}

int main (void) {
  TEST_RUN (only_the_bytes_count);
  TEST_RUN (no_byte_outside_is_read);
  TEST_RUN (every_byte_and_the_length_count);
  TEST_RUN (words_which_look_alike_rarely_agree);
  return tap_done ();
}
