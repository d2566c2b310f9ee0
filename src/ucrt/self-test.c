/* Test calls through a CRT's own entries, as any module of the process makes them: right after the
   take-over, and for MIR_ucrt_check.  */

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

/* Each test calls the function at F, uses mimalloc's functions for everything else, and returns
   whether F behaved.  */
#define CALL(type, parameters) ((type (__cdecl *) parameters) (uintptr_t) f)

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
  void *block = ucrt_hooks_malloc (n);
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
  void *block = CALL (void *, (size_t) ) (100);
  return result (block, is (block, 100, WORDS));
}

static int test_calloc (void *f) {
  void *block = CALL (void *, (size_t, size_t) ) (10, 30);
  int zero = block != NULL && is_filled (block, 0, 300, 0);
  return result (block, zero && is (block, 300, WORDS));
}

static int test_realloc (void *f) {
  return grown (CALL (void *, (void *, size_t) ) (filled (50, 7), 5000), 5000, WORDS, 0);
}

static int test_free (void *f) {
  void *stays = filled (48, 1), *goes = filled (48, 2);
  if (stays == NULL || goes == NULL) return 0;
  size_t before = ucrt_used_beside (goes);
  CALL (void, (void *) ) (goes);
  return result (stays, before - ucrt_used_beside (goes) == 1);
}

/* Whether SIZE is what _msize should say of a block of N bytes.  */
static int is_size (size_t size, size_t n) {
  return MIR_UCRT_EXACT_SIZE ? size == n : size >= n;
}

static int test_msize (void *f) {
  void *block = filled (77, 3);
  return result (block, block != NULL && is_size (CALL (size_t, (void *) ) (block), 77));
}

static int test_expand (void *f) {
  void *block = filled (200, 3);
  return result (block, block != NULL && CALL (void *, (void *, size_t) ) (block, 190) == block);
}

static int test_recalloc (void *f) {
  return grown (CALL (void *, (void *, size_t, size_t) ) (filled (50, 7), 100, 20), 2000, WORDS, 1);
}

static int test_heapmin (void *f) {
  int done = CALL (int, (void) ) ();
  return done == 0 || done == -1;
}

static int test_aligned_malloc (void *f) {
  void *block = CALL (void *, (size_t, size_t) ) (100, 256);
  return result (block, is (block, 100, 256));
}

static int test_aligned_realloc (void *f) {
  void *block = CALL (void *, (void *, size_t, size_t) ) (filled (50, 7), 3000, 128);
  return grown (block, 3000, 128, 0);
}

static int test_aligned_recalloc (void *f) {
  void *block = CALL (void *, (void *, size_t, size_t, size_t) ) (filled (50, 7), 100, 30, 128);
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
  void *block = CALL (void *, (size_t, size_t, size_t) ) (100, 128, 32);
  return result (block, is (block, 100, 1)) && is_at_offset (block);
}

static int test_offset_realloc (void *f) {
  void *block = CALL (void *, (void *, size_t, size_t, size_t) ) (filled (50, 7), 900, 128, 32);
  return grown (block, 900, 1, 0) && is_at_offset (block);
}

static int test_offset_recalloc (void *f) {
  void *block =
      CALL (void *, (void *, size_t, size_t, size_t, size_t) ) (filled (50, 7), 90, 10, 128, 32);
  return grown (block, 900, 1, 1) && is_at_offset (block);
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
};

/* The test for the function NAME; NULL if there is none.  */
static const struct test *test_of (const char *name) {
  if (memcmp (name, "_o_", 3) == 0) name += 3;
  size_t size = strlen (name) + 1;
  for (size_t i = 0; i < sizeof (tests) / sizeof (tests[0]); i++)
    if (strlen (tests[i].name) + 1 == size && memcmp (tests[i].name, name, size) == 0)
      return &tests[i];
  return NULL;
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

int MIR_ucrt_check (void) {
  int wrong = 0, tested = 0;
  if (!ucrt_hold_crts ()) return -1;
  for (uint32_t i = 0; i < ucrt_status.functions_num; i++) {
    MIR_ucrt_function_t *function = &ucrt_status.functions[i];
    if (!is_reached (function) || !ucrt_crt_ready (&ucrt_crts[function->crt])) continue;
    const struct test *test = test_of (function->name);
    if (test == NULL) continue;
    tested++;
    if (!run (test, function)) wrong++;
  }
  ucrt_release_crts ();
  return tested == 0 ? -1 : wrong;
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

void ucrt_check_taken (const struct ucrt_crt *crt) {
  MIR_ucrt_crt_t *status = &ucrt_status.crts[crt->index];
  unsigned wrong = 0;
  for (uint32_t i = 0; i < ucrt_status.functions_num; i++) {
    MIR_ucrt_function_t *function = &ucrt_status.functions[i];
    if (function->crt != crt->index || !is_taken (function)) continue;
    const struct test *test = test_of (function->name);
    if (test == NULL || test->works_in_crt) continue;
    if (!run (test, function)) wrong++;
    uncount_call (function);
  }
  if (wrong != 0)
    ucrt_format (status->reason, sizeof (status->reason),
                 "%u of its functions misbehaved when tested", wrong);
}
