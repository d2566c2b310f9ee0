/* The conformance run: the contract of mir-alloc.h, checked on any MIR_alloc.  */
#include "support/conformance.h"

#include <stddef.h>
#include <string.h>

#include "support/tap.h"

static int is_aligned (const void *ptr) {
  return (uintptr_t) ptr % _Alignof (max_align_t) == 0;
}

static void fill (void *block, size_t size, unsigned seed) {
  unsigned char *bytes = (unsigned char *) block;
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char) (seed + i * 7);
}

static int is_filled (const void *block, size_t size, unsigned seed) {
  const unsigned char *bytes = (const unsigned char *) block;
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != (unsigned char) (seed + i * 7)) return 0;
  return 1;
}

static int is_zero (const void *block, size_t size) {
  const unsigned char *bytes = (const unsigned char *) block;
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != 0) return 0;
  return 1;
}

static const size_t sizes[] = {1,    2,    7,     8,     9,     15,    16,     17,    24,   31,
                               32,   33,   63,    64,    100,   255,   256,    1000,  1024, 4095,
                               4096, 4097, 16383, 16384, 16385, 65536, 100000, 300000};
enum { SIZES_NUM = sizeof (sizes) / sizeof (sizes[0]) };

static void check_sizes (MIR_alloc_t alloc) {
  void *blocks[SIZES_NUM];
  for (int i = 0; i < SIZES_NUM; i++) {
    blocks[i] = i % 2 == 0 ? MIR_malloc (alloc, sizes[i]) : MIR_calloc (alloc, 1, sizes[i]);
    REQUIRE (blocks[i] != NULL);
    CHECK (is_aligned (blocks[i]));
    if (i % 2 != 0) CHECK (is_zero (blocks[i], sizes[i]));
    fill (blocks[i], sizes[i], (unsigned) i);
  }
  for (int i = 0; i < SIZES_NUM; i++) CHECK (is_filled (blocks[i], sizes[i], (unsigned) i));
  for (int i = 0; i < SIZES_NUM; i += 2) MIR_free (alloc, blocks[i]);
  for (int i = 1; i < SIZES_NUM; i += 2) CHECK (is_filled (blocks[i], sizes[i], (unsigned) i));
  for (int i = 1; i < SIZES_NUM; i += 2) MIR_free (alloc, blocks[i]);
}

/* Dirty and free blocks in several rounds, so that calloc has to clear reused memory.  */
static void check_zeroes (MIR_alloc_t alloc) {
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < SIZES_NUM; i++) {
      char *block = (char *) MIR_calloc (alloc, sizes[i] % 8 + 1, sizes[i] / 8 + 1);
      size_t size = (sizes[i] % 8 + 1) * (sizes[i] / 8 + 1);
      REQUIRE (block != NULL);
      CHECK (is_aligned (block) && is_zero (block, size));
      memset (block, 0xee, size);
      MIR_free (alloc, block);
    }
}

static void check_resizing (MIR_alloc_t alloc) {
  for (int i = 0; i < SIZES_NUM; i++)
    for (int j = 0; j < SIZES_NUM; j++) {
      size_t least = sizes[i] < sizes[j] ? sizes[i] : sizes[j];
      void *block = MIR_realloc (alloc, NULL, 0, sizes[i]);
      REQUIRE (block != NULL);
      CHECK (is_aligned (block));
      fill (block, sizes[i], 3);
      block = MIR_realloc (alloc, block, sizes[i], sizes[j]);
      REQUIRE (block != NULL);
      CHECK (is_aligned (block) && is_filled (block, least, 3));
      fill (block, sizes[j], 5);
      block = MIR_realloc (alloc, block, sizes[j], sizes[i]);
      REQUIRE (block != NULL);
      CHECK (is_aligned (block) && is_filled (block, least, 5));
      MIR_free (alloc, block);
    }
}

/* For size 0, malloc may return NULL or a block, as long as the result can be freed and resized;
   from realloc, NULL would mean failure.  */
static void check_nothing (MIR_alloc_t alloc) {
  MIR_free (alloc, NULL);
  MIR_free (alloc, MIR_malloc (alloc, 0));
  MIR_free (alloc, MIR_calloc (alloc, 0, 8));
  MIR_free (alloc, MIR_calloc (alloc, 8, 0));
  void *block = MIR_malloc (alloc, 0);
  block = MIR_realloc (alloc, block, 0, 40);
  REQUIRE (block != NULL);
  fill (block, 40, 9);
  void *empty = MIR_realloc (alloc, block, 40, 0);
  CHECK (empty != NULL);
  block = MIR_realloc (alloc, empty, 0, 10);
  REQUIRE (block != NULL);
  fill (block, 10, 9);
  void *others[8];
  for (int i = 0; i < 8; i++) others[i] = MIR_malloc (alloc, 0);
  CHECK (is_filled (block, 10, 9));
  for (int i = 0; i < 8; i++) MIR_free (alloc, others[i]);
  CHECK (is_filled (block, 10, 9));
  MIR_free (alloc, block);
}

static void check_huge (MIR_alloc_t alloc) {
  volatile size_t most = SIZE_MAX; /* volatile: compilers warn about such a constant */
  void *block = MIR_malloc (alloc, 50);
  REQUIRE (block != NULL);
  fill (block, 50, 11);
  CHECK_PTR (MIR_calloc (alloc, most / 2, 3), NULL);
  CHECK_PTR (MIR_calloc (alloc, 3, most / 2), NULL);
  CHECK_PTR (MIR_calloc (alloc, most / 8 + 2, 8), NULL);
  for (size_t less = 0; less < 64; less += 7) {
    CHECK_PTR (MIR_malloc (alloc, most - less), NULL);
    CHECK_PTR (MIR_calloc (alloc, 1, most - less), NULL);
    CHECK_PTR (MIR_realloc (alloc, NULL, 0, most - less), NULL);
    CHECK_PTR (MIR_realloc (alloc, block, 50, most - less), NULL);
  }
  CHECK_PTR (MIR_realloc (alloc, block, 50, most / 2), NULL);
  CHECK (is_filled (block, 50, 11));
  MIR_free (alloc, block);
}

void conformance_run (MIR_alloc_t alloc, unsigned quirks) {
  check_sizes (alloc);
  check_nothing (alloc);
  check_resizing (alloc);
  if (!(quirks & CONFORM_NO_HUGE)) check_huge (alloc);
  check_zeroes (alloc);
  CHECK_INT (conformance_churn (alloc, tap_random (), tap_scaled (20000)), 0);
}

/*---------------- Against a model -----------------------------*/

enum { SLOTS = 64 };

struct slot {
  void *block;
  size_t size;
  unsigned seed;
};

static uint64_t next_random (uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  return z ^ (z >> 27);
}

/* Mostly small sizes, as in a compiler.  */
static size_t random_size (uint64_t r) {
  static const size_t most[] = {16, 64, 64, 200, 200, 1000, 5000, 40000};
  return (size_t) (r >> 8) % (most[r % 8] + 1);
}

static size_t check_slot (const struct slot *slot, size_t size) {
  if (slot->size == 0) return 0;
  return slot->block == NULL || !is_aligned (slot->block)
         || !is_filled (slot->block, size, slot->seed);
}

static size_t step (MIR_alloc_t alloc, struct slot *slot, uint64_t r) {
  size_t size = random_size (r >> 16), wrong = check_slot (slot, slot->size);
  if (r % 4 == 0) {
    MIR_free (alloc, slot->block);
    slot->block = MIR_malloc (alloc, size);
  } else if (r % 4 == 1) {
    MIR_free (alloc, slot->block);
    slot->block = MIR_calloc (alloc, 1, size);
    if (slot->block != NULL) wrong += !is_zero (slot->block, size);
  } else if (r % 4 == 2) {
    void *block = MIR_realloc (alloc, slot->block, slot->size, size);
    if (block == NULL) return 1;
    slot->block = block;
    if (size < slot->size) slot->size = size;
    wrong += check_slot (slot, slot->size);
  } else {
    MIR_free (alloc, slot->block);
    slot->block = NULL;
    size = 0;
  }
  if (slot->block == NULL && size != 0) {
    wrong++;
    size = 0;
  }
  slot->size = size;
  slot->seed = (unsigned) (r >> 40);
  fill (slot->block, size, slot->seed);
  return wrong;
}

size_t conformance_churn (MIR_alloc_t alloc, uint64_t seed, size_t steps) {
  struct slot slots[SLOTS];
  size_t wrong = 0;
  memset (slots, 0, sizeof (slots));
  for (size_t i = 0; i < steps; i++) {
    uint64_t r = next_random (&seed);
    wrong += step (alloc, &slots[(r >> 58) % SLOTS], r);
  }
  for (int i = 0; i < SLOTS; i++) {
    wrong += check_slot (&slots[i], slots[i].size);
    MIR_free (alloc, slots[i].block);
  }
  return wrong;
}

/*---------------- Refusals -----------------------------*/

/* A refused resize leaves the slot as it was.  */
static void resize_slot (MIR_alloc_t alloc, struct slot *slot, size_t size) {
  void *block = MIR_realloc (alloc, slot->block, slot->size, size);
  if (block == NULL) return;
  slot->block = block;
  slot->size = size;
  fill (block, size, slot->seed);
}

size_t conformance_scenario (MIR_alloc_t alloc) {
  struct slot slots[12];
  size_t wrong = 0;
  for (unsigned i = 0; i < 12; i++) {
    size_t size = (size_t) 20 << i % 6 * 2; /* 20 to 20480 */
    slots[i].block = i % 3 == 0 ? MIR_calloc (alloc, 2, size / 2) : MIR_malloc (alloc, size);
    slots[i].size = slots[i].block == NULL ? 0 : size;
    slots[i].seed = i;
    if (slots[i].block != NULL) fill (slots[i].block, slots[i].size, i);
  }
  for (int i = 0; i < 12; i++) resize_slot (alloc, &slots[i], slots[i].size * 3 + 30);
  for (int i = 0; i < 12; i++) wrong += check_slot (&slots[i], slots[i].size);
  for (int i = 0; i < 12; i += 2) resize_slot (alloc, &slots[i], slots[i].size / 5 + 1);
  for (int i = 0; i < 12; i++) wrong += check_slot (&slots[i], slots[i].size);
  for (int i = 0; i < 12; i++) MIR_free (alloc, slots[i].block);
  return wrong;
}

/*---------------- Shrinks -----------------------------*/

/* Make blocks of SIZE bytes, one for each of the sizes up to that.  Returns their number.  */
static size_t make_slots (MIR_alloc_t alloc, struct slot *slots, size_t size) {
  size_t num = 0;
  for (; num < SIZES_NUM && sizes[num] <= size; num++) {
    struct slot *slot = &slots[num];
    *slot = (struct slot) {.block = MIR_malloc (alloc, size), .size = size, .seed = (unsigned) num};
    REQUIRE (slot->block != NULL);
    fill (slot->block, size, slot->seed);
  }
  return num;
}

/* Resize SLOT to SIZE bytes and check that it keeps its bytes, also if it is refused.  Returns
   whether it was resized.  */
static int try_resize (MIR_alloc_t alloc, struct slot *slot, size_t size) {
  void *block = MIR_realloc (alloc, slot->block, slot->size, size);
  if (block != NULL) {
    size_t kept = size < slot->size ? size : slot->size;
    CHECK (is_aligned (block) && is_filled (block, kept, slot->seed));
    fill (block, size, slot->seed);
    slot->block = block;
    slot->size = size;
  }
  CHECK (is_filled (slot->block, slot->size, slot->seed));
  return block != NULL;
}

/* With memory again: every second block grows to SIZE bytes, and all end, first each third.  */
static void grow_and_free (MIR_alloc_t alloc, struct slot *slots, size_t num, size_t size) {
  for (size_t i = 0; i < num; i += 2) CHECK (try_resize (alloc, &slots[i], size));
  for (size_t i = 0; i < num; i++) CHECK (is_filled (slots[i].block, slots[i].size, slots[i].seed));
  for (size_t i = 0; i < num; i += 3) MIR_free (alloc, slots[i].block);
  for (size_t i = 0; i < num; i++)
    if (i % 3 != 0) {
      CHECK (is_filled (slots[i].block, slots[i].size, slots[i].seed));
      MIR_free (alloc, slots[i].block);
    }
}

void conformance_shrinks (MIR_alloc_t alloc, void (*refuse) (void *arg, int on), void *arg) {
  struct slot slots[SIZES_NUM];
  for (int i = 0; i < SIZES_NUM; i += 3) {
    size_t num = make_slots (alloc, slots, sizes[i]);
    refuse (arg, 1);
    for (size_t j = 0; j < num; j++) CHECK (try_resize (alloc, &slots[j], sizes[j]));
    for (size_t j = 0; j < num; j++) {
      CHECK (try_resize (alloc, &slots[j], slots[j].size)); /* to the same size */
      try_resize (alloc, &slots[j], slots[j].size + slots[j].size / 4);
      CHECK (try_resize (alloc, &slots[j], slots[j].size / 2));
    }
    for (size_t j = 0; j < num; j += 5) CHECK (try_resize (alloc, &slots[j], 0));
    refuse (arg, 0);
    grow_and_free (alloc, slots, num, sizes[i] + 1);
  }
}

void conformance_refuses_shrinks (MIR_alloc_t alloc, void (*refuse) (void *arg, int on),
                                  void *arg) {
  struct slot slots[SIZES_NUM];
  for (int i = 0; i < SIZES_NUM; i += 3) {
    size_t num = make_slots (alloc, slots, sizes[i]);
    refuse (arg, 1);
    for (size_t j = 0; j < num; j++) CHECK (!try_resize (alloc, &slots[j], sizes[j]));
    refuse (arg, 0);
    grow_and_free (alloc, slots, num, sizes[i] + 1);
  }
}
