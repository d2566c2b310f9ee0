/* The matrix of slices (types.h): for each kept node and each pair of slices, how much was born in
   the one and ended in the other; and how much of what was born in a slice was temporary.

   Only what occurs takes room, at most SLICES_MOVES_MAX sums.  When all are used, slices are joined
   in pairs or the least important nodes are merged.  Out of memory ends the program.  One
   thread.  */
#ifndef MIR_REPORT_SLICES_H
#define MIR_REPORT_SLICES_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "report/containers.h"
#include "report/kept.h"
#include "report/sum.h"

enum {
  SLICES_MAX = 64,
  SLICES_NEVER = SLICES_MAX, /* the block is left */
  SLICES_TEMPORARY,          /* not an end: these blocks have one as well */
  SLICES_MOVES_MAX = 48000
};

/* A sum of the matrix.  */
typedef struct move {
  uint16_t node;       /* kept */
  uint8_t born, ended; /* slices; ENDED may be SLICES_NEVER or SLICES_TEMPORARY */
  struct sum sum;
} move_t;

DEF_VARR (move_t)

struct slices {
  uint64_t width;                    /* nanoseconds of a slice before any were joined */
  size_t first_num;                  /* slices before any were joined */
  unsigned joins;                    /* how often: a slice is now 2^JOINS of the first ones */
  unsigned now;                      /* the first slice of the time set last */
  uint64_t now_bound;                /* its end; UINT64_MAX of the last slice */
  VARR (move_t) *moves;              /* in no order */
  struct HTAB (move_ref_t) *indices; /* slices.c's: of `moves`, by node and slices */
};

/* Make SLICES empty, for a run of NUM bins of WIDTH nanoseconds, NUM > 0.  */
void slices_init (struct slices *slices, MIR_alloc_t alloc, size_t num, uint64_t width);
/* Initialise COPY as a copy of SLICES, which can only be reduced and sorted.  */
void slices_copy (struct slices *copy, const struct slices *slices);
/* SLICES may also be all zeros.  */
void slices_finish (struct slices *slices);

/* Set the time, which is not before the one that was set last.  */
void slices_set_time (struct slices *slices, uint64_t time);

/* Count a block of SIZE bytes that was made in STACK, a stack of the tree.  BORN and ENDED are
   first slices; ENDED may be SLICES_NEVER or SLICES_TEMPORARY.  */
void slices_add (struct slices *slices, struct kept *kept, uint32_t stack, unsigned born,
                 unsigned ended, uint64_t size);
/* Make do with fewer sums: with fewer slices, or fewer nodes.  0: there is one slice,
   the root and one leaf, or only the root.  */
int slices_reduce (struct slices *slices, struct kept *kept);
/* Sort `moves` by node, born, ended.  Nothing can be added from now on.  */
void slices_sort (struct slices *slices);

/* How many there are, and how long each is.  */
static inline unsigned slices_num (const struct slices *slices) {
  return (unsigned) ((slices->first_num - 1) >> slices->joins) + 1;
}

static inline uint64_t slices_width (const struct slices *slices) {
  return slices->width << slices->joins;
}

#endif /* MIR_REPORT_SLICES_H */
