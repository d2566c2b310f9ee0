/* One thread and 20 000 live blocks, used in an order unrelated to that of their allocation: half
   of the operations replace a block, the others reallocate, zero or ask for the size.  */

#include <malloc.h>
#include <stdlib.h>

#include "subjects.h"

enum { BLOCKS = 20000 };

static void *blocks[BLOCKS];
static size_t order[BLOCKS];
static uint64_t state = 0x9e3779b97f4a7c15u;

static void *checked (void *block) {
  if (block == NULL) fail ("mix: no memory");
  return block;
}

static void prepare (void) {
  for (size_t i = 0; i < BLOCKS; i++) {
    blocks[i] = checked (malloc (random_size (&state)));
    order[i] = i;
  }
  for (size_t i = BLOCKS - 1; i > 0; i--) {
    size_t j = (size_t) (random_next (&state) % (i + 1)), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

static void operate (void **block) {
  size_t size = random_size (&state);
  switch (random_next (&state) % 10) {
    case 0:
      if (_msize (*block) < 16) fail ("mix: _msize");
      touch (*block, 16);
      return;
    case 1:
    case 2:
      *block = checked (realloc (*block, size));
      break;
    case 3:
    case 4:
      free (*block);
      *block = checked (calloc (1, size));
      break;
    default:
      free (*block);
      *block = checked (malloc (size));
      break;
  }
  touch (*block, size);
}

static size_t pass (int first) {
  (void) first;
  for (size_t i = 0; i < BLOCKS; i++) operate (&blocks[order[i]]);
  return BLOCKS;
}

const struct subject mix = {"mix", prepare, pass};
