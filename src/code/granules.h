/* Which parts of a slab are taken: bit planes beside the code, never in it.

   granule   32 bytes, the unit of everything here; an index counts them from the slab's start
   piece     what one publication took: neighbouring granules
   run       free granules between two pieces, or a piece and an end of the slab

     used    1 1 1 1 1 0 0 0 1 1 0 ...     taken by some piece
     stop    0 0 1 0 1 0 0 0 0 1 0 ...     the last one of its piece: here pieces of 3, 2 and 2
     freed   0 0 0 1 0 0 0 0 0 0 0 ...     the first one of a piece which waits to be reclaimed

   One thread at a time.  Nothing here allocates or fails.  */
#ifndef MIR_CODE_GRANULES_H
#define MIR_CODE_GRANULES_H

#include <stddef.h> /* size_t */
#include <stdint.h>

enum { MIR_GRANULE = 32 }; /* bytes */

#define MIR_NO_GRANULE UINT32_MAX

struct mir_granules {
  uint64_t *used, *stop, *freed; /* mir_granules_words (count) each; bits behind top are 0 */
  uint32_t count;
  uint32_t top; /* behind the last piece: the run from here to count, the longest as a rule, is
                   known without looking at its bits */
};

static inline size_t mir_granules_words (size_t count) {
  return (count + 63) / 64;
}

/* Bytes for the planes of COUNT granules.  */
static inline size_t mir_granules_size (size_t count) {
  return 3 * mir_granules_words (count) * sizeof (uint64_t);
}

/* Let COUNT granules be free, their planes in MEMORY, which has room for them.  */
void mir_granules_init (struct mir_granules *g, void *memory, size_t count);

/* [FIRST, FIRST + N), part of a run, becomes a piece.  */
void mir_granules_take (struct mir_granules *g, uint32_t first, uint32_t n);
/* The piece at FIRST becomes free; set *START to the start of the run that it is in now and return
   the run's length.  */
uint32_t mir_granules_release (struct mir_granules *g, uint32_t first, uint32_t *start);
/* The first granule of the piece which I is in; MIR_NO_GRANULE if I is free.  */
uint32_t mir_granules_piece (const struct mir_granules *g, uint32_t i);
/* Whether a piece starts at I.  */
int mir_granules_is_piece (const struct mir_granules *g, uint32_t i);
/* The length of the piece at FIRST.  */
uint32_t mir_granules_piece_len (const struct mir_granules *g, uint32_t first);
/* The length of the run which starts at I; 0 if none starts there.  */
uint32_t mir_granules_run_len (const struct mir_granules *g, uint32_t i);
/* The start of the first run at I or behind it; MIR_NO_GRANULE if there is none.  */
uint32_t mir_granules_next_run (const struct mir_granules *g, uint32_t i);
/* The piece at FIRST, longer than N, becomes two: the first one has N granules.  */
void mir_granules_split (struct mir_granules *g, uint32_t first, uint32_t n);
/* Whether the piece at FIRST is freed.  */
int mir_granules_is_freed (const struct mir_granules *g, uint32_t first);
/* Let the piece at FIRST be freed, or not any more.  mir_granules_release ends it, too.  */
void mir_granules_set_freed (struct mir_granules *g, uint32_t first);
void mir_granules_clear_freed (struct mir_granules *g, uint32_t first);

#endif /* MIR_CODE_GRANULES_H */
