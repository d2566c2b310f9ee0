/* The table of calls: _aligned_malloc and the other aligned functions.  */

#include <stdint.h>

#include "ucrt/calls.h"

#define LENGTH(A) (sizeof (A) / sizeof ((A)[0]))

static const size_t sizes[] = {0,  1,  7,   8,    15,   16,   17,    24,     31,
                               32, 33, 100, 1000, 4096, 5000, 20000, 100000, 1048577};
static const size_t alignments[] = {1, 2, 4, 8, 16, 32, 64, 256, 4096, 65536, 1048576};
static const size_t wrong_alignments[] = {0, 3, 24, SIZE_MAX};

static size_t least (size_t a, size_t b) {
  return a < b ? a : b;
}

static void allocate (void) {
  void *p = NULL;
  for (size_t i = 0; i < LENGTH (sizes); i++)
    for (size_t j = 0; j < LENGTH (alignments); j++) {
      CALLS_DO (_aligned_malloc, p = crt._aligned_malloc (sizes[i], alignments[j]));
      calls_line (calls_aligned_block (p, sizes[i], alignments[j], 0), "_aligned_malloc (%s, %s)",
                  calls_size (sizes[i]), calls_size (alignments[j]));
      crt._aligned_free (p);
    }
  for (size_t i = 0; i < LENGTH (wrong_alignments); i++)
    for (size_t size = 0; size < 200; size += 100) {
      CALLS_DO (_aligned_malloc, p = crt._aligned_malloc (size, wrong_alignments[i]));
      calls_line (p == NULL ? "NULL" : "not NULL", "_aligned_malloc (%s, %s)", calls_size (size),
                  calls_size (wrong_alignments[i]));
    }
  CALLS_DO (_aligned_free, crt._aligned_free (NULL));
  calls_line ("done", "_aligned_free (NULL)");
  size_t size = 0;
  CALLS_DO_WRONG (_aligned_msize, size = crt._aligned_msize (NULL, 16, 0));
  calls_line (calls_size (size), "_aligned_msize (NULL, 16, 0)");
}

static void allocate_with_offset (void) {
  const size_t offsets[] = {0, 1, 3, 4, 7, 8, 12, 13, 16, 31, 99, 100, 101, 4000, SIZE_MAX};
  void *p = NULL;
  for (size_t size = 0; size < 5000; size = size * 5 + 20)
    for (size_t i = 0; i < LENGTH (offsets); i++)
      for (size_t j = 0; j < LENGTH (alignments); j++) {
        CALLS_DO (_aligned_offset_malloc,
                  p = crt._aligned_offset_malloc (size, alignments[j], offsets[i]));
        calls_line (calls_aligned_block (p, size, alignments[j], offsets[i]),
                    "_aligned_offset_malloc (%s, %s, %s)", calls_size (size),
                    calls_size (alignments[j]), calls_size (offsets[i]));
        crt._aligned_free (p);
      }
  for (size_t i = 0; i < LENGTH (wrong_alignments); i++) {
    CALLS_DO (_aligned_offset_malloc, p = crt._aligned_offset_malloc (100, wrong_alignments[i], 4));
    calls_line (p == NULL ? "NULL" : "not NULL", "_aligned_offset_malloc (100, %s, 4)",
                calls_size (wrong_alignments[i]));
  }
}

static void allocate_too_large (void) {
  const struct {
    size_t size, alignment;
  } cases[] = {{SIZE_MAX, 16},
               {SIZE_MAX - 16, 16},
               {CALLS_MAXREQ, 16},
               {CALLS_MAXREQ - 16, 16},
               {CALLS_MAXREQ + 1, 1},
               {SIZE_MAX / 2, 16},
               {SIZE_MAX / 2 + 1, 4096},
               {SIZE_MAX - 4096, 4096},
               {16, SIZE_MAX / 2 + 1},
               {SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1},
               {SIZE_MAX, SIZE_MAX / 2 + 1}};
  for (size_t i = 0; i < LENGTH (cases); i++) {
    void *p = NULL;
    const char *size = calls_size (cases[i].size), *alignment = calls_size (cases[i].alignment);
    CALLS_DO_WRONG (_aligned_malloc, p = crt._aligned_malloc (cases[i].size, cases[i].alignment));
    calls_line (p == NULL ? "NULL" : "not NULL", "_aligned_malloc (%s, %s)", size, alignment);
    CALLS_DO_WRONG (_aligned_offset_malloc,
                    p = crt._aligned_offset_malloc (cases[i].size, cases[i].alignment, 5));
    calls_line (p == NULL ? "NULL" : "not NULL", "_aligned_offset_malloc (%s, %s, 5)", size,
                alignment);
    void *old = crt._aligned_malloc (100, 32);
    calls_fill (old, 100);
    CALLS_DO_WRONG (_aligned_realloc,
                    p = crt._aligned_realloc (old, cases[i].size, cases[i].alignment));
    calls_line (p == NULL && calls_kept (old, 100, 100, 0) ? "NULL, kept" : "lost",
                "_aligned_realloc (p, %s, %s)", size, alignment);
    CALLS_DO_WRONG (_aligned_recalloc,
                    p = crt._aligned_recalloc (old, 1, cases[i].size, cases[i].alignment));
    calls_line (p == NULL && calls_kept (old, 100, 100, 0) ? "NULL, kept" : "lost",
                "_aligned_recalloc (p, 1, %s, %s)", size, alignment);
    crt._aligned_free (old);
  }
}

/* SIZE, ALIGNMENT and OFFSET are the new ones.  */
static const char *moved (void *p, size_t old, size_t size, size_t alignment, size_t offset,
                          int zero) {
  if (p != NULL && !calls_kept (p, least (old, size), size, zero))
    return "block whose bytes are wrong";
  return calls_aligned_block (p, size, alignment, offset);
}

static void reallocate (void) {
  const size_t some[] = {8, 64, 4096};
  for (size_t i = 1; i < LENGTH (sizes); i += 3)
    for (size_t j = 0; j < LENGTH (sizes); j += 2)
      for (size_t a = 0; a < LENGTH (some); a++)
        for (size_t b = 0; b < LENGTH (some); b++) {
          void *p = crt._aligned_malloc (sizes[i], some[a]), *q = NULL;
          calls_fill (p, sizes[i]);
          CALLS_DO (_aligned_realloc, q = crt._aligned_realloc (p, sizes[j], some[b]));
          /* A block that stays in place keeps the space in front of its old alignment, so
             _aligned_msize answers correctly only for the arguments that the block was allocated
             with.  */
          const char *result = q == NULL                      ? "NULL"
                               : (uintptr_t) q % some[b] != 0 ? "block at a wrong alignment"
                               : calls_kept (q, least (sizes[i], sizes[j]), 0, 0)
                                   ? "block"
                                   : "block whose bytes are wrong";
          if (a == b) result = moved (q, sizes[i], sizes[j], some[b], 0, 0);
          calls_line (result, "_aligned_realloc (_aligned_malloc (%s, %s), %s, %s)",
                      calls_size (sizes[i]), calls_size (some[a]), calls_size (sizes[j]),
                      calls_size (some[b]));
          if (q != NULL) calls_fill (q, sizes[j]);
          crt._aligned_free (q);
        }
}

static void reallocate_with_offset (void) {
  const struct {
    size_t from, alignment, offset, to, new_alignment, new_offset;
  } cases[] = {{100, 16, 4, 200, 16, 4},      {100, 16, 4, 50, 16, 4},
               {100, 16, 4, 200, 16, 8},      {100, 16, 4, 200, 64, 4},
               {100, 64, 60, 101, 16, 12},    {1000, 4096, 999, 5000, 4096, 999},
               {1000, 4096, 1, 5000, 32, 31}, {100, 16, 0, 200, 16, 5},
               {100, 16, 5, 200, 16, 0},      {100, 16, 4, 0, 16, 4},
               {100, 16, 4, 4, 16, 4},        {100, 16, 4, 3, 16, 4},
               {100, 16, 4, 200, 3, 4},       {100, 16, 4, 200, 0, 4},
               {100, 16, 4, 0, 3, 4},         {100, 16, 4, 0, 16, 9},
               {100, 16, 4, 200, 16, 200},    {100, 16, 4, 200, 16, 201},
               {20000, 32, 8, 40000, 32, 8},  {40000, 32, 8, 20000, 32, 8},
               {100000, 32, 8, 1000, 32, 8}};
  for (size_t i = 0; i < LENGTH (cases); i++) {
    size_t from = cases[i].from, to = cases[i].to, a = cases[i].new_alignment,
           o = cases[i].new_offset;
    int same = a == cases[i].alignment && o == cases[i].offset;
    void *p = crt._aligned_offset_malloc (from, cases[i].alignment, cases[i].offset), *q = p;
    calls_fill (p, from);
    CALLS_DO_WRONG (_aligned_offset_realloc, q = crt._aligned_offset_realloc (p, to, a, o));
    const char *result = q == NULL                                ? "NULL"
                         : a != 0 && ((uintptr_t) q + o) % a != 0 ? "block at a wrong alignment"
                         : calls_kept (q, least (from, to), 0, 0) ? "block"
                                                                  : "block whose bytes are wrong";
    if (same && q != NULL) result = moved (q, from, to, a, o, 0);
    if (q == NULL && to != 0) result = calls_kept (p, from, 0, 0) ? "NULL, kept" : "lost";
    calls_line (result, "_aligned_offset_realloc (_aligned_offset_malloc (%s, %s, %s), %s, %s, %s)",
                calls_size (from), calls_size (cases[i].alignment), calls_size (cases[i].offset),
                calls_size (to), calls_size (a), calls_size (o));
    crt._aligned_free (q != NULL ? q : to != 0 ? p : NULL);
  }
  for (size_t i = 0; i < 4; i++) { /* without a block */
    const size_t o[] = {0, 5, 99, 100};
    void *p = NULL;
    CALLS_DO (_aligned_offset_realloc, p = crt._aligned_offset_realloc (NULL, 100, 64, o[i]));
    calls_line (calls_aligned_block (p, 100, 64, o[i]),
                "_aligned_offset_realloc (NULL, 100, 64, %s)", calls_size (o[i]));
    crt._aligned_free (p);
    CALLS_DO (_aligned_realloc, p = crt._aligned_realloc (NULL, o[i], 64));
    calls_line (calls_aligned_block (p, o[i], 64, 0), "_aligned_realloc (NULL, %s, 64)",
                calls_size (o[i]));
    crt._aligned_free (p);
    CALLS_DO (_aligned_realloc, p = crt._aligned_realloc (NULL, o[i], 3));
    calls_line (p == NULL ? "NULL" : "not NULL", "_aligned_realloc (NULL, %s, 3)",
                calls_size (o[i]));
  }
}

static void reallocate_zeroed (void) {
  const struct {
    size_t from, alignment, offset, n, size;
  } cases[] = {{1, 16, 0, 1, 16},
               {8, 16, 0, 2, 8},
               {9, 16, 0, 2, 8},
               {23, 32, 0, 1, 32},
               {23, 8, 4, 1, 32},
               {33, 64, 8, 1, 63},
               {100, 16, 0, 1, 112},
               {100, 64, 0, 10, 100},
               {100, 64, 99, 10, 100},
               {1000, 16, 0, 1, 1024},
               {1000, 4096, 4, 1, 1024},
               {5000, 32, 0, 1, 5120},
               {5000, 32, 8, 2, 5120},
               {20000, 16, 0, 1, 20001},
               {20000, 64, 60, 3, 20001},
               {100000, 128, 0, 1, 131072},
               {100000, 128, 32, 1, 400000},
               {100, 16, 0, 1, 50},
               {100, 16, 8, 1, 50},
               {100, 16, 0, 0, 50},
               {100, 16, 4, 50, 0},
               {100, 16, 0, SIZE_MAX, 2},
               {100, 16, 4, 2, SIZE_MAX / 2 + 1}};
  for (size_t i = 0; i < LENGTH (cases); i++) {
    size_t from = cases[i].from, a = cases[i].alignment, o = cases[i].offset, n = cases[i].n,
           size = cases[i].size;
    size_t total = size != 0 && n > SIZE_MAX / size ? SIZE_MAX : n * size;
    void *p = crt._aligned_offset_malloc (from, a, o), *q = p;
    calls_fill (p, from);
    int called =
        CALLS_DO (_aligned_offset_recalloc, q = crt._aligned_offset_recalloc (p, n, size, a, o));
    const char *result = moved (q, from, total, a, o, 1);
    if (called && q == NULL && total != 0)
      result = calls_kept (p, from, 0, 0) ? "NULL, kept" : "lost";
    calls_line (
        result, "_aligned_offset_recalloc (_aligned_offset_malloc (%s, %s, %s), %s, %s, ...)",
        calls_size (from), calls_size (a), calls_size (o), calls_size (n), calls_size (size));
    crt._aligned_free (q != NULL ? q : total != 0 ? p : NULL);
    if (o != 0) continue;
    q = p = crt._aligned_malloc (from, a);
    calls_fill (p, from);
    called = CALLS_DO (_aligned_recalloc, q = crt._aligned_recalloc (p, n, size, a));
    result = moved (q, from, total, a, o, 1);
    if (called && q == NULL && total != 0)
      result = calls_kept (p, from, 0, 0) ? "NULL, kept" : "lost";
    calls_line (result, "_aligned_recalloc (_aligned_malloc (%s, %s), %s, %s, %s)",
                calls_size (from), calls_size (a), calls_size (n), calls_size (size),
                calls_size (a));
    crt._aligned_free (q != NULL ? q : total != 0 ? p : NULL);
  }
  for (size_t n = 0; n < 3; n++) {
    void *p = NULL;
    CALLS_DO (_aligned_recalloc, p = crt._aligned_recalloc (NULL, n, 50, 64));
    calls_line (moved (p, 0, n * 50, 64, 0, 1), "_aligned_recalloc (NULL, %s, 50, 64)",
                calls_size (n));
    crt._aligned_free (p);
  }
}

void calls_aligned (void) {
  allocate ();
  allocate_with_offset ();
  allocate_too_large ();
  reallocate ();
  reallocate_with_offset ();
  reallocate_zeroed ();
}
