/* The table of calls: what the functions make of foreign blocks, from before the DLL was loaded.
   The table of calls: what the functions make of foreign blocks, from before the DLL was
   loaded.  */

#include <stdint.h>
#include <stdlib.h>

#include "ucrt/calls.h"

#define LENGTH(A) (sizeof (A) / sizeof ((A)[0]))

enum { MALLOC, CALLOC, BASE, ALIGNED, OFFSET, KINDS };
static const char *const kinds[] = {"malloc", "calloc", "_malloc_base", "_aligned_malloc",
                                    "_aligned_offset_malloc"};
static const size_t sizes[] = {1, 2, 24, 100, 1000, 16385, 100000, 1048577};
enum { SIZES = LENGTH (sizes), ALIGNMENT = 64, SHIFT = 12, VARIANTS = 24 };

static void *old_blocks[KINDS][SIZES][VARIANTS];

static void *make (int kind, size_t size) {
  switch (kind) {
    case MALLOC:
      return crt.malloc (size);
    case CALLOC:
      return crt.calloc (1, size);
    case BASE:
      return crt._malloc_base (size);
    case ALIGNED:
      return crt._aligned_malloc (size, ALIGNMENT);
    default:
      return crt._aligned_offset_malloc (size, ALIGNMENT, size > SHIFT ? SHIFT : 0);
  }
}

void calls_make_foreign (void) {
  for (int kind = 0; kind < KINDS; kind++)
    for (size_t i = 0; i < SIZES; i++)
      for (int j = 0; j < VARIANTS; j++) {
        void *p = old_blocks[kind][i][j] = make (kind, sizes[i]);
        if (p == NULL) abort ();
        calls_fill (p, sizes[i]);
      }
}

static const char *moved (void *p, size_t old, size_t size, int zero) {
  if (p != NULL && !calls_kept (p, old < size ? old : size, size, zero))
    return "block whose bytes are wrong";
  return calls_block (p, size);
}

/* The I-th size near SIZE; I up to 7.  */
static size_t near (size_t size, int i) {
  const size_t those[] = {0, 1, size / 2, size - 1, size, size + 1, size * 2 + 10, size + 100000};
  return those[i];
}

static void plain (int kind, size_t old, void **blocks) {
  const char *name = kinds[kind];
  void *q = NULL;
  size_t found = 0;
  for (int i = 0; i < 8; i++, blocks++) {
    size_t size = near (old, i);
    CALLS_DO (_msize, found = crt._msize (*blocks));
    if (calls_is_size (found, old, 0)) found = old;
    calls_line (calls_size (found), "_msize (old %s (%s))", name, calls_size (old));
    CALLS_DO (realloc, q = crt.realloc (*blocks, size));
    calls_line (moved (q, old, size, 0), "realloc (old %s (%s), %s)", name, calls_size (old),
                calls_size (size));
    crt.free (q);
  }
  for (int i = 0; i < 8; i++, blocks++) {
    size_t size = near (old, i);
    CALLS_DO (_recalloc, q = crt._recalloc (*blocks, 1, size));
    calls_line (moved (q, old, size, 1), "_recalloc (old %s (%s), 1, %s)", name, calls_size (old),
                calls_size (size));
    crt.free (q);
  }
  CALLS_DO (realloc, q = crt.realloc (*blocks, CALLS_MAXREQ + 1));
  calls_line (q == NULL && calls_kept (*blocks, old, 0, 0) ? "NULL, kept" : "lost",
              "realloc (old %s (%s), MAXREQ+1)", name, calls_size (old));
  CALLS_DO (realloc, q = crt.realloc (*blocks, SIZE_MAX / 2));
  calls_line (q == NULL && calls_kept (*blocks, old, 0, 0) ? "NULL, kept" : "lost",
              "realloc (old %s (%s), MAX/2)", name, calls_size (old));
  CALLS_DO_WRONG (_recalloc, q = crt._recalloc (*blocks, SIZE_MAX, 2));
  calls_line (q == NULL && calls_kept (*blocks, old, 0, 0) ? "NULL, kept" : "lost",
              "_recalloc (old %s (%s), MAX, 2)", name, calls_size (old));
  CALLS_DO (_expand, q = crt._expand (*blocks, old / 2));
  calls_line (q == *blocks ? "in place"
              : q == NULL  ? "NULL"
                           : "moved",
              "_expand (old %s (%s), %s)", name, calls_size (old), calls_size (old / 2));
  CALLS_DO (_expand, q = crt._expand (*blocks, old * 3 + 100));
  if (q == NULL) calls_forget_error (12);
  calls_line (q == *blocks || q == NULL ? "in place, or ENOMEM" : "moved",
              "_expand (old %s (%s), %s)", name, calls_size (old), calls_size (old * 3 + 100));
  CALLS_DO (free, crt.free (*blocks));
  calls_line ("done", "free (old %s (%s))", name, calls_size (old));
  blocks++;
  CALLS_DO (_free_base, crt._free_base (*blocks));
  calls_line ("done", "_free_base (old %s (%s))", name, calls_size (old));
  blocks++;
  CALLS_DO (_realloc_base, q = crt._realloc_base (*blocks, old * 2 + 1));
  calls_line (q != NULL && calls_kept (q, old, 0, 0) ? "block" : "wrong",
              "_realloc_base (old %s (%s), ...)", name, calls_size (old));
  crt.free (q);
}

static const char *moved_aligned (void *p, size_t old, size_t size, size_t alignment, size_t offset,
                                  int zero) {
  if (p != NULL && !calls_kept (p, old < size ? old : size, size, zero))
    return "block whose bytes are wrong";
  return calls_aligned_block (p, size, alignment, offset);
}

static void aligned (int kind, size_t old, void **blocks) {
  const char *name = kinds[kind];
  size_t offset = kind == OFFSET && old > SHIFT ? SHIFT : 0, found = 0;
  void *q = NULL;
  for (int i = 0; i < 8; i++, blocks++) {
    size_t size = near (old, i), o = size > offset ? offset : 0;
    if (o != offset) continue; /* _aligned_msize would not answer correctly */
    CALLS_DO (_aligned_msize, found = crt._aligned_msize (*blocks, ALIGNMENT, offset));
    if (calls_is_size (found, old, ALIGNMENT)) found = old;
    calls_line (calls_size (found), "_aligned_msize (old %s (%s))", name, calls_size (old));
    CALLS_DO (_aligned_offset_realloc,
              q = crt._aligned_offset_realloc (*blocks, size, ALIGNMENT, o));
    calls_line (moved_aligned (q, old, size, ALIGNMENT, o, 0),
                "_aligned_offset_realloc (old %s (%s), %s)", name, calls_size (old),
                calls_size (size));
    crt._aligned_free (q);
  }
  for (int i = 0; i < 8; i++, blocks++) {
    size_t size = near (old, i), o = size > offset ? offset : 0;
    q = NULL;
    if (o != offset) continue;
    int called = CALLS_DO (_aligned_offset_recalloc,
                           q = crt._aligned_offset_recalloc (*blocks, 1, size, ALIGNMENT, o));
    calls_line (moved_aligned (q, old, size, ALIGNMENT, o, 1),
                "_aligned_offset_recalloc (old %s (%s), 1, %s)", name, calls_size (old),
                calls_size (size));
    crt._aligned_free (called ? q : *blocks);
  }
  CALLS_DO_WRONG (_aligned_realloc, q = crt._aligned_realloc (*blocks, CALLS_MAXREQ, ALIGNMENT));
  calls_line (q == NULL && calls_kept (*blocks, old, 0, 0) ? "NULL, kept" : "lost",
              "_aligned_realloc (old %s (%s), MAXREQ)", name, calls_size (old));
  CALLS_DO (_aligned_realloc, q = crt._aligned_realloc (*blocks, old + 10, 3));
  calls_line (q == NULL && calls_kept (*blocks, old, 0, 0) ? "NULL, kept" : "lost",
              "_aligned_realloc (old %s (%s), %s, 3)", name, calls_size (old),
              calls_size (old + 10));
  CALLS_DO (_aligned_free, crt._aligned_free (*blocks));
  calls_line ("done", "_aligned_free (old %s (%s))", name, calls_size (old));
  blocks++;
  for (size_t a = 1; a <= 4096; a *= 16, blocks++) { /* another alignment */
    CALLS_DO (_aligned_realloc, q = crt._aligned_realloc (*blocks, old + 50, a));
    calls_line (
        q != NULL && (uintptr_t) q % a == 0 && calls_kept (q, old, 0, 0) ? "block" : "wrong",
        "_aligned_realloc (old %s (%s), %s, %s)", name, calls_size (old), calls_size (old + 50),
        calls_size (a));
    crt._aligned_free (q);
  }
}

void calls_foreign (void) {
  for (int kind = 0; kind < KINDS; kind++)
    for (size_t i = 0; i < SIZES; i++) {
      if (kind < ALIGNED)
        plain (kind, sizes[i], old_blocks[kind][i]);
      else
        aligned (kind, sizes[i], old_blocks[kind][i]);
    }
}
