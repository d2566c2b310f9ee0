/* 2000 aligned blocks of 16 to 1000 bytes at multiples of 32 to 256, replaced in a random order; one
   of ten is reallocated.  */

#include <malloc.h>
#include <stdlib.h>

#include "subjects.h"

enum { BLOCKS = 2000, PASSES = 10 };

static struct {
  void *data;
  size_t alignment;
} blocks[BLOCKS];
static uint64_t state = 0x853c49e6748fea9bu;

static size_t some_size (void) {
  return 16 + (size_t) (random_next (&state) >> 32) % 985;
}

static void allocate (size_t at) {
  size_t size = some_size ();
  blocks[at].alignment = (size_t) 32 << (random_next (&state) >> 32) % 4;
  blocks[at].data = _aligned_malloc (size, blocks[at].alignment);
  if (blocks[at].data == NULL) fail ("aligned: no memory");
  touch (blocks[at].data, size);
}

static void prepare (void) {
  for (size_t i = 0; i < BLOCKS; i++) allocate (i);
}

static void replace_one (size_t at) {
  if (random_next (&state) % 10 == 0) {
    void *moved = _aligned_realloc (blocks[at].data, some_size (), blocks[at].alignment);
    if (moved == NULL) fail ("aligned: no memory");
    blocks[at].data = moved;
  } else {
    _aligned_free (blocks[at].data);
    allocate (at);
  }
}

static size_t pass (int first) {
  size_t count = first ? BLOCKS : PASSES * BLOCKS;
  for (size_t i = 0; i < count; i++)
    replace_one (first ? i : (size_t) (random_next (&state) >> 32) % BLOCKS);
  return count;
}

const struct subject aligned = {"aligned", prepare, pass};
