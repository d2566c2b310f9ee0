/* Hashes of bytes, and whether bytes are equal, for the tables of mir-htab.h: identifiers, strings,
   small records.

     mir_bytes_hash          the fast one.  It does not resist an adversary who chooses the bytes:
                             many texts with one hash are found in a moment
     mir_bytes_hash_seeded   for names that come from strangers: without the seed nobody can choose
                             texts that share a hash.  Three times as slow for an identifier
     mir_bytes_equal         memcmp (...) == 0, without a call for short texts

   All of them read words that overlap instead of looping over the last bytes.  mir_bytes_hash
   depends on the byte order of the machine: use both for tables in memory, never for what is
   written out.

   Nothing here allocates or fails.  Threads: any.  */
#ifndef MIR_BYTES_HASH_H
#define MIR_BYTES_HASH_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

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

/* Both halves of the product, by exclusive or: most bits depend on many bits of both factors.  */
static inline uint64_t mir_bytes_hash_mix_ (uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
  __extension__ unsigned __int128 product = (__extension__ (unsigned __int128) a) * b;
  return (uint64_t) product ^ (uint64_t) (product >> 64);
#else
  uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
  uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + (middle & 0xffffffffu);
  return (other << 32 | (low & 0xffffffffu)) ^ (a1 * b1 + (middle >> 32) + (other >> 32));
#endif
}

/* The hash of the LEN bytes at BYTES; BYTES may be NULL if LEN is 0.  */
static inline unsigned mir_bytes_hash (const void *bytes, size_t len) {
  const uint64_t odd = 0xc2b2ae3d27d4eb4fu;
  const unsigned char *p = (const unsigned char *) bytes;
  uint64_t a, b, state = len * 0x8cb92ba72f3d8dd7u;
  if (len > 16) {
    const unsigned char *last = p + len - 16;
    for (; p < last; p += 16)
      state = mir_bytes_hash_mix_ (state ^ mir_bytes_hash_8_ (p), mir_bytes_hash_8_ (p + 8) ^ odd);
    a = mir_bytes_hash_8_ (last), b = mir_bytes_hash_8_ (last + 8);
  } else if (len >= 4) { /* four words of 4 bytes: no branch tells lengths from 4 to 16 apart */
    size_t step = len / 8 * 4;
    a = mir_bytes_hash_4_ (p) | mir_bytes_hash_4_ (p + step) << 32;
    b = mir_bytes_hash_4_ (p + len - 4) | mir_bytes_hash_4_ (p + len - 4 - step) << 32;
  } else if (len > 0) {
    a = (uint64_t) p[0] << 16 | (uint64_t) p[len / 2] << 8 | p[len - 1], b = 0;
  } else {
    a = b = 0;
  }
  return (unsigned) mir_bytes_hash_mix_ (state ^ a, b ^ odd);
}

/*---------------- Names from strangers -------------------------*/
/* The secret of mir_bytes_hash_seeded: 16 bytes at random, from getrandom (2), arc4random_buf (3)
   or BCryptGenRandom, made once for a process or a table, and never told to those who choose the
   bytes.  */
typedef struct mir_bytes_seed {
  uint64_t words[2];
} mir_bytes_seed_t;

/* The state of SipHash (Aumasson and Bernstein, 2012), here with one round for each word and three
   at the end, as in the tables of Rust and Python.  */
struct mir_bytes_sip_ {
  uint64_t a, b, c, d;
};

static inline uint64_t mir_bytes_rotate_ (uint64_t word, int bits) {
  return word << bits | word >> (64 - bits);
}

static inline void mir_bytes_sip_round_ (struct mir_bytes_sip_ *s) {
  s->a += s->b, s->c += s->d;
  s->b = mir_bytes_rotate_ (s->b, 13) ^ s->a;
  s->d = mir_bytes_rotate_ (s->d, 16) ^ s->c;
  s->a = mir_bytes_rotate_ (s->a, 32) + s->d;
  s->c += s->b;
  s->d = mir_bytes_rotate_ (s->d, 21) ^ s->a;
  s->b = mir_bytes_rotate_ (s->b, 17) ^ s->c;
  s->c = mir_bytes_rotate_ (s->c, 32);
}

static inline void mir_bytes_sip_word_ (struct mir_bytes_sip_ *s, uint64_t word) {
  s->d ^= word;
  mir_bytes_sip_round_ (s);
  s->a ^= word;
}

/* The word of the 8 bytes at P, the lowest first on every machine.  */
static inline uint64_t mir_bytes_little_8_ (const unsigned char *p) {
#if defined(__BYTE_ORDER__) && defined(__ORDER_LITTLE_ENDIAN__) \
    && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return mir_bytes_hash_8_ (p);
#else
  uint64_t word = 0;
  int i;
  for (i = 7; i >= 0; i--) word = word << 8 | p[i];
  return word;
#endif
}

/* The upper half of SipHash-1-3 of the LEN bytes at BYTES under SEED; BYTES may be NULL if LEN is
   0.  */
static inline unsigned mir_bytes_hash_seeded (const void *bytes, size_t len,
                                              const mir_bytes_seed_t *seed) {
  const unsigned char *p = (const unsigned char *) bytes;
  struct mir_bytes_sip_ s;
  uint64_t last = (uint64_t) len << 56;
  size_t left = len, i;
  s.a = seed->words[0] ^ 0x736f6d6570736575u;
  s.b = seed->words[1] ^ 0x646f72616e646f6du;
  s.c = seed->words[0] ^ 0x6c7967656e657261u;
  s.d = seed->words[1] ^ 0x7465646279746573u;
  for (; left >= 8; left -= 8, p += 8) mir_bytes_sip_word_ (&s, mir_bytes_little_8_ (p));
  if (len >= 8 && left != 0) /* the 8 bytes at the end overlap the last word */
    last |= mir_bytes_little_8_ (p + left - 8) >> (64 - 8 * left);
  else
    for (i = 0; i < left; i++) last |= (uint64_t) p[i] << 8 * i;
  mir_bytes_sip_word_ (&s, last);
  s.c ^= 0xff;
  mir_bytes_sip_round_ (&s);
  mir_bytes_sip_round_ (&s);
  mir_bytes_sip_round_ (&s);
  return (unsigned) ((s.a ^ s.b ^ s.c ^ s.d) >> 32);
}

/*---------------- Equal bytes ----------------------------------*/
/* 1 if the LEN bytes at A are those at B, else 0; either may be NULL if LEN is 0.  */
static inline int mir_bytes_equal (const void *a, const void *b, size_t len) {
  const unsigned char *p = (const unsigned char *) a, *q = (const unsigned char *) b;
  if (len > 16) return memcmp (a, b, len) == 0;
  if (len >= 4) {
    size_t step = len / 8 * 4, last = len - 4;
    return ((mir_bytes_hash_4_ (p) ^ mir_bytes_hash_4_ (q))
            | (mir_bytes_hash_4_ (p + step) ^ mir_bytes_hash_4_ (q + step))
            | (mir_bytes_hash_4_ (p + last) ^ mir_bytes_hash_4_ (q + last))
            | (mir_bytes_hash_4_ (p + last - step) ^ mir_bytes_hash_4_ (q + last - step)))
           == 0;
  }
  return len == 0 || ((p[0] ^ q[0]) | (p[len / 2] ^ q[len / 2]) | (p[len - 1] ^ q[len - 1])) == 0;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_BYTES_HASH_H */
