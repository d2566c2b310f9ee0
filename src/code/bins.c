/* The bins of a pool: which length has which bin, and searches that drop stale entries.  */
#include "code/bins.h"

#include <string.h> /* memcpy */

#include "code/types.h"

/* The bin of runs of LEN > 0 granules.  */
static uint32_t bin_of (uint32_t len) {
  if (len <= MIR_EXACT_BINS) return len - 1;
  uint32_t log = 31 - (uint32_t) __builtin_clz (len);
  uint32_t bin = MIR_EXACT_BINS + 4 * (log - 6) + (len >> (log - 2) & 3);
  return bin < MIR_BINS ? bin : MIR_BINS - 1;
}

static int is_filled (const struct mir_bins *bins, uint32_t bin) {
  return (int) (bins->filled[bin / 64] >> bin % 64 & 1);
}

void mir_bins_clear (struct mir_bins *bins) {
  bins->free = MIR_NO_CHUNK;
  bins->fresh = bins->used = 0;
  bins->filled[0] = bins->filled[1] = 0;
}

void mir_bins_init (struct mir_bins *bins) {
  bins->chunks = NULL;
  bins->capacity = 0;
  mir_bins_clear (bins);
}

void *mir_bins_move (struct mir_bins *bins, void *memory, uint32_t capacity) {
  struct mir_run_chunk *old = bins->chunks;
  bins->chunks = (struct mir_run_chunk *) memory;
  if (bins->fresh != 0) memcpy (bins->chunks, old, bins->fresh * sizeof (*old));
  bins->capacity = capacity;
  return old;
}

/*---------------- Chunks -----------------------------*/

/* Put an empty chunk on top of BIN and return it.  NULL: there is none.  */
static struct mir_run_chunk *push_chunk (struct mir_bins *bins, uint32_t bin) {
  uint32_t i = bins->free;
  if (i != MIR_NO_CHUNK)
    bins->free = bins->chunks[i].next;
  else if (bins->fresh < bins->capacity)
    i = bins->fresh++;
  else
    return NULL;
  struct mir_run_chunk *chunk = &bins->chunks[i];
  chunk->num = 0;
  if (is_filled (bins, bin)) {
    chunk->next = bins->heads[bin];
  } else {
    chunk->next = MIR_NO_CHUNK;
    bins->filled[bin / 64] |= (uint64_t) 1 << bin % 64;
  }
  bins->heads[bin] = i;
  bins->used++;
  return chunk;
}

/* Remove the empty chunk on top of BIN.  */
static void pop_chunk (struct mir_bins *bins, uint32_t bin) {
  uint32_t i = bins->heads[bin];
  struct mir_run_chunk *chunk = &bins->chunks[i];
  if (chunk->next != MIR_NO_CHUNK)
    bins->heads[bin] = chunk->next;
  else
    bins->filled[bin / 64] &= ~((uint64_t) 1 << bin % 64);
  chunk->next = bins->free;
  bins->free = i;
  bins->used--;
}

int mir_bins_add (struct mir_bins *bins, struct mir_slab *slab, uint32_t start, uint32_t len) {
  uint32_t bin = bin_of (len);
  struct mir_run_chunk *chunk = is_filled (bins, bin) ? &bins->chunks[bins->heads[bin]] : NULL;
  if (chunk == NULL || chunk->num == MIR_CHUNK_RUNS) chunk = push_chunk (bins, bin);
  if (chunk == NULL) return -1;
  struct mir_run *run = &chunk->runs[chunk->num++];
  run->slab = slab;
  run->start = start;
  run->len = len;
  return 0;
}

/* Remove the newest entry of BIN.  */
static inline struct mir_run pop (struct mir_bins *bins, uint32_t bin) {
  struct mir_run_chunk *chunk = &bins->chunks[bins->heads[bin]];
  struct mir_run run = chunk->runs[--chunk->num];
  if (chunk->num == 0) pop_chunk (bins, bin);
  return run;
}

/*---------------- Searches -----------------------------*/

/* Look at the run of an entry that was removed from BIN.  Returns whether it is there, is as long as
   the entry says or longer, and belongs in BIN; else it is added again as it is, or is gone.  BUMP,
   the bump region, is in no bin.  */
static inline int is_current (struct mir_bins *bins, uint32_t bin, const struct mir_bump *bump,
                              struct mir_run *run) {
  const struct mir_slab *slab = run->slab;
  uint32_t old_len = run->len;
  uint32_t len = slab->frozen ? 0 : mir_granules_run_len (&slab->granules, run->start);
  if (bump->slab == slab && bump->start == run->start && bump->start < bump->bound) return 0;
  if (len == old_len) return 1;
  if (len == 0) return 0;
  run->len = len;
  if (len >= old_len && bin_of (len) == bin) return 1;
  (void) mir_bins_add (bins, run->slab, run->start, len);
  return 0;
}

/* Remove a run from BIN, which is not empty, and all of whose runs have one length that fits.  0, or
   -1.  */
static inline int take_newest (struct mir_bins *bins, uint32_t bin, const struct mir_bump *bump,
                               struct mir_run *run) {
  do {
    *run = pop (bins, bin);
    if (is_current (bins, bin, bump, run)) return 0;
  } while (is_filled (bins, bin));
  return -1;
}

static const uint8_t *run_address (const struct mir_run *run) {
  return run->slab->pages.rx + ((size_t) run->start << run->slab->shift);
}

/* Whether A is better than B for what fits in both: shorter, or else at a lower address.  */
static int is_better (const struct mir_run *a, const struct mir_run *b) {
  return a->len != b->len ? a->len < b->len : run_address (a) < run_address (b);
}

/* The best entry of at least LEN granules among the LIMIT newest in BIN; NULL: there is none.  */
static struct mir_run *find_best (struct mir_bins *bins, uint32_t bin, uint32_t len,
                                  uint32_t limit) {
  struct mir_run *best = NULL;
  uint32_t looked_at = 0;
  for (uint32_t i = bins->heads[bin]; i != MIR_NO_CHUNK && looked_at < limit;
       i = bins->chunks[i].next) {
    struct mir_run_chunk *chunk = &bins->chunks[i];
    looked_at += chunk->num;
    for (uint32_t k = 0; k < chunk->num; k++)
      if (chunk->runs[k].len >= len && (best == NULL || is_better (&chunk->runs[k], best)))
        best = &chunk->runs[k];
  }
  return best;
}

/* Remove the best run of at least LEN granules from BIN, whose runs have different lengths.  0, or
   -1.  */
static int take_best (struct mir_bins *bins, uint32_t bin, uint32_t len, uint32_t limit,
                      const struct mir_bump *bump, struct mir_run *run) {
  while (is_filled (bins, bin)) {
    struct mir_run *best = find_best (bins, bin, len, limit);
    if (best == NULL) break;
    *run = *best;
    *best = pop (bins, bin); /* the newest takes its place */
    if (is_current (bins, bin, bump, run)) return 0;
  }
  return -1;
}

/* The first bin from BIN on that has entries; MIR_BINS: there is none.  */
static uint32_t next_filled (const struct mir_bins *bins, uint32_t bin) {
  for (uint32_t word = bin / 64; word < MIR_BINS / 64; word++) {
    uint64_t filled = bins->filled[word];
    if (word == bin / 64) filled &= ~(uint64_t) 0 << bin % 64;
    if (filled != 0) return word * 64 + mir_bits_lowest (filled);
  }
  return MIR_BINS;
}

int mir_bins_take (struct mir_bins *bins, uint32_t len, uint32_t longest, uint32_t limit,
                   const struct mir_bump *bump, struct mir_run *run) {
  uint32_t last = bin_of (longest);
  for (uint32_t bin = bin_of (len); (bin = next_filled (bins, bin)) <= last && bin < MIR_BINS;
       bin++)
    if ((bin < MIR_EXACT_BINS ? take_newest (bins, bin, bump, run)
                              : take_best (bins, bin, len, limit, bump, run))
        == 0)
      return 0;
  return -1;
}

/* Remove the entries of SLAB from CHUNK.  */
static void forget_in (struct mir_run_chunk *chunk, const struct mir_slab *slab) {
  for (uint32_t k = 0; k < chunk->num;)
    if (chunk->runs[k].slab == slab)
      chunk->runs[k] = chunk->runs[--chunk->num];
    else
      k++;
}

void mir_bins_forget (struct mir_bins *bins, const struct mir_slab *slab) {
  for (uint32_t bin = 0; (bin = next_filled (bins, bin)) < MIR_BINS; bin++) {
    uint32_t *link = &bins->heads[bin];
    while (*link != MIR_NO_CHUNK) {
      uint32_t i = *link;
      struct mir_run_chunk *chunk = &bins->chunks[i];
      forget_in (chunk, slab);
      if (chunk->num != 0) {
        link = &chunk->next;
        continue;
      }
      *link = chunk->next;
      chunk->next = bins->free;
      bins->free = i;
      bins->used--;
    }
    if (bins->heads[bin] == MIR_NO_CHUNK) bins->filled[bin / 64] &= ~((uint64_t) 1 << bin % 64);
  }
}
