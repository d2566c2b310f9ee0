/* The bins of a pool: which length has which bin, and searches that drop stale references.  */
#include "code/bins.h"

#include <limits.h> /* INT_MAX */
#include <string.h> /* memcpy */

#include "code/types.h"

enum {
  EXACT = 64,   /* lengths up to this have a bin each; above it a power of two has four bins */
  LOOKED_AT = 8 /* valid references to examine in a bin whose runs may be too short */
};

/* The bin of runs of LEN > 0 granules.  */
static uint32_t bin_of (uint32_t len) {
  if (len <= EXACT) return len - 1;
  uint32_t log = 31 - (uint32_t) __builtin_clz (len);
  uint32_t bin = EXACT + 4 * (log - 6) + (len >> (log - 2) & 3);
  return bin < MIR_BINS ? bin : MIR_BINS - 1;
}

void mir_bins_clear (struct mir_bins *bins) {
  for (int i = 0; i < MIR_BINS; i++) bins->heads[i] = MIR_NO_REF;
  bins->free = MIR_NO_REF;
  bins->fresh = 0;
  bins->filled[0] = bins->filled[1] = 0;
}

void mir_bins_init (struct mir_bins *bins) {
  bins->refs = NULL;
  bins->capacity = 0;
  mir_bins_clear (bins);
}

void *mir_bins_move (struct mir_bins *bins, void *memory, uint32_t capacity) {
  struct mir_run *old = bins->refs;
  bins->refs = (struct mir_run *) memory;
  if (bins->fresh != 0) memcpy (bins->refs, old, bins->fresh * sizeof (*old));
  bins->capacity = capacity;
  return old;
}

int mir_bins_add (struct mir_bins *bins, struct mir_slab *slab, uint32_t start, uint32_t len) {
  uint32_t ref = bins->free, bin = bin_of (len);
  if (ref != MIR_NO_REF)
    bins->free = bins->refs[ref].next;
  else if (bins->fresh < bins->capacity)
    ref = bins->fresh++;
  else
    return -1;
  bins->refs[ref].slab = slab;
  bins->refs[ref].start = start;
  bins->refs[ref].next = bins->heads[bin];
  bins->heads[bin] = ref;
  bins->filled[bin / 64] |= (uint64_t) 1 << bin % 64;
  return 0;
}

/* The length of the run of REF; 0: no run starts there any more.  */
static uint32_t run_len_of (const struct mir_run *ref) {
  return ref->slab->frozen ? 0 : mir_granules_run_len (&ref->slab->granules, ref->start);
}

/* Look for a run of at least LEN granules among the first LIMIT valid references of BIN, and drop
   the stale ones on the way.  */
static struct mir_run *find_in (struct mir_bins *bins, uint32_t bin, uint32_t len, int limit) {
  uint32_t *link = &bins->heads[bin];
  while (*link != MIR_NO_REF && limit > 0) {
    uint32_t ref = *link;
    struct mir_run *run = &bins->refs[ref];
    uint32_t run_len = run_len_of (run);
    if (run_len == 0 || bin_of (run_len) != bin) {
      *link = run->next;
      run->next = bins->free;
      bins->free = ref;
      continue;
    }
    if (run_len >= len) return run;
    link = &run->next;
    limit--;
  }
  if (bins->heads[bin] == MIR_NO_REF) bins->filled[bin / 64] &= ~((uint64_t) 1 << bin % 64);
  return NULL;
}

/* The first bin from BIN on which may have references; MIR_BINS: there is none.  */
static uint32_t next_filled (const struct mir_bins *bins, uint32_t bin) {
  for (uint32_t word = bin / 64; word < MIR_BINS / 64; word++) {
    uint64_t filled = bins->filled[word];
    if (word == bin / 64) filled &= ~(uint64_t) 0 << bin % 64;
    if (filled != 0) return word * 64 + (uint32_t) __builtin_ctzll (filled);
  }
  return MIR_BINS;
}

int mir_bins_find (struct mir_bins *bins, uint32_t len, struct mir_slab **slab, uint32_t *start) {
  for (uint32_t bin = bin_of (len); (bin = next_filled (bins, bin)) < MIR_BINS; bin++) {
    /* The last bin has all longer runs: few, but of very different lengths.  */
    struct mir_run *run = find_in (bins, bin, len, bin < MIR_BINS - 1 ? LOOKED_AT : INT_MAX);
    if (run == NULL) continue;
    *slab = run->slab;
    *start = run->start;
    return 0;
  }
  return -1;
}
