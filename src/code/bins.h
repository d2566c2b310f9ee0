/* Free runs in bins by length (size classes), so that a fitting one is found fast.

   The bins are lazy.  A reference whose run was taken, or has merged with a neighbour, stays until
   a search meets it, and counts only if the bitmaps of the slab confirm it: freeing a code block
   has nothing to find and unlink.  A run without a reference is merely not found.  The caller
   clears the bins and adds all runs again when references run out, and moves the bins to more
   memory in time.

   One thread at a time.  The caller owns the memory.  */
#ifndef MIR_CODE_BINS_H
#define MIR_CODE_BINS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

struct mir_slab;

enum { MIR_BINS = 128 }; /* two words of `filled` */

/* A reference to a free run.  */
struct mir_run {
  struct mir_slab *slab;
  uint32_t start; /* granule */
  uint32_t next;  /* index of the next reference in its bin, or in the free list */
};

struct mir_bins {
  struct mir_run *refs;
  uint32_t capacity;        /* references in REFS */
  uint32_t fresh;           /* references from here on, and their memory, were never touched */
  uint32_t free;            /* free list of the references before `fresh`; MIR_NO_REF: empty */
  uint64_t filled[2];       /* bit N is 0: bin N is empty */
  uint32_t heads[MIR_BINS]; /* MIR_NO_REF: empty */
};

#define MIR_NO_REF UINT32_MAX /* no index of a reference */

void mir_bins_init (struct mir_bins *bins);
/* Move to MEMORY, which has room for CAPACITY references, more than now.  Returns the old
   memory.  */
void *mir_bins_move (struct mir_bins *bins, void *memory, uint32_t capacity);
/* Add the run of LEN granules at START.  Returns 0, or -1 when there is no free reference.  */
int mir_bins_add (struct mir_bins *bins, struct mir_slab *slab, uint32_t start, uint32_t len);
/* Set *SLAB and *START to a run of at least LEN granules, from the smallest bin that has one.  0,
   or -1 if there is none.  */
int mir_bins_find (struct mir_bins *bins, uint32_t len, struct mir_slab **slab, uint32_t *start);
/* Remove all references.  */
void mir_bins_clear (struct mir_bins *bins);

#endif /* MIR_CODE_BINS_H */
