/* Names, each kept once: a number stands for it.  0 is the empty one.

   What comes out is UTF-8 without control characters, whatever went in.  */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-htab.h"

/* Where the text is in `text`, from which 0 ends it.  */
typedef struct name {
  size_t start, len;
} name_t;

DEF_VARR (char)
DEF_VARR (name_t)
DEF_HTAB (uint32_t)

struct names {
  VARR (char) *text;
  VARR (name_t) *names;
  HTAB (uint32_t) *table; /* of numbers, by what they stand for */
};

void names_init (struct names *names, MIR_alloc_t alloc);
void names_finish (struct names *names);
/* The number of the LEN bytes at TEXT.  */
uint32_t names_add (struct names *names, const char *text, size_t len);
/* Until the next one is added.  */
const char *names_text (const struct names *names, uint32_t name);

/* Spread the bits of KEY, for tables.  */
static inline htab_hash_t hash_bits (uint64_t key) {
  key *= 0x9e3779b97f4a7c15u; /* 2^64 / the golden ratio: Knuth's multiplicative hashing */
  return (htab_hash_t) (key >> 32);
}

#endif /* NAMES_H */
