/* The memory of the default heap: what it costs when it is not used, and how it goes back.  Each test
   runs in a process of its own, since the heap is the process's.  Linux only.  */
#define _GNU_SOURCE /* MAP_ANONYMOUS, setenv */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "heap/supply.h"
#include "mir-heap.h"
#include "mir.h"
#include "os/pages.h"
#include "support/child.h"
#include "support/tap.h"

/* A child cannot use the harness; it exits with the number of the failed check.  */
#define MUST(NUMBER, COND)        \
  do {                            \
    if (!(COND)) return (NUMBER); \
  } while (0)

enum { MB = 1024 * 1024, SKIP = 77 };

/* The number behind KEY in /proc/self/FILE, in KiB; -1: none.  The stream's buffer is static: reading
   must not change what is read.  */
static long kib_of (const char *file, const char *key) {
  static char buffer[8192];
  char line[256];
  long res = -1;
  FILE *stream = fopen (file, "r");
  if (stream == NULL) return -1;
  setvbuf (stream, buffer, _IOFBF, sizeof (buffer));
  while (res < 0 && fgets (line, sizeof (line), stream) != NULL)
    if (strncmp (line, key, strlen (key)) == 0) res = strtol (line + strlen (key), NULL, 10);
  fclose (stream);
  return res;
}

static long rss (void) {
  return kib_of ("/proc/self/status", "VmRSS:") / 1024;
}

static long data (void) {
  return kib_of ("/proc/self/status", "VmData:") / 1024;
}

static void passes (int (*func) (void)) {
  char text[500] = "";
  struct child_end end = run_child (func, text, sizeof (text));
  if (end.status == SKIP) tap_skip ("%s", text);
  if (text[0] != '\0') tap_note ("%s", text);
  CHECK_INT (end.signal, 0);
  CHECK_INT (end.status, 0);
}

/* Whether this build's default heap is what supply.c says: without sanitizers and checkers.  */
static int is_supplied (void) {
  MIR_alloc_t alloc = MIR_default_alloc ();
  void *block = MIR_malloc (alloc, 100 * 1024);
  if (block == NULL) return 0;
  memset (block, 1, 100 * 1024);
  MIR_free (alloc, block);
  (void) MIR_heap_trim (0); /* mimalloc's own would have nothing to count here */
  return mir_supply_is_own ();
}

/* Sanitizers have memory of their own for each page, and terabytes of addresses.  */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define CAN_MEASURE 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CAN_MEASURE 0
#endif
#endif
#ifndef CAN_MEASURE
#define CAN_MEASURE 1
#endif

#define NEED_SUPPLY()                                                       \
  do {                                                                      \
    if (!CAN_MEASURE || !is_supplied ()) {                                  \
      fputs ("this build's heap has other memory than supply.c's", stderr); \
      return SKIP;                                                          \
    }                                                                       \
  } while (0)

/*---------------- Costs -----------------------------*/

/* Otherwise the tests of a mimalloc that does not take the ranges would skip, one and all.  */
static int is_as_built (void) {
  struct rlimit limit;
  if (sizeof (void *) < 8 || getrlimit (RLIMIT_AS, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY)
    return SKIP;
  MUST (1, is_supplied () == HAS_SUPPLY);
  return 0;
}

static void the_build_says_whose_memory_it_is (void) {
  passes (is_as_built);
}

static int first_blocks (void) {
  long before = data ();
  NEED_SUPPLY ();
  MUST (1, data () - before <= 8);
  MUST (2, rss () < 100);
  return 0;
}

static void a_small_heap_is_charged_little (void) {
  passes (first_blocks);
}

static int locked_memory (void) {
  NEED_SUPPLY ();
  if (mlockall (MCL_CURRENT | MCL_FUTURE) != 0) {
    fputs ("locking memory is refused", stderr);
    return SKIP;
  }
  MUST (1, rss () < 150);
  MIR_alloc_t alloc = MIR_default_alloc ();
  char *block = (char *) MIR_malloc (alloc, 3 * MB);
  MUST (2, block != NULL);
  memset (block, 5, 3 * MB);
  block = (char *) MIR_realloc (alloc, block, 3 * MB, 20 * MB); /* must stay locked: copied */
  MUST (3, block != NULL);
  for (size_t i = 0; i < 3 * MB; i++) MUST (4, block[i] == 5);
  MIR_free (alloc, block);
  MUST (5, MIR_heap_trim (0) == 0); /* refused */
  block = (char *) MIR_calloc (alloc, 1, 20 * MB);
  MUST (6, block != NULL);
  for (size_t i = 0; i < 20 * MB; i++) MUST (7, block[i] == 0);
  MIR_free (alloc, block);
  return 0;
}

static void locking_memory_locks_what_is_used (void) {
  passes (locked_memory);
}

/* As what was locked and freed, but never unlocked.  */
static int one_locked_block (void) {
  enum { NUM = 200 };
  static void *all[NUM];
  NEED_SUPPLY ();
  MIR_alloc_t alloc = MIR_default_alloc ();
  for (int i = 0; i < NUM; i++) {
    MUST (1, (all[i] = MIR_malloc (alloc, MB)) != NULL);
    memset (all[i], 1, MB);
  }
  for (int i = 20; i < NUM; i += 60)
    if (mlock (all[i], 4096) != 0) {
      fputs ("locking memory is refused", stderr);
      return SKIP;
    }
  for (int i = 0; i < NUM; i++) MIR_free (alloc, all[i]);
  MUST (2, MIR_heap_trim (0) > 50 * MB);
  MUST (3, rss () < 20);
  MUST (4, MIR_heap_trim (0) == 0);
  return 0;
}

static void a_locked_block_does_not_keep_the_rest (void) {
  passes (one_locked_block);
}

/*---------------- Peaks -----------------------------*/

enum { BLOCK = 2000 };

static void **blocks;

static int make_blocks (size_t mb) {
  size_t num = mb * MB / BLOCK;
  blocks = (void **) mmap (NULL, num * sizeof (void *), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (blocks == MAP_FAILED) return -1;
  for (size_t i = 0; i < num; i++) {
    blocks[i] = MIR_malloc (MIR_default_alloc (), BLOCK);
    if (blocks[i] == NULL) return -1;
    memset (blocks[i], (int) (i & 127), BLOCK);
  }
  return 0;
}

/* Free the blocks [FIRST, BOUND) of 1000.  */
static void free_blocks (size_t mb, size_t first, size_t bound) {
  size_t num = mb * MB / BLOCK;
  for (size_t i = num / 1000 * first; i < num / 1000 * bound; i++)
    MIR_free (MIR_default_alloc (), blocks[i]);
}

static int are_whole (size_t mb, size_t first, size_t bound) {
  size_t num = mb * MB / BLOCK;
  for (size_t i = num / 1000 * first; i < num / 1000 * bound; i++)
    for (size_t k = 0; k < BLOCK; k++)
      if (((char *) blocks[i])[k] != (char) (i & 127)) return 0;
  return 1;
}

static int peak (void) {
  NEED_SUPPLY ();
  long empty = rss ();
  MUST (1, make_blocks (300) == 0);
  MUST (2, rss () - empty > 280);
  free_blocks (300, 10, 1000);
  MUST (3, rss () - empty < 64 + 16); /* the line, and what is live */
  MUST (4, are_whole (300, 0, 10));
  size_t trimmed = MIR_heap_trim (0);
  MUST (5, trimmed > 40 * MB && trimmed < 80 * MB);
  MUST (6, rss () - empty < 15);
  MUST (7, are_whole (300, 0, 10));
  MUST (8, MIR_heap_trim (0) < 2 * MB); /* nothing is left to give */
  MUST (9, make_blocks (50) == 0 && are_whole (50, 0, 1000));
  return 0;
}

static void a_peak_goes_back_by_itself_and_the_rest_on_demand (void) {
  passes (peak);
}

static int half (void) {
  NEED_SUPPLY ();
  long empty = rss ();
  MUST (1, make_blocks (300) == 0);
  free_blocks (300, 0, 400); /* 120 MB: more than the limit, less than half */
  MUST (2, rss () - empty > 260);
  free_blocks (300, 400, 700); /* 210 MB free, 90 live */
  MUST (3, rss () - empty < 90 + 100);
  MUST (4, rss () - empty > 90 + 60);
  MUST (5, are_whole (300, 700, 1000));
  return 0;
}

static void as_much_as_is_live_may_stay (void) {
  passes (half);
}

static int keep (void) {
  NEED_SUPPLY ();
  MUST (1, make_blocks (50) == 0);
  free_blocks (50, 0, 1000);
  long full = rss ();
  MUST (2, MIR_heap_trim (60 * MB) == 0); /* less than that is free */
  MUST (3, full - rss () <= 1);
  size_t trimmed = MIR_heap_trim (20 * MB);
  MUST (4, trimmed > 25 * MB && trimmed < 32 * MB);
  MUST (5, full - rss () > 24);
  MUST (6, MIR_heap_trim (20 * MB) <= 64 * 1024);
  return 0;
}

static void a_part_can_be_kept (void) {
  passes (keep);
}

static int last_context (void) {
  NEED_SUPPLY ();
  long empty = rss ();
  MIR_context_t one = MIR_init (), other = MIR_init ();
  MUST (1, one != NULL && other != NULL);
  MUST (2, make_blocks (50) == 0);
  free_blocks (50, 0, 1000);
  MIR_finish (one);
  MUST (3, rss () - empty > 40); /* the other may need it */
  MIR_finish (other);
  MUST (4, rss () - empty < 15);
  return 0;
}

static void the_last_context_leaves_little (void) {
  passes (last_context);
}

static int heap_end (void) {
  MIR_heap_t heap;
  NEED_SUPPLY ();
  long empty = rss ();
  MUST (1, MIR_heap_create (&heap) == MIR_HEAP_OK);
  for (size_t i = 0; i < 300 * MB / BLOCK; i++) {
    void *block = MIR_malloc (&heap->alloc, BLOCK);
    MUST (2, block != NULL);
    memset (block, 1, BLOCK);
  }
  MUST (3, rss () - empty > 280);
  MIR_heap_finish (heap);
  MUST (4, rss () - empty < 64 + 20);
  return 0;
}

static void heaps_give_their_peak_back_when_they_end (void) {
  passes (heap_end);
}

/*---------------- Large blocks -----------------------------*/

static int grow (MIR_alloc_t alloc) {
  size_t size = 700 * 1024, filled = 0;
  unsigned char *block = (unsigned char *) MIR_malloc (alloc, size);
  MUST (1, block != NULL);
  while (size < 90 * MB) {
    for (; filled < size; filled++) block[filled] = (unsigned char) (filled * 2654435761u >> 24);
    size_t larger = size + size / 2 + 123;
    block = (unsigned char *) MIR_realloc (alloc, block, size, larger);
    MUST (2, block != NULL);
    size = larger;
  }
  for (size_t i = 0; i < filled; i++) MUST (3, block[i] == (unsigned char) (i * 2654435761u >> 24));
  unsigned char *zeros = (unsigned char *) MIR_calloc (alloc, 1, 60 * MB); /* where it has been */
  MUST (4, zeros != NULL);
  for (size_t i = 0; i < 60 * MB; i++) MUST (5, zeros[i] == 0);
  MIR_free (alloc, zeros);
  block = (unsigned char *) MIR_realloc (alloc, block, size, MB);
  MUST (6, block != NULL);
  for (size_t i = 0; i < MB; i++) MUST (7, block[i] == (unsigned char) (i * 2654435761u >> 24));
  MIR_free (alloc, block);
  return 0;
}

enum { GROWN = 40 };

/* Blocks of SIZE bytes grow, each and again: what they leave must not be taken for zero.  mimalloc puts
   blocks of 512 KiB beside each other, those that are larger alone.  */
static int leave (MIR_alloc_t alloc, size_t size, int again) {
  static void *all[GROWN];
  size_t zeroed = 700 * 1024;
  for (int i = 0; i < GROWN; i++) {
    MUST (1, (all[i] = MIR_malloc (alloc, size)) != NULL);
    memset (all[i], 0xab, size);
  }
  for (int i = 0; i < GROWN; i++) {
    MUST (2, (all[i] = MIR_realloc (alloc, all[i], size, 3 * MB)) != NULL);
    void *block = again ? MIR_malloc (alloc, size) : NULL;
    if (block != NULL) memset (block, 0xcd, size);
    MIR_free (alloc, block);
  }
  for (int i = 0; i < GROWN; i++) {
    unsigned char *block = (unsigned char *) MIR_calloc (alloc, 1, zeroed);
    MUST (3, block != NULL);
    for (size_t k = 0; k < zeroed; k++) MUST (4, block[k] == 0);
  }
  return 0;
}

static int leave_all (void) {
  MIR_alloc_t alloc = MIR_default_alloc ();
  for (int i = 0; i < 4; i++) {
    int res = leave (alloc, i < 2 ? 512 * 1024 : 600 * 1024, i % 2);
    if (res != 0) return 10 * i + res;
  }
  return 0;
}

static void what_large_blocks_leave_is_not_taken_for_zero (void) {
  passes (leave_all);
}

/* Use up the mappings that the process may have, but a few.  NULL: that is too much here.  */
static char *use_mappings_up (size_t len, size_t but) {
  size_t i = 0;
  char *start =
      (char *) mmap (NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return NULL;
  while (i < len && mprotect (start + i, 4096, PROT_READ) == 0) i += 8192;
  if (i >= len) return NULL;
  for (size_t k = 0; k < but; k++) mprotect (start + i - 8192 * (k + 1), 4096, PROT_NONE);
  return start;
}

/* A block that is several mappings, since it has grown before, grows where the last of them cannot
   move.  */
static int grow_at_the_limit (void) {
  enum { FILLER = 800 * MB };
  NEED_SUPPLY ();
  MIR_alloc_t alloc = MIR_default_alloc ();
  for (size_t but = 0; but < 20; but++) {
    unsigned char *room = (unsigned char *) MIR_malloc (alloc, 20 * MB);
    MUST (1, room != NULL);
    memset (room, 9, 20 * MB);
    MIR_free (alloc, room); /* can be accessed from now on */
    unsigned char *block = NULL;
    for (size_t mb = 1; mb <= 3; mb++) {
      MUST (2,
            (block = (unsigned char *) MIR_realloc (alloc, block, (mb - 1) * MB, mb * MB)) != NULL);
      memset (block + (mb - 1) * MB, (int) mb, MB);
    }
    char *filler = use_mappings_up (FILLER, but);
    if (filler == NULL) {
      fputs ("the process may have too many mappings", stderr);
      return SKIP;
    }
    unsigned char *grown = (unsigned char *) MIR_realloc (alloc, block, 3 * MB, 5 * MB);
    munmap (filler, FILLER);
    if (grown != NULL) block = grown;
    for (size_t i = 0; i < 3 * MB; i++) MUST (3, block[i] == i / MB + 1);
    MIR_free (alloc, block);
    (void) MIR_heap_trim (0);
  }
  return 0;
}

static void large_blocks_grow_at_the_limit_of_mappings (void) {
  passes (grow_at_the_limit);
}

static int grow_many (void) {
  enum { NUM = 1000 };
  static void *all[NUM];
  static size_t sizes[NUM];
  MIR_alloc_t alloc = MIR_default_alloc ();
  NEED_SUPPLY ();
  for (int round = 0; round < 12000; round++) {
    int i = (int) ((uint32_t) round * 2654435761u >> 16) % NUM;
    size_t size = sizes[i] + sizes[i] / 2;
    if (size == 0) size = 520 * 1024 + (size_t) round;
    if (size > 12 * MB) {
      MIR_free (alloc, all[i]);
      all[i] = NULL;
      size = 0;
    } else {
      MUST (1, (all[i] = MIR_realloc (alloc, all[i], sizes[i], size)) != NULL);
      ((char *) all[i])[size - 1] = 1; /* what has no memory is moved without a trace */
    }
    sizes[i] = size;
  }
  size_t num = 0;
  FILE *maps = fopen ("/proc/self/maps", "r");
  MUST (2, maps != NULL);
  for (int c; (c = getc (maps)) != EOF;) num += c == '\n';
  MUST (3, num < 12000);
  return 0;
}

static void growing_leaves_mappings_for_others (void) {
  passes (grow_many);
}

static int grow_default (void) {
  return grow (MIR_default_alloc ());
}

static int grow_heap (void) {
  MIR_heap_t heap;
  if (MIR_heap_create (&heap) != MIR_HEAP_OK) return SKIP;
  int res = grow (&heap->alloc);
  MIR_heap_finish (heap);
  return res;
}

static void large_blocks_keep_their_bytes_when_they_grow (void) {
  passes (grow_default);
  passes (grow_heap);
}

static int count_faults (void) {
  struct rusage before, after;
  NEED_SUPPLY ();
  MIR_alloc_t alloc = MIR_default_alloc ();
  MIR_heap_use_pages (MIR_HEAP_PAGES_SMALL);
  char *block = (char *) MIR_malloc (alloc, 32 * MB);
  MUST (1, block != NULL);
  memset (block, 1, 32 * MB);
  getrusage (RUSAGE_SELF, &before);
  block = (char *) MIR_realloc (alloc, block, 32 * MB, 64 * MB);
  getrusage (RUSAGE_SELF, &after);
  MUST (2, block != NULL && block[32 * MB - 1] == 1);
  if (after.ru_minflt - before.ru_minflt >= 1000) {
    fputs ("the system cannot move pages", stderr);
    return SKIP;
  }
  return 0;
}

/* 32 MB are 8192 pages.  */
static void large_blocks_are_not_copied (void) {
  passes (count_faults);
}

static int many_ranges (void) {
  enum { NUM = 64 };
  char *large[NUM];
  NEED_SUPPLY ();
  MIR_alloc_t alloc = MIR_default_alloc ();
  long before = data ();
  for (size_t i = 0; i < NUM; i++) { /* 12 GiB of addresses, hardly any memory */
    large[i] = (char *) MIR_calloc (alloc, 1, (size_t) (i + 1) * 6 * MB);
    if (large[i] == NULL) {
      fputs ("no address space", stderr);
      return SKIP;
    }
    large[i][0] = large[i][(i + 1) * 6 * MB - 1] = 1;
  }
  MUST (1, data () - before > 12000); /* it is the program's: it is charged */
  MUST (2, rss () < 300);
  for (size_t i = 0; i < NUM; i++) {
    MUST (3, large[i][0] == 1 && large[i][(i + 1) * 6 * MB - 1] == 1 && large[i][MB] == 0);
    MIR_free (alloc, large[i]);
  }
  (void) MIR_heap_trim (0);
  MUST (4, rss () < 100);
  MUST (5, make_blocks (50) == 0 && are_whole (50, 0, 1000));
  return 0;
}

static int largest (void) {
  NEED_SUPPLY ();
  long before = kib_of ("/proc/self/status", "VmSize:") / 1024;
  void *block = MIR_malloc (MIR_default_alloc (), (size_t) 3 << 30);
  if (block == NULL) {
    fputs ("no address space", stderr);
    return SKIP;
  }
  MUST (1, kib_of ("/proc/self/status", "VmSize:") / 1024 - before < 3 * 1024 + 512);
  MIR_free (MIR_default_alloc (), block);
  return 0;
}

/* A product that overflows to a gigabyte.  */
static int overflown (void) {
  NEED_SUPPLY ();
  long before = kib_of ("/proc/self/status", "VmSize:") / 1024;
  MUST (1, MIR_calloc (MIR_default_alloc (), ((size_t) 1 << 35) + 1, (size_t) 1 << 30) == NULL);
  MUST (2, kib_of ("/proc/self/status", "VmSize:") / 1024 - before < 512);
  return 0;
}

static void no_range_is_reserved_for_a_product_that_overflows (void) {
  passes (overflown);
}

/* mimalloc gets it from the system.  */
static void no_range_is_reserved_for_a_block_of_gigabytes (void) {
  passes (largest);
}

static void ranges_are_added_as_the_heap_grows (void) {
  passes (many_ranges);
}

/*---------------- Pages -----------------------------*/

/* The KiB of huge pages that 200 MB of blocks have.  */
static long huge_kib (void) {
  return make_blocks (200) != 0 ? -1 : kib_of ("/proc/self/smaps_rollup", "AnonHugePages:");
}

static int small_pages (void) {
  setenv ("MIR_HEAP_PAGES", "small", 1);
  NEED_SUPPLY ();
  MUST (1, huge_kib () == 0);
  return 0;
}

static int huge_pages (void) {
  NEED_SUPPLY ();
  MIR_heap_use_pages (MIR_HEAP_PAGES_HUGE);
  long kib = huge_kib ();
  MUST (1, kib >= 0);
  if (kib == 0) {
    fputs ("the system gives no huge pages", stderr);
    return SKIP;
  }
  MUST (2, are_whole (200, 0, 1000));
  free_blocks (200, 0, 1000);
  (void) MIR_heap_trim (0);
  MUST (3, kib_of ("/proc/self/smaps_rollup", "AnonHugePages:") < kib / 8);
  return 0;
}

static void embedder_and_environment_choose_pages (void) {
  passes (small_pages);
  passes (huge_pages);
}

/*---------------- Limits -----------------------------*/

static size_t limit_mb;

static int limited_addresses (void) {
  struct rlimit limit = {limit_mb * MB, limit_mb * MB};
  if (!CAN_MEASURE || setrlimit (RLIMIT_AS, &limit) != 0
      || mmap (NULL, limit_mb * MB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
    return SKIP; /* the limit has no effect */
  MIR_alloc_t alloc = MIR_default_alloc ();
  void *list = NULL;
  size_t num = 0;
  for (void *block; num < 200000 && (block = MIR_malloc (alloc, BLOCK)) != NULL; num++) {
    memcpy (block, &list, sizeof (list));
    list = block;
  }
  MUST (1, num > 100);
  MUST (2, MIR_malloc (alloc, limit_mb * MB) == NULL);
  while (list != NULL) {
    void *next;
    memcpy (&next, list, sizeof (next));
    MIR_free (alloc, list);
    list = next;
  }
  void *block = MIR_malloc (alloc, BLOCK);
  MUST (3, block != NULL);
  MIR_free (alloc, block);
  return 0;
}

static void it_works_in_any_address_space (void) {
  static const size_t limits[] = {8, 32, 100, 200, 600, 1500, 4000};
  for (size_t i = 0; i < sizeof (limits) / sizeof (limits[0]); i++) {
    limit_mb = limits[i];
    if (limit_mb < LEAST_ADDRESSES) {
      tap_note ("RLIMIT_AS of %zu MB: too little for this mimalloc", limit_mb);
      continue;
    }
    struct child_end end = run_child (limited_addresses, NULL, 0);
    if (end.status != SKIP && (end.status != 0 || end.signal != 0))
      tap_note ("RLIMIT_AS of %zu MB: status %d, signal %d", limit_mb, end.status, end.signal);
    CHECK (end.status == SKIP || (end.status == 0 && end.signal == 0));
  }
}

static int limited_data (void) {
  NEED_SUPPLY ();
  struct rlimit limit = {(rlim_t) (data () + 20) * MB, (rlim_t) (data () + 20) * MB};
  MUST (1, setrlimit (RLIMIT_DATA, &limit) == 0);
  MIR_alloc_t alloc = MIR_default_alloc ();
  size_t num = 0;
  static void *live[20000];
  while (num < 20000 && (live[num] = MIR_malloc (alloc, BLOCK)) != NULL) num++;
  MUST (2, num > 12 * MB / BLOCK && num < 20000); /* no step is lost */
  for (size_t i = 0; i < num; i++) MIR_free (alloc, live[i]);
  for (size_t i = 0; i < num / 2; i++) MUST (3, (live[i] = MIR_malloc (alloc, BLOCK)) != NULL);
  return 0;
}

static void a_refused_step_is_a_refused_block (void) {
  passes (limited_data);
}

/*---------------- Threads and forks -----------------------------*/

static void *churn (void *arg) {
  MIR_alloc_t alloc = MIR_default_alloc ();
  unsigned state = (unsigned) (uintptr_t) arg;
  unsigned char *live[64] = {NULL};
  size_t sizes[64] = {0}, wrong = 0;
  for (int i = 0; i < 3000; i++) {
    state = state * 1664525u + 1013904223u;
    int k = state >> 26;
    for (size_t b = 0; b < sizes[k]; b += 4000) wrong += live[k][b] != (unsigned char) k;
    MIR_free (alloc, live[k]);
    sizes[k] = (size_t) 1 << (state >> 8) % 21;
    live[k] = (unsigned char *) MIR_malloc (alloc, sizes[k]);
    if (live[k] == NULL) return (void *) 1;
    for (size_t b = 0; b < sizes[k]; b += 4000) live[k][b] = (unsigned char) k;
  }
  for (int k = 0; k < 64; k++) MIR_free (alloc, live[k]);
  return (void *) wrong;
}

static int trim_threads (void) {
  pthread_t threads[4];
  void *wrong;
  for (uintptr_t i = 0; i < 4; i++)
    MUST (1, pthread_create (&threads[i], NULL, churn, (void *) (i + 1)) == 0);
  for (int i = 0; i < 300; i++) (void) MIR_heap_trim ((size_t) (i % 3) * MB);
  for (int i = 0; i < 4; i++) {
    pthread_join (threads[i], &wrong);
    MUST (2, wrong == NULL);
  }
  return 0;
}

static void threads_allocate_while_another_trims (void) {
  passes (trim_threads);
}

static int use_in_child (void) {
  if (!are_whole (100, 0, 1000)) return 1;
  free_blocks (100, 0, 1000);
  if (MIR_heap_trim (0) < 50 * MB) return 2;
  return rss () > 40 ? 3 : 0;
}

static int fork_middle (void) {
  NEED_SUPPLY ();
  MUST (1, make_blocks (100) == 0);
  struct child_end end = run_child (use_in_child, NULL, 0);
  MUST (2, end.signal == 0);
  MUST (10 + end.status, end.status == 0);
  MUST (3, are_whole (100, 0, 1000)); /* the child's was its own */
  return 0;
}

static void a_child_gives_back_its_own (void) {
  passes (fork_middle);
}

int main (void) {
  TEST_RUN (the_build_says_whose_memory_it_is);
  TEST_RUN (a_small_heap_is_charged_little);
  TEST_RUN (locking_memory_locks_what_is_used);
  TEST_RUN (a_locked_block_does_not_keep_the_rest);
  TEST_RUN (a_peak_goes_back_by_itself_and_the_rest_on_demand);
  TEST_RUN (as_much_as_is_live_may_stay);
  TEST_RUN (a_part_can_be_kept);
  TEST_RUN (the_last_context_leaves_little);
  TEST_RUN (heaps_give_their_peak_back_when_they_end);
  TEST_RUN (large_blocks_keep_their_bytes_when_they_grow);
  TEST_RUN (large_blocks_are_not_copied);
  TEST_RUN (what_large_blocks_leave_is_not_taken_for_zero);
  TEST_RUN (large_blocks_grow_at_the_limit_of_mappings);
  TEST_RUN (growing_leaves_mappings_for_others);
  TEST_RUN (ranges_are_added_as_the_heap_grows);
  TEST_RUN (no_range_is_reserved_for_a_block_of_gigabytes);
  TEST_RUN (no_range_is_reserved_for_a_product_that_overflows);
  TEST_RUN (embedder_and_environment_choose_pages);
  TEST_RUN (it_works_in_any_address_space);
  TEST_RUN (a_refused_step_is_a_refused_block);
  TEST_RUN (threads_allocate_while_another_trims);
  TEST_RUN (a_child_gives_back_its_own);
  return tap_done ();
}
