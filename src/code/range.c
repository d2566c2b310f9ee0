#include "code/range.h"

uint8_t *mir_region_take (struct mir_region *region, size_t len) {
  uint32_t n = (uint32_t) (len / MIR_REGION_UNIT);
  for (uint32_t i = mir_granules_next_run (&region->units, 0); i != MIR_NO_GRANULE;) {
    uint32_t run_len = mir_granules_run_len (&region->units, i);
    if (run_len >= n) {
      mir_granules_take (&region->units, i, n);
      return region->start + (size_t) i * MIR_REGION_UNIT;
    }
    i = mir_granules_next_run (&region->units, i + run_len);
  }
  return NULL;
}

void mir_region_release (struct mir_region *region, const uint8_t *start) {
  uint32_t run;
  mir_granules_release (&region->units,
                        (uint32_t) ((size_t) (start - region->start) / MIR_REGION_UNIT), &run);
}
