/* Test calls through a CRT's own entries, as any module of the process makes them: right after the
   take-over, and for MIR_ucrt_check.  All blocks come from a heap for the tests alone.  */

#include "ucrt/self-test.h"

#include <stddef.h>
#include <string.h>
#include <mimalloc.h>

#include "ucrt/block-size.h"
#include "ucrt/environment.h"
#include "ucrt/hooks.h"
#include "ucrt/log.h"
#include "ucrt/status-section.h"
#include "ucrt/take-over.h"
#include "ucrt/test-heap.h"

/* Each test calls the function at F, uses mimalloc's functions for everything else, and returns
   whether F behaved.  */
#define CALL(type, parameters) ((type (__cdecl *) parameters) (uintptr_t) f)

/* What a debug form has behind the function's own parameters: the type of the block, file and line;
   an aligned one only file and line.  Functions without them ignore them.  */
#define DEBUG_TYPES int, const char *, int
#define DEBUG_VALUES UCRT_NORMAL_BLOCK, NULL, 0
#define SOURCE_TYPES const char *, int
#define SOURCE_VALUES NULL, 0

/* Whether BLOCK is a block of ours with N bytes at a multiple of ALIGNMENT; fills it.  */
static int is (void *block, size_t n, size_t alignment) {
  if (block == NULL || !ucrt_is_ours (block)) return 0;
  if (mi_usable_size (block) < n || (uintptr_t) block % alignment != 0) return 0;
  memset (block, 0xa5, n);
  return 1;
}

/* Whether the bytes of BLOCK from FROM to TO, excluded, are all WITH.  */
static int is_filled (const void *block, size_t from, size_t to, uint8_t with) {
  const uint8_t *bytes = block;
  while (from < to && bytes[from] == with) from++;
  return from == to;
}

/* A block of ours of N bytes, filled with WITH, and allocated as malloc does, so that _msize knows
   its size.  */
static void *filled (size_t n, uint8_t with) {
  void *block = ucrt_hooks_malloc (&ucrt_crts[0], n);
  if (block != NULL) memset (block, with, n);
  return block;
}

/* Free BLOCK if it is of ours; PASSED.  */
static int result (void *block, int passed) {
  if (block != NULL && ucrt_is_ours (block)) mi_free (block);
  return passed;
}

/* Whether BLOCK, which had 50 bytes of value 7 and was reallocated to N bytes, is at a multiple of
   ALIGNMENT and kept its bytes, and if ZEROED, has zeros behind them.  Frees BLOCK.  */
static int grown (void *block, size_t n, size_t alignment, int zeroed) {
  int kept = block != NULL && is_filled (block, 0, 50, 7);
  if (zeroed && MIR_UCRT_EXACT_SIZE) kept = kept && is_filled (block, 50, n, 0);
  return result (block, kept && is (block, n, alignment));
}

#define WORDS (2 * sizeof (void *)) /* the alignment of every block, in bytes */

static int test_malloc (void *f) {
  void *block = CALL (void *, (size_t, DEBUG_TYPES)) (100, DEBUG_VALUES);
  return result (block, is (block, 100, WORDS));
}

static int test_calloc (void *f) {
  void *block = CALL (void *, (size_t, size_t, DEBUG_TYPES)) (10, 30, DEBUG_VALUES);
  int zero = block != NULL && is_filled (block, 0, 300, 0);
  return result (block, zero && is (block, 300, WORDS));
}

static int test_realloc (void *f) {
  return grown (CALL (void *, (void *, size_t, DEBUG_TYPES)) (filled (50, 7), 5000, DEBUG_VALUES),
                5000, WORDS, 0);
}

static int test_free (void *f) {
  void *stays = filled (48, 1), *goes = filled (48, 2);
  if (stays == NULL || goes == NULL) return 0;
  size_t before = ucrt_used_beside (goes);
  CALL (void, (void *, int) ) (goes, UCRT_NORMAL_BLOCK);
  return result (stays, before - ucrt_used_beside (goes) == 1);
}

/* Whether SIZE is what _msize should say of a block of N bytes.  */
static int is_size (size_t size, size_t n) {
  return MIR_UCRT_EXACT_SIZE ? size == n : size >= n;
}

static int test_msize (void *f) {
  void *block = filled (77, 3);
  return result (
      block,
      block != NULL && is_size (CALL (size_t, (void *, int) ) (block, UCRT_NORMAL_BLOCK), 77));
}

static int test_expand (void *f) {
  void *block = filled (200, 3);
  return result (
      block,
      block != NULL
          && CALL (void *, (void *, size_t, DEBUG_TYPES)) (block, 190, DEBUG_VALUES) == block);
}

static int test_recalloc (void *f) {
  return grown (
      CALL (void *, (void *, size_t, size_t, DEBUG_TYPES)) (filled (50, 7), 100, 20, DEBUG_VALUES),
      2000, WORDS, 1);
}

static int test_heapmin (void *f) {
  int done = CALL (int, (void) ) ();
  return done == 0 || done == -1;
}

static int test_aligned_malloc (void *f) {
  void *block = CALL (void *, (size_t, size_t, SOURCE_TYPES)) (100, 256, SOURCE_VALUES);
  return result (block, is (block, 100, 256));
}

static int test_aligned_realloc (void *f) {
  void *block = CALL (void *, (void *, size_t, size_t, SOURCE_TYPES)) (filled (50, 7), 3000, 128,
                                                                       SOURCE_VALUES);
  return grown (block, 3000, 128, 0);
}

static int test_aligned_recalloc (void *f) {
  void *block = CALL (void *, (void *, size_t, size_t, size_t, SOURCE_TYPES)) (
      filled (50, 7), 100, 30, 128, SOURCE_VALUES);
  return grown (block, 3000, 128, 1);
}

static int test_aligned_msize (void *f) {
  void *block = filled (78, 3);
  return result (
      block,
      block != NULL && is_size (CALL (size_t, (void *, size_t, size_t) ) (block, 16, 0), 78));
}

/* Whether BLOCK is placed as alignment 128 with offset 32 demands.  */
static int is_at_offset (const void *block) {
  return (uintptr_t) block % 128 == 96;
}

static int test_offset_malloc (void *f) {
  void *block = CALL (void *, (size_t, size_t, size_t, SOURCE_TYPES)) (100, 128, 32, SOURCE_VALUES);
  return result (block, is (block, 100, 1)) && is_at_offset (block);
}

static int test_offset_realloc (void *f) {
  void *block = CALL (void *, (void *, size_t, size_t, size_t, SOURCE_TYPES)) (
      filled (50, 7), 900, 128, 32, SOURCE_VALUES);
  return grown (block, 900, 1, 0) && is_at_offset (block);
}

static int test_offset_recalloc (void *f) {
  void *block = CALL (void *, (void *, size_t, size_t, size_t, size_t, SOURCE_TYPES)) (
      filled (50, 7), 90, 10, 128, 32, SOURCE_VALUES);
  return grown (block, 900, 1, 1) && is_at_offset (block);
}

/* Addresses of ours only: others are for the CRT's heap to judge.  */
static int test_is_valid_heap_pointer (void *f) {
  void *block = filled (90, 3);
  return result (block, block != NULL && CALL (int, (const void *) ) (block) == 1
                            && CALL (int, (const void *) ) (NULL) == 0);
}

static int test_is_memory_block (void *f) {
  void *block = filled (91, 3);
  char here = 0, *file = &here;
  long number = 1;
  int line = 1;
  int is = block != NULL
           && CALL (int, (const void *, unsigned, long *, char **, int *) ) (block, 91, &number,
                                                                             &file, &line);
  return result (block, is == 1 && number == 0 && file == NULL && line == 0);
}

static int test_report_block_type (void *f) {
  void *block = filled (92, 3);
  return result (block, block != NULL && CALL (int, (const void *) ) (block) == UCRT_NORMAL_BLOCK
                            && CALL (int, (const void *) ) (NULL) == UCRT_NO_BLOCK);
}

/* The block before, and what is in front of it, stay as they are.  */
static int test_set_block_type (void *f) {
  enum { SIZE = 240, NUM = 3 };
  uint8_t *blocks[NUM];
  int passed = 1;
  for (int i = 0; i < NUM; i++) blocks[i] = filled (SIZE, 4);
  for (int i = 0; i < NUM; i++)
    if (blocks[i] != NULL) CALL (void, (void *, int) ) (blocks[i], UCRT_CLIENT_BLOCK);
  for (int i = 0; i < NUM; i++) {
    passed = passed && blocks[i] != NULL && is_filled (blocks[i], 0, SIZE, 4);
    if (blocks[i] != NULL) mi_free (blocks[i]);
  }
  return passed;
}

struct test {
  const char *name;
  int (*run) (void *f); /* 1: F behaved */
  int works_in_crt;     /* the hook calls the CRT or works on its heap */
};

static const struct test tests[] = {
    {.name = "malloc", .run = test_malloc},
    {.name = "calloc", .run = test_calloc},
    {.name = "realloc", .run = test_realloc},
    {.name = "_realloc_base", .run = test_realloc},
    {.name = "free", .run = test_free},
    {.name = "_free_base", .run = test_free},
    {.name = "_msize", .run = test_msize},
    {.name = "_expand", .run = test_expand},
    {.name = "_recalloc", .run = test_recalloc},
    {.name = "_heapmin", .run = test_heapmin, .works_in_crt = 1},
    {.name = "_aligned_malloc", .run = test_aligned_malloc},
    {.name = "_aligned_realloc", .run = test_aligned_realloc},
    {.name = "_aligned_recalloc", .run = test_aligned_recalloc},
    {.name = "_aligned_msize", .run = test_aligned_msize},
    {.name = "_aligned_free", .run = test_free},
    {.name = "_aligned_offset_malloc", .run = test_offset_malloc},
    {.name = "_aligned_offset_realloc", .run = test_offset_realloc},
    {.name = "_aligned_offset_recalloc", .run = test_offset_recalloc},
    {.name = "_CrtIsValidHeapPointer", .run = test_is_valid_heap_pointer},
    {.name = "_CrtIsMemoryBlock", .run = test_is_memory_block},
    {.name = "_CrtReportBlockType", .run = test_report_block_type},
    {.name = "_CrtSetDbgBlockType", .run = test_set_block_type},
};

/* The test for the function with the LEN bytes at NAME; NULL if there is none.  */
static const struct test *test_named (const char *name, size_t len) {
  for (size_t i = 0; i < sizeof (tests) / sizeof (tests[0]); i++)
    if (strlen (tests[i].name) == len && memcmp (tests[i].name, name, len) == 0) return &tests[i];
  return NULL;
}

/* The test for the function NAME; NULL if there is none.  A twin _o_X has that of X; a debug form
   X_dbg or _X_dbg, too.  */
static const struct test *test_of (const char *name) {
  size_t len = strlen (name);
  if (len > 3 && memcmp (name, "_o_", 3) == 0) return test_named (name + 3, len - 3);
  if (len <= 5 || memcmp (name + len - 4, "_dbg", 4) != 0) return test_named (name, len);
  const struct test *test = test_named (name, len - 4);
  return test != NULL ? test : test_named (name + 1, len - 5);
}

/* Call FUNCTION, and note in its status whether it behaved.  */
static int run (const struct test *test, MIR_ucrt_function_t *function) {
  int passed = test->run ((void *) (uintptr_t) function->address);
  function->test = passed ? MIR_UCRT_PASSED : MIR_UCRT_WRONG;
  return passed;
}

/* Whether a call of FUNCTION ends in a hook, at its entry or through another function.  */
static int is_reached (const MIR_ucrt_function_t *function) {
  return function->address != 0
         && (function->state == MIR_UCRT_TAKEN || function->state == MIR_UCRT_ALIAS
             || function->state == MIR_UCRT_REACHED);
}

/* How many functions were tested, and how many misbehaved.  */
struct counts {
  int tested, wrong;
};

/* Test all functions that can be reached, for MIR_ucrt_check.  COUNTS_: a struct counts.  */
static void check_reached (void *counts_) {
  struct counts *counts = counts_;
  for (uint32_t i = 0; i < ucrt_status.functions_num; i++) {
    MIR_ucrt_function_t *function = &ucrt_status.functions[i];
    if (!is_reached (function) || !ucrt_crt_ready (&ucrt_crts[function->crt])) continue;
    const struct test *test = test_of (function->name);
    if (test == NULL) continue;
    counts->tested++;
    if (!run (test, function)) counts->wrong++;
  }
}

int MIR_ucrt_check (void) {
  struct counts counts = {0};
  if (!ucrt_hold_crts ()) return -1;
  ucrt_in_test_heap (check_reached, &counts);
  ucrt_release_crts ();
  return counts.tested == 0 ? -1 : counts.wrong;
}

/*---------------- Right after the take-over -----------------------------*/

/* Whether the entry of FUNCTION leads to a hook: an alias shares the entry of a function before
   it.  */
static int is_taken (const MIR_ucrt_function_t *function) {
  return function->state == MIR_UCRT_TAKEN || function->state == MIR_UCRT_ALIAS;
}

/* Undo the counting of a test call.  A call through an entry is counted for the function under
   whose name the entry was taken over.  */
static void uncount_call (const MIR_ucrt_function_t *called) {
  for (uint32_t i = 0; ucrt_options.counting && i < ucrt_status.functions_num; i++) {
    MIR_ucrt_function_t *function = &ucrt_status.functions[i];
    if (function->state == MIR_UCRT_TAKEN && function->address == called->address)
      __atomic_fetch_sub (&function->calls, 1, __ATOMIC_RELAXED);
  }
}

/* A CRT that was just taken over, and how many of its functions misbehaved.  */
struct taken_crt {
  const struct ucrt_crt *crt;
  unsigned wrong;
};

/* Test the functions whose entries lead to hooks.  TAKEN_: a struct taken_crt.  */
static void check_hooked (void *taken_) {
  struct taken_crt *taken = taken_;
  for (uint32_t i = 0; i < ucrt_status.functions_num; i++) {
    MIR_ucrt_function_t *function = &ucrt_status.functions[i];
    if (function->crt != taken->crt->index || !is_taken (function)) continue;
    const struct test *test = test_of (function->name);
    if (test == NULL || test->works_in_crt) continue;
    if (!run (test, function)) taken->wrong++;
    uncount_call (function);
  }
}

void ucrt_check_taken (const struct ucrt_crt *crt) {
  MIR_ucrt_crt_t *status = &ucrt_status.crts[crt->index];
  struct taken_crt taken = {.crt = crt};
  ucrt_in_test_heap (check_hooked, &taken);
  if (taken.wrong != 0)
    ucrt_format (status->reason, sizeof (status->reason),
                 "%u of its functions misbehaved when tested", taken.wrong);
}
