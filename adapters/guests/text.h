/* A text for libraries that read one: words that repeat, the same in each run.  */
#ifndef MIR_ADAPTERS_GUESTS_TEXT_H
#define MIR_ADAPTERS_GUESTS_TEXT_H

#include <stddef.h> /* size_t */
#include <stdint.h>

/* Fill the LEN bytes at TEXT.  */
static inline void guest_text (char *text, size_t len) {
  static const char words[8][8] = {"code ",   "memory ", "page ", "a ",
                                   "thunk\n", "heap ",   "the ",  "lock "};
  uint32_t state = 1;
  for (size_t at = 0; at < len;) {
    state = state * 1664525u + 1013904223u;
    for (const char *from = words[state >> 29]; *from != 0 && at < len; from++) text[at++] = *from;
    if ((state & 0xf00) == 0 && at < len) text[at++] = (char) ('0' + (state >> 20) % 10);
  }
}

#endif /* MIR_ADAPTERS_GUESTS_TEXT_H */
