/* Words to look for: those of sources, and made-up ones.  */
#ifndef MIR_BENCH_CONTAINERS_WORDS_H
#define MIR_BENCH_CONTAINERS_WORDS_H

#include <stddef.h> /* size_t */

#include "tables.h"

/* The identifiers and keywords of the files that were read, in their order and with repetitions, as
   a compiler sees them: those in comments and strings are left out.  */
extern struct word *source_words;
extern size_t source_words_num;

/* Append the words of the C files whose paths are the lines of the file LIST.  */
void read_source_words (const char *list);

/* NUM words of 4 to 22 bytes, 11 on average.  Word I is made from NUMBER (I), below 2^20: the same
   numbers make words that are equal, at other addresses.  The caller frees them with
   free_words.  */
struct word *make_words (size_t num, unsigned (*number) (size_t i));
/* WORDS may be NULL.  */
void free_words (struct word *words);

#endif /* MIR_BENCH_CONTAINERS_WORDS_H */
