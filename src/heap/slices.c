/* Which slices of a range can be accessed, are taken, or are kept.  One thread at a time.  */
#include "heap/slices.h"

#include "bits.h"

/* Count the set bits of RUN in BITS.  */
static size_t count_run (const uint64_t *bits, struct mir_slice_run run) {
  size_t bound = run.first + run.num, res = 0;
  for (size_t i = run.first; i < bound; i = (i | 63) + 1) {
    size_t end = (i | 63) + 1 < bound ? (i | 63) + 1 : bound;
    uint64_t mask = mir_bits_mask ((uint32_t) (i % 64), (uint32_t) (end - i + i % 64));
    res += (size_t) __builtin_popcountll (bits[i / 64] & mask);
  }
  return res;
}

static void set_run (uint64_t *bits, struct mir_slice_run run, int value) {
  size_t bound = run.first + run.num;
  for (size_t i = run.first; i < bound; i = (i | 63) + 1) {
    size_t end = (i | 63) + 1 < bound ? (i | 63) + 1 : bound;
    uint64_t mask = mir_bits_mask ((uint32_t) (i % 64), (uint32_t) (end - i + i % 64));
    bits[i / 64] = value ? bits[i / 64] | mask : bits[i / 64] & ~mask;
  }
}

static int is_set (const uint64_t *bits, size_t i) {
  return bits[i / 64] >> i % 64 & 1;
}

int mir_slices_are_open (const struct mir_slices *slices, struct mir_slice_run run) {
  return count_run (slices->open, run) == run.num;
}

struct mir_slice_run mir_slices_steps_to_open (const struct mir_slices *slices,
                                               struct mir_slice_run run) {
  size_t first = run.first, bound = run.first + run.num;
  while (first < bound && is_set (slices->open, first)) first++;
  while (bound > first && is_set (slices->open, bound - 1)) bound--;
  if (first == bound) return (struct mir_slice_run) {0, 0};
  first -= first % MIR_STEP_SLICES;
  bound = (bound + MIR_STEP_SLICES - 1) / MIR_STEP_SLICES * MIR_STEP_SLICES;
  if (bound > slices->num) bound = slices->num;
  return (struct mir_slice_run) {first, bound - first};
}

size_t mir_slices_open (struct mir_slices *slices, struct mir_slice_run run) {
  size_t res = run.num - count_run (slices->open, run);
  set_run (slices->open, run, 1);
  return res;
}

int mir_slices_are_huge (const struct mir_slices *slices, struct mir_slice_run run) {
  return count_run (slices->huge, run) != 0;
}

void mir_slices_set_huge (struct mir_slices *slices, struct mir_slice_run run) {
  set_run (slices->huge, run, 1);
}

size_t mir_slices_take (struct mir_slices *slices, struct mir_slice_run run) {
  size_t res = count_run (slices->kept, run);
  set_run (slices->kept, run, 0);
  set_run (slices->taken, run, 1);
  return res;
}

void mir_slices_set_empty (struct mir_slices *slices, struct mir_slice_run run) {
  set_run (slices->empty, run, 1);
}

size_t mir_slices_return (struct mir_slices *slices, struct mir_slice_run run) {
  size_t res = run.num - count_run (slices->kept, run);
  set_run (slices->kept, run, 1);
  set_run (slices->taken, run, 0);
  return res;
}

struct mir_slice_run mir_slices_next_empty (struct mir_slices *slices, struct mir_slice_run run) {
  size_t bound = run.first + run.num, first = run.first;
  if (count_run (slices->empty, run) == 0) return (struct mir_slice_run) {first, 0};
  while (!is_set (slices->empty, first)) first++;
  size_t end = first;
  while (end < bound && is_set (slices->empty, end)) end++;
  struct mir_slice_run res = {first, end - first};
  set_run (slices->empty, res, 0);
  return res;
}

/*---------------- Dropping -----------------------------*/

/* The topmost run of kept slices below BOUND, in steps that are kept as a whole if WHOLE is set.  */
static struct mir_slice_run topmost_run (const struct mir_slices *slices, size_t bound, size_t max,
                                         int whole) {
  while (bound > 0 && slices->kept[(bound - 1) / 64] == 0) bound = (bound - 1) / 64 * 64;
  while (bound > 0 && !is_set (slices->kept, bound - 1)) bound--;
  size_t first = bound;
  while (first > 0 && bound - first < max && is_set (slices->kept, first - 1)) first--;
  if (!whole) return (struct mir_slice_run) {first, bound - first};
  size_t start = (first + MIR_STEP_SLICES - 1) / MIR_STEP_SLICES * MIR_STEP_SLICES;
  size_t end = bound / MIR_STEP_SLICES * MIR_STEP_SLICES;
  return (struct mir_slice_run) {start < end ? start : first, start < end ? end - start : 0};
}

struct mir_slice_run mir_slices_find_kept (const struct mir_slices *slices, size_t bound,
                                           size_t max, int whole) {
  struct mir_slice_run run = {bound, 0};
  do run = topmost_run (slices, run.first, max, whole);
  while (run.num == 0 && run.first > 0);
  return run;
}

void mir_slices_drop (struct mir_slices *slices, struct mir_slice_run run) {
  set_run (slices->kept, run, 0);
}

/*---------------- Looking -----------------------------*/

int mir_slices_have_free (const struct mir_slices *slices, size_t num) {
  size_t run = 0;
  for (size_t i = 0; i < slices->num && run < num; i++) {
    if (i % 64 == 0 && slices->taken[i / 64] == 0 && i + 64 <= slices->num) {
      run += 64;
      i += 63;
    } else
      run = is_set (slices->taken, i) ? 0 : run + 1;
  }
  return run >= num;
}

size_t mir_slices_taken_num (const struct mir_slices *slices, struct mir_slice_run run) {
  return count_run (slices->taken, run);
}

size_t mir_slices_kept_num (const struct mir_slices *slices) {
  return count_run (slices->kept, (struct mir_slice_run) {0, slices->num});
}
