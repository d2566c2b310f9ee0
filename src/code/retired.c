#include "code/retired.h"

static struct mir_retired_piece *at (const struct mir_retired *retired, uint32_t i) {
  return &retired->ring[i & (retired->capacity - 1)];
}

void *mir_retired_move (struct mir_retired *retired, void *memory, uint32_t capacity) {
  struct mir_retired old = *retired;
  retired->ring = (struct mir_retired_piece *) memory;
  retired->capacity = capacity;
  for (uint32_t i = 0; i < old.num; i++) *at (retired, old.oldest + i) = *at (&old, old.oldest + i);
  return old.ring;
}

void mir_retired_add (struct mir_retired *retired, const struct mir_retired_piece *piece) {
  *at (retired, retired->oldest + retired->num++) = *piece;
}

int mir_retired_take (struct mir_retired *retired, uint64_t grace,
                      struct mir_retired_piece *piece) {
  if (retired->num == 0 || at (retired, retired->oldest)->grace > grace) return -1;
  *piece = *at (retired, retired->oldest++);
  retired->num--;
  return 0;
}
