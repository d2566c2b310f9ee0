/* Takes units of a reserved range, first fit, and gives them back.  */
#include "code/range.h"

/* The units from START, that of a unit, to the next multiple of ALIGNMENT, or about there if the range
   itself does not start at a multiple of a unit.  */
static uint32_t gap_before (const uint8_t *start, size_t alignment) {
  if (alignment <= MIR_RANGE_UNIT) return 0;
  uintptr_t gap = (0 - (uintptr_t) start) % alignment;
  return (uint32_t) ((gap + MIR_RANGE_UNIT - 1) / MIR_RANGE_UNIT);
}

uint8_t *mir_range_take (struct mir_range *range, size_t len, size_t alignment) {
  uint32_t n = (uint32_t) (len / MIR_RANGE_UNIT);
  for (uint32_t i = mir_granules_next_run (&range->units, 0); i != MIR_NO_GRANULE;) {
    uint32_t run_len = mir_granules_run_len (&range->units, i);
    uint8_t *start = range->start + (size_t) i * MIR_RANGE_UNIT;
    uint32_t gap = gap_before (start, alignment);
    if (run_len >= n && run_len - n >= gap) {
      mir_granules_take (&range->units, i + gap, n);
      return start + (size_t) gap * MIR_RANGE_UNIT;
    }
    i = mir_granules_next_run (&range->units, i + run_len);
  }
  return NULL;
}

void mir_range_release (struct mir_range *range, const uint8_t *start) {
  uint32_t first = (uint32_t) ((size_t) (start - range->start) / MIR_RANGE_UNIT);
  (void) mir_granules_release (&range->units, first,
                               mir_granules_block_last (&range->units, first) + 1);
}
