/* Free runs in bins by length (size classes), so that the shortest one that fits is found fast.

   A bin is a stack of entries, in chunks of a few; the newest entry is on top and in the cache.
   The bins are lazy.  Each free run has an entry with its start, but the run may have grown since,
   and an entry whose run was taken, or has joined the run before it, stays until a search meets it:
   freeing a code block has nothing to find and unlink, and does not measure the runs around it.  A
   search looks at the bitmaps of what it is about to return; a longer run than the entry says goes
   to the bin of its length.  The caller clears the bins and adds all runs again when chunks run
   out, or when no run is found and some may have grown, and moves the bins to more memory in time.

   One thread at a time.  The caller owns the memory.  */
#ifndef MIR_CODE_BINS_H
#define MIR_CODE_BINS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

struct mir_slab;

/* A long free run from whose start a pool publishes next, without a search; always a whole one.
   SLAB NULL: there is none.  */
struct mir_bump {
  struct mir_slab *slab;
  uint32_t start, bound; /* granules */
};

enum {
  MIR_BINS = 128,
  MIR_EXACT_BINS = 64, /* of lengths up to this each has one; above, a power of two has four */
  MIR_CHUNK_RUNS = 7
};

/* A free run of LEN granules.  */
struct mir_run {
  struct mir_slab *slab;
  uint32_t start, len;
};

/* Entries of one bin.  */
struct mir_run_chunk {
  struct mir_run runs[MIR_CHUNK_RUNS];
  uint32_t num;     /* entries, > 0 while the chunk is in a bin */
  uint32_t next;    /* index of the next chunk of the bin, or of the free list */
  uint64_t padding; /* to 128 bytes, whole cache lines */
};

struct mir_bins {
  struct mir_run_chunk *chunks;
  uint32_t capacity;        /* of CHUNKS */
  uint32_t fresh;           /* chunks from here on, and their memory, were never touched */
  uint32_t free;            /* free list of the chunks before `fresh`; MIR_NO_CHUNK: empty */
  uint32_t used;            /* chunks in bins */
  uint64_t filled[2];       /* bit N is 0: bin N is empty */
  uint32_t heads[MIR_BINS]; /* the top chunk of each bin that is not empty */
};

#define MIR_NO_CHUNK UINT32_MAX /* no index of a chunk */

void mir_bins_init (struct mir_bins *bins);
/* Move to MEMORY, which has room for CAPACITY chunks, at least as many as are touched.  Returns the
   old memory.  */
void *mir_bins_move (struct mir_bins *bins, void *memory, uint32_t capacity);
/* Add the run of LEN granules at START.  Returns 0, or -1 when there is no free chunk.  */
int mir_bins_add (struct mir_bins *bins, struct mir_slab *slab, uint32_t start, uint32_t len);
/* Remove the shortest run of at least LEN granules and set *RUN to it.  In a bin of runs of different
   lengths, from 65 granules on, only about LIMIT entries are looked at.  Bins for more than LONGEST
   granules are not searched, and BUMP, the bump region, is not found.  0, or -1 if there is none.  */
int mir_bins_take (struct mir_bins *bins, uint32_t len, uint32_t longest, uint32_t limit,
                   const struct mir_bump *bump, struct mir_run *run);
/* Remove the entries of SLAB, which has no code block.  */
void mir_bins_forget (struct mir_bins *bins, const struct mir_slab *slab);
/* Whether mir_bins_take of LEN granules is sure to find nothing.  */
static inline int mir_bins_have_none (const struct mir_bins *bins, uint32_t len) {
  return bins->filled[1] == 0 && (len > MIR_EXACT_BINS || bins->filled[0] >> (len - 1) == 0);
}

/* Remove all entries.  */
void mir_bins_clear (struct mir_bins *bins);

#endif /* MIR_CODE_BINS_H */
