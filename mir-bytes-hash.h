/* A fast hash of bytes for the tables of mir-htab.h: identifiers, strings, small records.

   The function reads 8 or 16 bytes at a time; the last read overlaps the one before it, so there is
   no loop over the remaining bytes.  The hash depends on the byte order of the machine: use it for
   tables in memory, never for what is written out.  It does not resist an adversary who chooses the
   bytes.

   Threads: any.  */
#ifndef MIR_BYTES_HASH_H
#define MIR_BYTES_HASH_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint32_t, uint64_t */
#include <string.h> /* memcpy */

#ifdef __cplusplus
extern "C" {
#endif

static inline uint64_t mir_bytes_hash_8_ (const unsigned char *p) {
  uint64_t word;
  memcpy (&word, p, sizeof (word));
  return word;
}

static inline uint64_t mir_bytes_hash_4_ (const unsigned char *p) {
  uint32_t word;
  memcpy (&word, p, sizeof (word));
  return word;
}

/* Mix two words into one in which most bits depend on many bits of both.  For a given B, different
   A give different results.  */
static inline uint64_t mir_bytes_hash_mix_ (uint64_t a, uint64_t b) {
  a *= 0x9e3779b97f4a7c15u;
  b *= 0xc2b2ae3d27d4eb4fu;
  return a ^ (b >> 32 | b << 32);
}

/* The hash of the LEN bytes at BYTES; BYTES may be NULL if LEN is 0.  */
static inline unsigned mir_bytes_hash (const void *bytes, size_t len) {
  const unsigned char *p = (const unsigned char *) bytes;
  uint64_t a, b, state = len * 0x8cb92ba72f3d8dd7u;
  if (len > 16) {
    const unsigned char *last = p + len - 16;
    for (; p < last; p += 16) {
      state = mir_bytes_hash_mix_ (state ^ mir_bytes_hash_8_ (p), mir_bytes_hash_8_ (p + 8));
      state ^= state >> 29;
    }
    a = mir_bytes_hash_8_ (last), b = mir_bytes_hash_8_ (last + 8);
  } else if (len > 8) {
    a = mir_bytes_hash_8_ (p), b = mir_bytes_hash_8_ (p + len - 8);
  } else if (len >= 4) {
    a = mir_bytes_hash_4_ (p) | mir_bytes_hash_4_ (p + len - 4) << 32, b = 0;
  } else if (len > 0) {
    a = (uint64_t) p[0] << 16 | (uint64_t) p[len / 2] << 8 | p[len - 1], b = 0;
  } else {
    a = b = 0;
  }
  state = mir_bytes_hash_mix_ (state ^ a, b);
  state = (state ^ state >> 32) * 0xd6e8feb86659fd93u;
  return (unsigned) (state >> 32);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_BYTES_HASH_H */
