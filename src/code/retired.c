/* The ring of retired blocks and its grace periods.  The lock of the pool is held.  Positions count
   up, modulo 2^32; `& (capacity - 1)` makes them indices.  */
#include "code/retired.h"

#include <stddef.h> /* NULL */
#include <string.h> /* memmove */

void *mir_retired_move (struct mir_retired *retired, void *memory, uint32_t capacity) {
  const uint8_t **ring = (const uint8_t **) memory, **old = retired->ring;
  for (uint32_t i = 0; i < retired->num; i++)
    ring[(retired->oldest + i) & (capacity - 1)] = mir_retired_at (retired, i);
  retired->ring = ring;
  retired->capacity = capacity;
  return (void *) old;
}

void mir_retired_add (struct mir_retired *retired, const uint8_t *addr, uint64_t grace) {
  retired->ring[(retired->oldest + retired->num++) & (retired->capacity - 1)] = addr;
  mir_periods_add (&retired->periods, grace, retired->oldest + retired->num);
}

void mir_retired_begin (struct mir_retired *retired) {
  retired->put_back = 0;
}

/* Whether position A comes before B.  */
static int is_before (uint32_t a, uint32_t b) {
  return (int32_t) (a - b) < 0;
}

/* The block that is taken leaves its slot to the oldest of those put back, whose period is over,
   too: so these stay together.  */
const uint8_t *mir_retired_take (struct mir_retired *retired, uint64_t grace) {
  uint32_t position = retired->oldest + retired->put_back, mask = retired->capacity - 1, i = 0;
  if (retired->num <= retired->put_back) return NULL;
  while (!is_before (position, retired->periods.at[i].bound)) i++;
  if (retired->periods.at[i].grace > grace) return NULL;
  const uint8_t *addr = retired->ring[position & mask];
  retired->ring[position & mask] = retired->ring[retired->oldest & mask];
  retired->oldest++;
  retired->num--;
  mir_periods_pass (&retired->periods, retired->oldest);
  return addr;
}

/* If its period has ended with the block, there is room for it again.  */
void mir_retired_put_back (struct mir_retired *retired, const uint8_t *addr, uint64_t grace) {
  struct mir_period *first = &retired->periods.at[0];
  retired->oldest--;
  retired->num++;
  retired->put_back++;
  retired->ring[retired->oldest & (retired->capacity - 1)] = addr;
  if (retired->periods.num != 0 && first->grace <= grace) return;
  memmove (first + 1, first, retired->periods.num * sizeof (*first));
  retired->periods.num++;
  first->grace = grace;
  first->bound = retired->oldest + 1;
}
