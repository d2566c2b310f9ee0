/* Hash and equality of the tables of mir-report, for DEF_HTAB_BOUND.  EL, A and B are elements; ARG
   is not used.  */
#ifndef MIR_REPORT_HASH_H
#define MIR_REPORT_HASH_H

#include "report/containers.h"

/* Addresses of one program differ above their lower half too, and htab_hash_t has 32 bits.  */
static inline htab_hash_t hash_bits (uint64_t key) {
  key *= 0x9e3779b97f4a7c15u; /* 2^64 / the golden ratio: Knuth's multiplicative hashing */
  return (htab_hash_t) (key >> 32);
}

/* Begin to load what is at the address WHERE and a cache line long.  */
#ifdef __GNUC__
#define HASH_PREFETCH(WHERE) __builtin_prefetch (WHERE, 1)
#else
#define HASH_PREFETCH(WHERE) ((void) (WHERE))
#endif

#define HASH_ADDRESS(EL, ARG) ((void) (ARG), hash_bits ((EL).address))
#define SAME_ADDRESS(A, B, ARG) ((A).address == (B).address)

#endif /* MIR_REPORT_HASH_H */
