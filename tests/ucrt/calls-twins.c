/* The table of calls: the base functions and the _o_ twins, whose blocks go to and come from the
   plain functions.  */

#include <stdint.h>

#include "ucrt/calls.h"

#define LENGTH(A) (sizeof (A) / sizeof ((A)[0]))

static const size_t sizes[] = {0, 1, 24, 100, 5000, 100000};

static const char *filled (void *p, size_t kept, size_t size) {
  if (p != NULL && !calls_kept (p, kept < size ? kept : size, size, 0))
    return "block whose bytes are wrong";
  return calls_block (p, size);
}

static void base (size_t size) {
  void *p = NULL;
  const char *name = calls_size (size);
  CALLS_DO (_malloc_base, p = crt._malloc_base (size));
  calls_line (p == NULL ? "NULL" : "block", "_malloc_base (%s)", name);
  if (p != NULL) calls_fill (p, size);
  void *q = p;
  CALLS_DO (realloc, q = crt.realloc (p, size + 1000));
  calls_line (filled (q, size, size + 1000), "realloc (_malloc_base (%s), %s)", name,
              calls_size (size + 1000));
  CALLS_DO (_free_base, crt._free_base (q));
  calls_line ("done", "_free_base");
  p = NULL;
  CALLS_DO (_calloc_base, p = crt._calloc_base (1, size));
  calls_line (p == NULL                    ? "NULL"
              : calls_kept (p, 0, size, 1) ? "block"
                                           : "not zeroed",
              "_calloc_base (1, %s)", name);
  CALLS_DO (free, crt.free (p));
  calls_line ("done", "free (_calloc_base (1, %s))", name);
  p = crt.malloc (size);
  calls_fill (p, size);
  q = p;
  CALLS_DO (_realloc_base, q = crt._realloc_base (p, size + 500));
  calls_line (filled (q, size, size + 500), "_realloc_base (malloc (%s), %s)", name,
              calls_size (size + 500));
  CALLS_DO (free, crt.free (q));
  calls_line ("done", "free (_realloc_base)");
  p = crt._malloc_base (size);
  calls_fill (p, size);
  CALLS_DO (_realloc_base, p = crt._realloc_base (p, size * 2 + 1));
  calls_line (p == NULL                    ? "NULL"
              : calls_kept (p, size, 0, 0) ? "block"
                                           : "bytes are wrong",
              "_realloc_base (_malloc_base (%s), ...)", name);
  CALLS_DO (_free_base, crt._free_base (p));
  calls_line ("done", "_free_base");
  p = crt.malloc (size);
  CALLS_DO (_free_base, crt._free_base (p));
  calls_line ("done", "_free_base (malloc (%s))", name);
}

static void twin (size_t size) {
  void *p = NULL, *q = NULL;
  size_t found = 0;
  const char *name = calls_size (size);
  CALLS_DO (_o_malloc, p = crt._o_malloc (size));
  calls_line (calls_block (p, size), "_o_malloc (%s)", name);
  CALLS_DO (realloc, q = crt.realloc (p, size + 1000));
  calls_line (filled (q, size, size + 1000), "realloc (_o_malloc (%s), ...)", name);
  CALLS_DO (_o_free, crt._o_free (q));
  calls_line ("done", "_o_free");
  p = crt.malloc (size);
  calls_fill (p, size);
  CALLS_DO (_o__msize, found = crt._o__msize (p));
  calls_line (found >= size && (found == (size == 0 ? 1 : size) || !calls_exact)
                  ? "its size"
                  : calls_size (found),
              "_o__msize (malloc (%s))", name);
  CALLS_DO (_o_realloc, p = crt._o_realloc (p, size * 2 + 1));
  calls_line (filled (p, size, size * 2 + 1), "_o_realloc (malloc (%s), ...)", name);
  CALLS_DO (_o__recalloc, p = crt._o__recalloc (p, 2, size * 2 + 1));
  calls_line (filled (p, size * 2 + 1, size * 4 + 2), "_o__recalloc (_o_realloc, ...)");
  CALLS_DO (_o__expand, q = crt._o__expand (p, size + 1));
  calls_line (p == q ? "in place" : "not in place", "_o__expand (_o__recalloc, %s)",
              calls_size (size + 1));
  CALLS_DO (free, crt.free (p));
  calls_line ("done", "free");
  p = NULL;
  CALLS_DO (_o_calloc, p = crt._o_calloc (size, 1));
  calls_line (p == NULL                    ? "NULL"
              : calls_kept (p, 0, size, 1) ? calls_block (p, size)
                                           : "not zeroed",
              "_o_calloc (%s, 1)", name);
  crt.free (p);
}

static void aligned_twin (size_t size) {
  void *p = NULL;
  size_t found = 0;
  const char *name = calls_size (size);
  CALLS_DO (_o__aligned_malloc, p = crt._o__aligned_malloc (size, 64));
  calls_line (calls_aligned_block (p, size, 64, 0), "_o__aligned_malloc (%s, 64)", name);
  CALLS_DO (_o__aligned_msize, found = crt._o__aligned_msize (p, 64, 0));
  calls_line (found >= size && (found == size || !calls_exact) ? "its size" : calls_size (found),
              "_o__aligned_msize");
  CALLS_DO (_o__aligned_realloc, p = crt._o__aligned_realloc (p, size + 100, 64));
  calls_line (p != NULL && calls_kept (p, size, 0, 0) ? calls_aligned_block (p, size + 100, 64, 0)
                                                      : "wrong",
              "_o__aligned_realloc (..., %s, 64)", calls_size (size + 100));
  int called = CALLS_DO (_o__aligned_recalloc, p = crt._o__aligned_recalloc (p, 2, size + 100, 64));
  calls_line (!called || calls_kept (p, size + 100, 2 * size + 200, 1) ? "block" : "wrong",
              "_o__aligned_recalloc");
  CALLS_DO (_o__aligned_free, crt._o__aligned_free (p));
  calls_line ("done", "_o__aligned_free");
  p = NULL;
  CALLS_DO (_o__aligned_offset_malloc, p = crt._o__aligned_offset_malloc (size + 10, 32, 5));
  calls_line (calls_aligned_block (p, size + 10, 32, 5), "_o__aligned_offset_malloc (%s, 32, 5)",
              calls_size (size + 10));
  CALLS_DO (_o__aligned_offset_realloc, p = crt._o__aligned_offset_realloc (p, size + 77, 32, 5));
  calls_line (p != NULL && calls_kept (p, size + 10, 0, 0)
                  ? calls_aligned_block (p, size + 77, 32, 5)
                  : "wrong",
              "_o__aligned_offset_realloc (..., %s, 32, 5)", calls_size (size + 77));
  called = CALLS_DO (_o__aligned_offset_recalloc,
                     p = crt._o__aligned_offset_recalloc (p, 3, size + 77, 32, 5));
  calls_line (!called || calls_kept (p, size + 77, 3 * size + 231, 1) ? "block" : "wrong",
              "_o__aligned_offset_recalloc");
  crt._aligned_free (p);
}

void calls_twins (void) {
  for (size_t i = 0; i < LENGTH (sizes); i++) base (sizes[i]);
  for (size_t i = 0; i < LENGTH (sizes); i++) twin (sizes[i]);
  for (size_t i = 0; i < LENGTH (sizes); i++) aligned_twin (sizes[i]);
}
