/* Names, each kept once and known by a number; 0 is the empty name.

   Names are UTF-8 without control characters: names_add replaces all other bytes by "?".  Out of
   memory ends the program.  One thread.  */
#ifndef MIR_REPORT_NAMES_H
#define MIR_REPORT_NAMES_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "report/containers.h"

/* The place of a name in `text`, where a 0 follows it.  */
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
/* The number of the name of LEN bytes at TEXT, which is added if it is new.  */
uint32_t names_add (struct names *names, const char *text, size_t len);
/* The text of NAME, valid until the next call of names_add.  */
const char *names_text (const struct names *names, uint32_t name);

/* The text of NAME, or OTHERWISE for the empty name.  */
static inline const char *names_text_or (const struct names *names, uint32_t name,
                                         const char *otherwise) {
  return name == 0 ? otherwise : names_text (names, name);
}

#endif /* MIR_REPORT_NAMES_H */
