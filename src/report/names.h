/* Names, each kept once: a number stands for it.  0 is the empty one.

   What comes out is UTF-8 without control characters, whatever went in.  */
#ifndef MIR_REPORT_NAMES_H
#define MIR_REPORT_NAMES_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-htab.h"

/* Where the text is in `text`, from which 0 ends it.  */
typedef struct name {
  size_t start, len;
} name_t;

DEF_VARR (char)
DEF_VARR (name_t)

struct names {
  VARR (char) *text;
  VARR (name_t) *names;
  struct HTAB (uint32_t) *table; /* numbers by the text that they stand for */
};

void names_init (struct names *names, MIR_alloc_t alloc);
void names_finish (struct names *names);
/* The number of the LEN bytes at TEXT.  */
uint32_t names_add (struct names *names, const char *text, size_t len);
/* Until the next one is added.  */
const char *names_text (const struct names *names, uint32_t name);

/* The same, or OTHERWISE for the empty name.  */
static inline const char *names_text_or (const struct names *names, uint32_t name,
                                         const char *otherwise) {
  return name == 0 ? otherwise : names_text (names, name);
}

#endif /* MIR_REPORT_NAMES_H */
