/* Shrinks of mimalloc's blocks while the process gets no more memory.  */
#include "mir-heap.h"

#include <string.h>

#include "support/child.h"
#include "support/tap.h"
#include SEEN_FILE

/* Checkers end the program when they get no memory of their own.  */
#ifdef __SANITIZE_THREAD__
enum { CAN_LIMIT = 0 };
#else
enum { CAN_LIMIT = 1 };
#endif

enum { PASSED = 0, REFUSED = 1, LOST = 2, NOT_EXHAUSTED = 3, NOT_HERE = 77 };
enum { SIZES = 16, EACH = 8, LARGEST = 64 << 20, SMALLEST = 16 };

static const size_t sizes[SIZES] = {64,    100,   400,   1000,   3000,   5000,   9000,   20000,
                                    40000, 70000, 90000, 200000, 400000, 700000, 900000, 3000000};

/* Allocate until nothing is left, large blocks first, and keep them all: for leak checkers they are
   lost with the child.  Returns whether that ended.  */
static int use_up (MIR_alloc_t alloc) {
  size_t num = 0;
  for (size_t size = LARGEST; size >= SMALLEST; size -= (size + 3) / 4)
    while (num < 10000000 && MIR_malloc (alloc, size) != NULL) num++;
  return num < 10000000;
}

static int is_filled (const char *block, size_t size, int seed) {
  for (size_t i = 0; i < size; i++)
    if (block[i] != (char) seed) return 0;
  return 1;
}

/* With no memory left, shrink blocks of all sizes to less than half, where mimalloc moves them,
   again and again.  */
static int shrink_without_memory (MIR_alloc_t alloc) {
  char *blocks[SIZES][EACH];
  int refused = 0, lost = 0;
  for (int i = 0; i < SIZES; i++)
    for (int j = 0; j < EACH; j++) {
      if ((blocks[i][j] = (char *) MIR_malloc (alloc, sizes[i])) == NULL) return NOT_EXHAUSTED;
      memset (blocks[i][j], i * EACH + j, sizes[i]);
    }
  if (!CAN_LIMIT || seen_is_checked () || refuse_address_space () != 0) return NOT_HERE;
  if (!use_up (alloc)) return NOT_EXHAUSTED;
  for (int i = 0; i < SIZES; i++)
    for (int j = 0; j < EACH; j++)
      for (size_t size = sizes[i], less; size > 0; size = less) {
        less = size * (size_t) j / (2 * EACH);
        char *block = (char *) MIR_realloc (alloc, blocks[i][j], size, less);
        if (block == NULL) {
          refused++;
          break;
        }
        blocks[i][j] = block;
        lost += !is_filled (block, less, i * EACH + j);
      }
  for (int i = 0; i < SIZES; i++)
    for (int j = 0; j < EACH; j++) MIR_free (alloc, blocks[i][j]);
  return refused != 0 ? REFUSED : lost != 0 ? LOST : PASSED;
}

static int shrink_in_default (void) {
  return shrink_without_memory (MIR_default_alloc ());
}

static int shrink_in_heap (void) {
  MIR_heap_t heap;
  if (MIR_heap_create (&heap) != MIR_HEAP_OK) return NOT_HERE;
  int status = shrink_without_memory (&heap->alloc);
  MIR_heap_finish (heap);
  return status;
}

static void check_in_child (int (*func) (void)) {
  int status = run_child (func, NULL, 0).status;
  if (status == NOT_HERE) tap_skip ("memory cannot be refused here");
  CHECK_INT (status, PASSED);
}

static void default_never_refuses_a_shrink (void) {
  check_in_child (shrink_in_default);
}

static void heap_never_refuses_a_shrink (void) {
  check_in_child (shrink_in_heap);
}

int main (void) {
  TEST_RUN (default_never_refuses_a_shrink);
  TEST_RUN (heap_never_refuses_a_shrink);
  return tap_done ();
}
