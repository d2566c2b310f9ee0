/* A model of one code space: its mappings as the hooks report them, its code blocks with their
   contents, and what is free between the blocks.

   live      published and not freed
   waiting   freed, not reclaimed yet
   batched   in a batch that has not ended
   reserved  a reservation that has not been committed

   The contents of a block follow from its seed: no copy of them is kept.  A block which is long
   enough begins with a function that returns its value.  */
#ifndef MIR_TESTS_CODE_MODEL_H
#define MIR_TESTS_CODE_MODEL_H

#include "code/space-fixture.h"

enum {
  MODEL_BLOCKS = 4000,
  MODEL_MAPPINGS = 4000,
  MODEL_PATCHES = 3, /* per block; a block that has had more is replaced whole */
  MODEL_LONGEST = 3 << 20
};

enum model_state { MODEL_UNUSED, MODEL_LIVE, MODEL_WAITING, MODEL_BATCHED, MODEL_RESERVED };

struct model_patch {
  size_t offset, len;
  uint64_t seed;
};

struct model_block {
  uint8_t *addr;
  size_t size, len; /* bytes: of the granules; of what was published */
  uint64_t seed, tag;
  uint32_t value;
  enum model_state state;
  uint64_t period;    /* while waiting: the grace periods begun before it was freed */
  unsigned batch;     /* while batched: the writer */
  unsigned position;  /* in model_ids of its state */
  int told, released; /* by a hook, during the running operation */
  int patches_num;
  struct model_patch patches[MODEL_PATCHES];
};

struct model_mapping {
  uint8_t *start;
  size_t len;
};

static struct model_block model_blocks[MODEL_BLOCKS];
static unsigned model_ids[MODEL_RESERVED + 1][MODEL_BLOCKS], model_num[MODEL_RESERVED + 1];
static unsigned model_order[MODEL_BLOCKS], model_order_num; /* all used blocks, by address */
static struct model_mapping model_mappings[MODEL_MAPPINGS];
static size_t model_mappings_num, model_mapped, model_peak;
static uint8_t model_bytes[MODEL_LONGEST + 4096];
static int model_hooked; /* the hooks are set, so the mappings are known */

/*---------------- Contents -----------------------------*/

/* Fill LEN bytes with what follows from SEED.  */
static inline void model_pattern (uint8_t *bytes, size_t len, uint64_t seed) {
  uint64_t word = seed;
  for (size_t i = 0; i < len; i += sizeof (word)) {
    word = (word ^ word >> 29) * 0xbf58476d1ce4e5b9u + 0x9e3779b97f4a7c15u;
    memcpy (bytes + i, &word, len - i < sizeof (word) ? len - i : sizeof (word));
  }
}

/* Write the contents of BLOCK, LEN bytes, to BYTES.  */
static inline void model_fill (uint8_t *bytes, const struct model_block *block) {
  model_pattern (bytes, block->len, block->seed);
  for (int i = 0; i < block->patches_num; i++) {
    const struct model_patch *patch = &block->patches[i];
    model_pattern (bytes + patch->offset, patch->len, patch->seed);
  }
  if (block->len >= CODE_LEN) code_returning (bytes, block->value);
}

static inline void model_check_contents (const struct model_block *block) {
  model_fill (model_bytes, block);
  int same = memcmp (block->addr, model_bytes, block->len) == 0;
  CHECK (same);
  if (same && block->len >= CODE_LEN) CHECK_INT (code_call (block->addr), block->value);
}

/* The granules that LEN bytes need, in bytes.  A block may have one granule more.  */
static inline size_t model_round (size_t len) {
  return (len + GRANULE - 1) / GRANULE * GRANULE;
}

/*---------------- Blocks -----------------------------*/

/* The number of blocks which start at ADDR or below.  */
static inline unsigned model_count_below (const uint8_t *addr) {
  unsigned low = 0, high = model_order_num;
  while (low < high) {
    unsigned middle = (low + high) / 2;
    if (model_blocks[model_order[middle]].addr <= addr)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The block which holds ADDR, or NULL.  */
static inline struct model_block *model_find (const uint8_t *addr) {
  unsigned i = model_count_below (addr);
  if (i == 0) return NULL;
  struct model_block *block = &model_blocks[model_order[i - 1]];
  return (size_t) (addr - block->addr) < block->size ? block : NULL;
}

static inline unsigned model_id (const struct model_block *block) {
  return (unsigned) (block - model_blocks);
}

static inline void model_set_state (struct model_block *block, enum model_state state) {
  enum model_state old = block->state;
  unsigned last = model_ids[old][--model_num[old]];
  model_ids[old][block->position] = last;
  model_blocks[last].position = block->position;
  block->state = state;
  block->position = model_num[state];
  model_ids[state][model_num[state]++] = model_id (block);
}

/* A random block of STATE, of which there is one.  */
static inline struct model_block *model_any (enum model_state state) {
  REQUIRE (model_num[state] > 0);
  return &model_blocks[model_ids[state][tap_random () % model_num[state]]];
}

static inline const struct model_mapping *model_mapping_of (const uint8_t *addr) {
  for (size_t i = 0; i < model_mappings_num; i++)
    if ((uintptr_t) addr - (uintptr_t) model_mappings[i].start < model_mappings[i].len)
      return &model_mappings[i];
  return NULL;
}

/* Check that SIZE bytes at ADDR are within one mapping and hold no block.  */
static inline void model_check_place (const uint8_t *addr, size_t size) {
  unsigned i = model_count_below (addr);
  CHECK_INT ((uintptr_t) addr % GRANULE, 0);
  if (i > 0) {
    const struct model_block *before = &model_blocks[model_order[i - 1]];
    CHECK ((size_t) (addr - before->addr) >= before->size);
  }
  if (i < model_order_num) CHECK ((size_t) (model_blocks[model_order[i]].addr - addr) >= size);
  if (!model_hooked) return;
  const struct model_mapping *mapping = model_mapping_of (addr);
  CHECK (mapping != NULL);
  if (mapping != NULL) CHECK (mapping->len - (size_t) (addr - mapping->start) >= size);
}

/* Add what NEW describes; its address, size and state are set.  */
static inline struct model_block *model_add (const struct model_block *new_block) {
  model_check_place (new_block->addr, new_block->size);
  unsigned i = model_count_below (new_block->addr), id = model_ids[MODEL_UNUSED][0];
  struct model_block *block = &model_blocks[id];
  REQUIRE (model_num[MODEL_UNUSED] > 0);
  unsigned position = block->position;
  enum model_state state = new_block->state;
  *block = *new_block;
  block->state = MODEL_UNUSED;
  block->position = position;
  model_set_state (block, state);
  memmove (&model_order[i + 1], &model_order[i], (model_order_num - i) * sizeof (model_order[0]));
  model_order[i] = id;
  model_order_num++;
  return block;
}

static inline void model_remove (struct model_block *block) {
  unsigned i = model_count_below (block->addr) - 1;
  REQUIRE (model_order[i] == model_id (block));
  model_order_num--;
  memmove (&model_order[i], &model_order[i + 1], (model_order_num - i) * sizeof (model_order[0]));
  model_set_state (block, MODEL_UNUSED);
}

static inline void model_reset (void) {
  memset (model_num, 0, sizeof (model_num));
  model_order_num = 0;
  model_mappings_num = model_mapped = model_peak = 0;
  model_num[MODEL_UNUSED] = MODEL_BLOCKS;
  for (unsigned i = 0; i < MODEL_BLOCKS; i++) {
    memset (&model_blocks[i], 0, sizeof (model_blocks[i]));
    model_blocks[i].position = model_ids[MODEL_UNUSED][i] = i;
  }
}

/*---------------- Free room -----------------------------*/

/* Whether SIZE free bytes at a multiple of ALIGNMENT lie between START and BOUND.  */
static inline int model_fits (const uint8_t *start, const uint8_t *bound, size_t size,
                              size_t alignment) {
  size_t gap = (size_t) (0 - (uintptr_t) start) & (alignment - 1);
  return (size_t) (bound - start) >= gap && (size_t) (bound - start) - gap >= size;
}

/* Whether SIZE free bytes at a multiple of ALIGNMENT lie together in some mapping.  */
static inline int model_has_room (size_t size, size_t alignment) {
  for (size_t m = 0; m < model_mappings_num; m++) {
    const uint8_t *start = model_mappings[m].start, *bound = start + model_mappings[m].len;
    unsigned i = model_count_below (start);
    if (i > 0 && model_blocks[model_order[i - 1]].addr == start) i--;
    for (; i < model_order_num && model_blocks[model_order[i]].addr < bound; i++) {
      const struct model_block *block = &model_blocks[model_order[i]];
      if (model_fits (start, block->addr, size, alignment)) return 1;
      start = block->addr + block->size;
    }
    if (model_fits (start, bound, size, alignment)) return 1;
  }
  return 0;
}

/* Whether a block lies in MAPPING.  */
static inline int model_is_used (const struct model_mapping *mapping) {
  unsigned i = model_count_below (mapping->start + mapping->len - 1);
  return i > 0 && model_blocks[model_order[i - 1]].addr >= mapping->start;
}

/* The bytes of the mappings in which blocks lie.  */
static inline size_t model_used_mappings (void) {
  size_t bytes = 0;
  for (size_t i = 0; i < model_mappings_num; i++)
    if (model_is_used (&model_mappings[i])) bytes += model_mappings[i].len;
  return bytes;
}

#endif /* MIR_TESTS_CODE_MODEL_H */
