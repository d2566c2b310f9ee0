/* Free runs by length, to find a fitting one fast.

   Lazy: a reference whose run was taken, or has grown together with a neighbour, stays until it is
   met; it is believed only if the bit bitmaps confirm it.  So nothing has to be found and unlinked
   when a piece is freed.  A run without a reference is not found, no more: the caller clears and
   adds anew when there are no free references, and moves to more memory in time.

   One thread at a time.  Memory is the caller's.  */
#ifndef MIR_CODE_BINS_H
#define MIR_CODE_BINS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

struct mir_slab;

enum { MIR_BINS = 128 };

struct mir_run {
  struct mir_slab *slab;
  uint32_t start; /* granule */
  uint32_t next;  /* index of the next one in its bin, or in the list of free references */
};

struct mir_bins {
  struct mir_run *refs;
  uint32_t capacity;
  uint32_t fresh;           /* references from here on were never used, nor their memory touched */
  uint32_t free;            /* list of other references in no bin; MIR_NO_REF: none */
  uint64_t filled[2];       /* bit N: bin N may not be empty */
  uint32_t heads[MIR_BINS]; /* MIR_NO_REF: empty */
};

#define MIR_NO_REF UINT32_MAX

void mir_bins_init (struct mir_bins *bins);
/* Move to MEMORY, which has room for CAPACITY references, more than now; return the old memory.  */
void *mir_bins_move (struct mir_bins *bins, void *memory, uint32_t capacity);
/* Remember the run of LEN granules at START.  0, or -1 without a free reference.  */
int mir_bins_add (struct mir_bins *bins, struct mir_slab *slab, uint32_t start, uint32_t len);
/* Set *SLAB and *START to a run of at least LEN granules, in the smallest bin that has one.  0, or
 * -1 if there is none.  */
int mir_bins_find (struct mir_bins *bins, uint32_t len, struct mir_slab **slab, uint32_t *start);
/* Forget everything.  */
void mir_bins_clear (struct mir_bins *bins);

#endif /* MIR_CODE_BINS_H */
