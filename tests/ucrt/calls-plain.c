/* The table of calls: malloc, calloc, realloc, _recalloc, _expand, _msize, free.  */

#include <stdint.h>
#include <stdio.h>

#include "ucrt/calls.h"

#define LENGTH(A) (sizeof (A) / sizeof ((A)[0]))

static const size_t sizes[] = {
    0,     1,     2,     7,     8,      9,      15,     16,      17,      23,      24,   25,
    31,    32,    33,    47,    48,     63,     64,     65,      100,     127,     128,  129,
    255,   256,   1000,  1023,  1024,   1025,   2047,   4095,    4096,    4097,    8192, 16383,
    16384, 16385, 32769, 65536, 100000, 131071, 524288, 1048576, 5242883, 33554433};
static const size_t too_large[] = {SIZE_MAX / 2 - 4096, SIZE_MAX / 2,     SIZE_MAX / 2 + 1,
                                   CALLS_MAXREQ - 4096, CALLS_MAXREQ - 1, CALLS_MAXREQ,
                                   CALLS_MAXREQ + 1,    SIZE_MAX - 1,     SIZE_MAX};

static void allocate (void) {
  void *p = NULL;
  for (size_t i = 0; i < LENGTH (sizes); i++) {
    CALLS_DO (malloc, p = crt.malloc (sizes[i]));
    calls_line (calls_block (p, sizes[i]), "malloc (%s)", calls_size (sizes[i]));
    CALLS_DO (free, crt.free (p));
    calls_line ("done", "free (malloc (%s))", calls_size (sizes[i]));
  }
  for (size_t i = 0; i < LENGTH (too_large); i++) {
    CALLS_DO (malloc, p = crt.malloc (too_large[i]));
    calls_line (calls_block (p, too_large[i]), "malloc (%s)", calls_size (too_large[i]));
  }
  CALLS_DO (free, crt.free (NULL));
  calls_line ("done", "free (NULL)");
}

static const char *zeroed (void *p, size_t size) {
  if (p != NULL && !calls_kept (p, 0, size, 1)) return "block which is not zeroed";
  return calls_block (p, size);
}

static void allocate_zeroed (void) {
  const struct {
    size_t n, size;
  } small[] = {{0, 0},
               {0, 1},
               {1, 0},
               {0, SIZE_MAX},
               {SIZE_MAX, 0},
               {1, 1},
               {1, 8},
               {3, 5},
               {2, 8},
               {7, 9},
               {10, 100},
               {1000, 1},
               {1, 1000},
               {64, 64},
               {100, 1000},
               {1024, 1024},
               {1, 5242883},
               {1, SIZE_MAX},
               {SIZE_MAX, 1},
               {2, SIZE_MAX},
               {SIZE_MAX, 2},
               {SIZE_MAX / 2 + 1, 2},
               {2, SIZE_MAX / 2 + 1},
               {SIZE_MAX / 4 + 1, 4},
               {SIZE_MAX / 4, 4},
               {1, CALLS_MAXREQ},
               {CALLS_MAXREQ, 1},
               {1, CALLS_MAXREQ + 1},
               {2, CALLS_MAXREQ / 2},
               {2, CALLS_MAXREQ / 2 + 1},
               {3, SIZE_MAX / 2},
               {SIZE_MAX, SIZE_MAX},
               {1, SIZE_MAX / 2}};
  for (size_t i = 0; i < LENGTH (small); i++) {
    void *p = NULL;
    CALLS_DO (calloc, p = crt.calloc (small[i].n, small[i].size));
    calls_line (zeroed (p, small[i].n * small[i].size), "calloc (%s, %s)", calls_size (small[i].n),
                calls_size (small[i].size));
    crt.free (p);
  }
  /* In the place of blocks full of something.  */
  for (size_t i = 0; i < LENGTH (sizes); i++) {
    void *dirty[4];
    for (size_t j = 0; j < LENGTH (dirty); j++) {
      dirty[j] = crt.malloc (sizes[i]);
      calls_fill (dirty[j], sizes[i]);
    }
    for (size_t j = 0; j < LENGTH (dirty); j++) crt.free (dirty[j]);
    void *p = NULL;
    CALLS_DO (calloc, p = crt.calloc (1, sizes[i]));
    calls_line (zeroed (p, sizes[i]), "calloc (1, %s) again", calls_size (sizes[i]));
    crt.free (p);
  }
}

static const char *moved (const void *p, size_t kept, size_t size, int zero) {
  if (p != NULL && !calls_kept (p, kept, size, zero)) return "block whose bytes are wrong";
  return calls_block ((void *) (uintptr_t) p, size);
}

static size_t least (size_t a, size_t b) {
  return a < b ? a : b;
}

static void reallocate (void) {
  const size_t from[] = {0, 1, 8, 15, 16, 23, 24, 100, 1000, 4096, 16384, 20000, 100000, 1048576};
  const size_t to[] = {0,    1,    7,     16,    24,    25,    99,     101,
                       1000, 4097, 16383, 19999, 20001, 99999, 500000, 2097153};
  for (size_t i = 0; i < LENGTH (from); i++)
    for (size_t j = 0; j < LENGTH (to); j++) {
      void *p = crt.malloc (from[i]), *q = NULL;
      calls_fill (p, from[i]);
      CALLS_DO (realloc, q = crt.realloc (p, to[j]));
      calls_line (moved (q, least (from[i], to[j]), to[j], 0), "realloc (malloc (%s), %s)",
                  calls_size (from[i]), calls_size (to[j]));
      crt.free (q);
    }
  for (size_t i = 0; i < LENGTH (to); i++) {
    void *p = NULL;
    CALLS_DO (realloc, p = crt.realloc (NULL, to[i]));
    calls_line (calls_block (p, to[i]), "realloc (NULL, %s)", calls_size (to[i]));
    crt.free (p);
  }
  for (size_t i = 0; i < LENGTH (too_large); i++)
    for (size_t size = 0; size <= 20000; size += 10000) {
      void *p = crt.malloc (size), *q = p;
      calls_fill (p, size);
      CALLS_DO (realloc, q = crt.realloc (p, too_large[i]));
      const char *kept = q == NULL && calls_kept (p, size, size, 0) && crt._msize (p) >= size
                             ? "NULL, kept"
                             : "lost";
      calls_line (kept, "realloc (malloc (%s), %s)", calls_size (size), calls_size (too_large[i]));
      crt.free (p);
    }
}

static void reallocate_zeroed (void) {
  const struct {
    size_t from, n, size;
  } cases[] = {{1, 1, 16},
               {8, 2, 8},
               {9, 1, 16},
               {15, 1, 16},
               {16, 3, 8},
               {23, 1, 32},
               {23, 1, 24},
               {24, 1, 25},
               {24, 10, 10},
               {33, 1, 40},
               {47, 1, 48},
               {100, 1, 112},
               {100, 10, 100},
               {1000, 1, 1001},
               {1000, 1, 1024},
               {1001, 1, 1280},
               {4000, 1, 4096},
               {5000, 1, 5120},
               {5000, 1, 6000},
               {16385, 1, 20000},
               {20000, 1, 40000},
               {100000, 1, 100001},
               {100000, 1, 131072},
               {100000, 3, 100000},
               {1048577, 1, 1310720},
               {100, 1, 50},
               {100, 0, 5},
               {100, 5, 0},
               {0, 0, 0},
               {20000, 1, 1}};
  for (size_t i = 0; i < LENGTH (cases); i++) {
    void *p = crt.malloc (cases[i].from), *q = NULL;
    size_t size = cases[i].n * cases[i].size;
    calls_fill (p, cases[i].from);
    CALLS_DO (_recalloc, q = crt._recalloc (p, cases[i].n, cases[i].size));
    calls_line (moved (q, least (cases[i].from, size), size, 1), "_recalloc (malloc (%s), %s, %s)",
                calls_size (cases[i].from), calls_size (cases[i].n), calls_size (cases[i].size));
    crt.free (q);
  }
  /* After a block was made smaller, the bytes above its size are no longer zero.  */
  for (size_t i = 0; i < LENGTH (cases); i++) {
    size_t size = cases[i].n * cases[i].size, smaller = cases[i].from / 2 + 1;
    if (cases[i].from < 2 || size <= smaller) continue;
    void *p = crt.malloc (cases[i].from), *q = NULL;
    calls_fill (p, cases[i].from);
    p = crt.realloc (p, smaller);
    CALLS_DO (_recalloc, q = crt._recalloc (p, cases[i].n, cases[i].size));
    calls_line (moved (q, smaller, size, 1), "_recalloc (realloc (malloc (%s), %s), %s, %s)",
                calls_size (cases[i].from), calls_size (smaller), calls_size (cases[i].n),
                calls_size (cases[i].size));
    crt.free (q);
  }
  /* Grown step by step, as a vector grows.  */
  void *p = NULL;
  for (size_t size = 1, old = 0; size < 300000; old = size, size += size / 3 + 1) {
    void *q = NULL;
    CALLS_DO (_recalloc, q = crt._recalloc (p, 1, size));
    calls_line (moved (q, old, size, 1), "_recalloc (_recalloc (..., %s), 1, %s)", calls_size (old),
                calls_size (size));
    p = q;
  }
  crt.free (p);
}

static void reallocate_zeroed_too_large (void) {
  const struct {
    size_t n, size;
  } cases[] = {{SIZE_MAX, 2},        {2, SIZE_MAX},         {SIZE_MAX / 2 + 1, 2},
               {1, SIZE_MAX},        {1, CALLS_MAXREQ + 1}, {1, CALLS_MAXREQ},
               {SIZE_MAX, SIZE_MAX}, {1, SIZE_MAX / 2},     {2, CALLS_MAXREQ / 2 + 1}};
  for (size_t i = 0; i < LENGTH (cases); i++) {
    void *p = crt.malloc (100), *q = p;
    calls_fill (p, 100);
    CALLS_DO_WRONG (_recalloc, q = crt._recalloc (p, cases[i].n, cases[i].size));
    calls_line (q == NULL && calls_kept (p, 100, 100, 0) ? "NULL, kept" : "lost",
                "_recalloc (malloc (100), %s, %s)", calls_size (cases[i].n),
                calls_size (cases[i].size));
    crt.free (p);
    q = NULL;
    CALLS_DO_WRONG (_recalloc, q = crt._recalloc (NULL, cases[i].n, cases[i].size));
    calls_line (q == NULL ? "NULL" : "not NULL", "_recalloc (NULL, %s, %s)",
                calls_size (cases[i].n), calls_size (cases[i].size));
  }
  for (size_t n = 0; n < 3; n++) {
    void *p = NULL;
    CALLS_DO (_recalloc, p = crt._recalloc (NULL, n, 10));
    calls_line (zeroed (p, n * 10), "_recalloc (NULL, %s, 10)", calls_size (n));
    crt.free (p);
  }
}

/* Whether a block can grow in place, or shrink if it is large, is up to the heap.  The UCRT
   promises only that small blocks stay if they need not grow; their size may stay too.  */
static const char *expanded (void *p, void *q, size_t old, size_t size, int no_memory) {
  int certain = size <= old && old <= 0x4000;
  const char *good = certain ? "in place" : "in place, or ENOMEM";
  if (!calls_kept (p, least (old, size), size, 0)) return "block whose bytes are wrong";
  if (q == NULL && no_memory) return certain ? "NULL" : good;
  if (q != p || no_memory) return "moved";
  size_t now = crt._msize (q);
  if (size > old) return now >= size ? good : "too small";
  return now >= size && now <= (calls_exact ? old : old + old / 4 + 64) ? good : "of a wrong size";
}

static void expand (void) {
  const size_t from[] = {0, 1, 16, 24, 100, 1000, 4096, 16384, 16385, 100000, 1048576};
  const size_t to[] = {0,   1,    8,     17,    99,    100,     101,    500,
                       999, 1001, 10000, 16384, 99999, 1048575, 1048577};
  for (size_t i = 0; i < LENGTH (from); i++)
    for (size_t j = 0; j < LENGTH (to); j++) {
      void *p = crt.malloc (from[i]), *q = NULL;
      size_t size = to[j] == 0 ? 1 : to[j],
             old = from[i] == 0 ? 1 : from[i]; /* as the UCRT takes it */
      calls_fill (p, old);
      CALLS_DO (_expand, q = crt._expand (p, to[j]));
      int no_memory = calls_forget_error (12); /* part of the result */
      calls_line (expanded (p, q, old, size, no_memory), "_expand (malloc (%s), %s)",
                  calls_size (from[i]), calls_size (to[j]));
      crt.free (p);
    }
  for (size_t i = 0; i < LENGTH (too_large); i++) {
    void *p = crt.malloc (100), *q = p;
    calls_fill (p, 100);
    CALLS_DO (_expand, q = crt._expand (p, too_large[i]));
    calls_line (q == NULL && calls_kept (p, 100, 100, 0) ? "NULL, kept" : "lost",
                "_expand (malloc (100), %s)", calls_size (too_large[i]));
    crt.free (p);
  }
  void *p = NULL;
  CALLS_DO (_expand, p = crt._expand (NULL, 10));
  calls_line (p == NULL ? "NULL" : "not NULL", "_expand (NULL, 10)");
  CALLS_DO (_expand, p = crt._expand (NULL, 0));
  calls_line (p == NULL ? "NULL" : "not NULL", "_expand (NULL, 0)");
}

void calls_plain (void) {
  allocate ();
  allocate_zeroed ();
  reallocate ();
  reallocate_zeroed ();
  reallocate_zeroed_too_large ();
  expand ();
  size_t size = 0;
  CALLS_DO_WRONG (_msize, size = crt._msize (NULL));
  calls_line (calls_size (size), "_msize (NULL)");
}
