/* The slices of one range of the default heap: which can be accessed, which mimalloc has, and which
   are free but still have memory.  Nothing here calls the system.  One thread at a time.

   slice   what mimalloc takes and returns: MIR_SLICE bytes; its pages and large blocks are of whole
           slices
   step    MIR_STEP bytes, a huge page: slices become accessible a step at a time
   taken   mimalloc has it
   kept    mimalloc has returned it, and it still has memory
   huge    its step has a huge page, or may get one
   empty   mimalloc has it, but its memory was moved away; some may have come back since  */
#ifndef MIR_HEAP_SLICES_H
#define MIR_HEAP_SLICES_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint64_t */

enum { MIR_SLICE = 64 * 1024, MIR_STEP = 2 * 1024 * 1024, MIR_STEP_SLICES = MIR_STEP / MIR_SLICE };

/* Bits for a range of this many slices take this many words, in each of the five arrays.  */
static inline size_t mir_slices_words (size_t num) {
  return (num + 63) / 64;
}

/* A bit for each slice.  */
struct mir_slices {
  size_t num; /* slices */
  uint64_t *open, *taken, *kept, *huge, *empty;
};

/* A run of slices.  */
struct mir_slice_run {
  size_t first, num;
};

/* Whether all slices of RUN can be accessed.  */
int mir_slices_are_open (const struct mir_slices *slices, struct mir_slice_run run);
/* The slices of RUN that cannot be accessed, from the first of them to the last, in whole steps.  */
struct mir_slice_run mir_slices_steps_to_open (const struct mir_slices *slices,
                                               struct mir_slice_run run);
/* Returns how many slices of RUN could not be accessed before.  */
size_t mir_slices_open (struct mir_slices *slices, struct mir_slice_run run);
/* Whether a slice of RUN may be in a huge page; say that those of RUN may.  */
int mir_slices_are_huge (const struct mir_slices *slices, struct mir_slice_run run);
void mir_slices_set_huge (struct mir_slices *slices, struct mir_slice_run run);
/* Give RUN to mimalloc, which may have slices of it already.  Returns how many were kept.  */
size_t mir_slices_take (struct mir_slices *slices, struct mir_slice_run run);
void mir_slices_set_empty (struct mir_slices *slices, struct mir_slice_run run);
/* RUN is back, and kept; also what was not taken, since it may have memory all the same.  Returns how
   many slices are kept by that.  */
size_t mir_slices_return (struct mir_slices *slices, struct mir_slice_run run);
/* The first run of empty slices in RUN, which are not empty any more.  0 slices: there is none.  */
struct mir_slice_run mir_slices_next_empty (struct mir_slices *slices, struct mir_slice_run run);
/* The topmost run of kept slices below BOUND, at most MAX of them; only runs that fill a step if WHOLE
   is set.  0 slices: there is none.  */
struct mir_slice_run mir_slices_find_kept (const struct mir_slices *slices, size_t bound,
                                           size_t max, int whole);
/* RUN, kept slices, has no memory any more.  Not before it has none: a child of fork believes what
   is noted here.  */
void mir_slices_drop (struct mir_slices *slices, struct mir_slice_run run);
/* Whether there is a run of NUM slices that are not taken.  */
int mir_slices_have_free (const struct mir_slices *slices, size_t num);
/* How many slices of RUN are taken, and how many of all are kept.  */
size_t mir_slices_taken_num (const struct mir_slices *slices, struct mir_slice_run run);
size_t mir_slices_kept_num (const struct mir_slices *slices);

#endif /* MIR_HEAP_SLICES_H */
