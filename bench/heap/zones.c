/* Measures heaps of their own by the thousand: what each costs in resident memory and in time, with
   one block and with the blocks of a context, and what is left when all are finished.  Each of these
   figures is of a fresh process: of ROUNDS, in which the sides alternate, the median.  Then what a
   block costs when one thread of several, or all of them, use one heap.  Linux: it reads
   /proc/self/statm.  Argument: the CSV file.  */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "mir-heap.h"
#include "adapters/mir-globals.h"

enum { ROUNDS = 5, MOST = 10000, FEWER = 1000 /* MIR_heaps: ten times as many take 2 GB */ };

MIR_FROM_GLOBALS (libc_alloc, malloc, calloc, realloc, free)

/* The blocks of a context, 5.6 KiB in all.  */
static const size_t sizes[] = {800, 32, 256, 32, 256, 32, 256, 128, 64,  32,  512,
                               296, 16, 16,  88, 64,  48, 88,  24,  512, 2048};
enum { BLOCKS = sizeof (sizes) / sizeof (sizes[0]) };

/* A kind of heap.  */
struct kind {
  const char *name;
  MIR_alloc_t (*make) (void); /* NULL on failure; the result is also the handle */
  void (*end) (MIR_alloc_t alloc);
  size_t num; /* alive at once */
};

static MIR_alloc_t make_zone (void) {
  MIR_zone_t zone;
  return MIR_zone_create (NULL, &zone) == MIR_HEAP_OK ? &zone->alloc : NULL;
}
static MIR_alloc_t make_libc_zone (void) {
  MIR_zone_t zone;
  return MIR_zone_create (&libc_alloc, &zone) == MIR_HEAP_OK ? &zone->alloc : NULL;
}
static void end_zone (MIR_alloc_t alloc) {
  MIR_zone_finish ((MIR_zone_t) (void *) alloc);
}
static MIR_alloc_t make_heap (void) {
  MIR_heap_t heap;
  return MIR_heap_create (&heap) == MIR_HEAP_OK ? &heap->alloc : NULL;
}
static void end_heap (MIR_alloc_t alloc) {
  MIR_heap_finish ((MIR_heap_t) (void *) alloc);
}
static MIR_alloc_t make_arena (void) {
  MIR_arena_t arena;
  return MIR_arena_create (NULL, 8192, &arena) == MIR_HEAP_OK ? &arena->alloc : NULL;
}
static void end_arena (MIR_alloc_t alloc) {
  MIR_arena_finish ((MIR_arena_t) (void *) alloc);
}

static const struct kind kinds[] = {
    {.name = "zone", .make = make_zone, .end = end_zone, .num = MOST},
    {.name = "zone over glibc malloc", .make = make_libc_zone, .end = end_zone, .num = MOST},
    {.name = "arena of 8 KiB chunks", .make = make_arena, .end = end_arena, .num = MOST},
    {.name = "heap", .make = make_heap, .end = end_heap, .num = FEWER},
};
enum { KINDS = sizeof (kinds) / sizeof (kinds[0]) };

static const char *const figures[] = {"KiB", "us to create", "us to finish", "KiB left at once",
                                      "KiB left after a trim"};
enum { FIGURES = sizeof (figures) / sizeof (figures[0]) };

/* Of this process.  */
static double resident_kib (void) {
  long all, resident;
  FILE *file = fopen ("/proc/self/statm", "r");
  if (file == NULL || fscanf (file, "%ld %ld", &all, &resident) != 2) _exit (1);
  fclose (file);
  return (double) resident * (double) sysconf (_SC_PAGESIZE) / 1024;
}

static void make_blocks (MIR_alloc_t alloc, size_t num) {
  for (size_t i = 0; i < num; i++) {
    void *block = MIR_malloc (alloc, sizes[i]);
    if (block == NULL) _exit (1);
    memset (block, 1, sizes[i]);
  }
}

/* The figures for one heap of KIND with BLOCKS_NUM blocks, in this process.  */
static void measure (const struct kind *kind, size_t blocks_num, double *values) {
  static MIR_alloc_t allocs[MOST];
  memset (allocs, 0, sizeof (allocs));
  MIR_alloc_t first = kind->make (); /* what comes once for all */
  if (first == NULL) _exit (1);
  make_blocks (first, blocks_num);
  double before = resident_kib (), start = bench_cpu_ns (1), num = (double) kind->num;
  for (size_t i = 0; i < kind->num; i++) {
    allocs[i] = kind->make ();
    if (allocs[i] == NULL) _exit (1);
    make_blocks (allocs[i], blocks_num);
  }
  values[1] = (bench_cpu_ns (1) - start) / 1e3 / num;
  values[0] = (resident_kib () - before) / num;
  start = bench_cpu_ns (1);
  for (size_t i = 0; i < kind->num; i++) kind->end (allocs[i]);
  values[2] = (bench_cpu_ns (1) - start) / 1e3 / num;
  values[3] = (resident_kib () - before) / num;
  (void) MIR_heap_trim (0);
  values[4] = (resident_kib () - before) / num;
}

/* The same in a child process.  */
static void measure_apart (const struct kind *kind, size_t blocks_num, double *values) {
  int ends[2], status;
  if (pipe (ends) != 0) bench_fail ("pipe");
  fflush (stdout);
  pid_t pid = fork ();
  if (pid == 0) {
    measure (kind, blocks_num, values);
    _exit (write (ends[1], values, sizeof (values[0]) * FIGURES) < 0);
  }
  close (ends[1]);
  if (pid < 0
      || read (ends[0], values, sizeof (values[0]) * FIGURES) != sizeof (values[0]) * FIGURES
      || waitpid (pid, &status, 0) != pid || status != 0)
    bench_fail ("a child failed");
  close (ends[0]);
}

static int by_value (const void *a, const void *b) {
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static void compare (const char *subject, size_t blocks_num) {
  static double values[KINDS][ROUNDS][FIGURES];
  printf ("%s\n", subject);
  for (int round = 0; round < ROUNDS; round++)
    for (int i = 0; i < KINDS; i++) {
      int at = (i + round) % KINDS;
      measure_apart (&kinds[at], blocks_num, values[at][round]);
    }
  for (int i = 0; i < KINDS; i++)
    for (int figure = 0; figure < FIGURES; figure++) {
      double column[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) column[round] = values[i][round][figure];
      qsort (column, ROUNDS, sizeof (column[0]), by_value);
      bench_count (subject, kinds[i].name, figures[figure], column[ROUNDS / 2]);
    }
}

/*---------------- Threads -----------------------------*/

enum { THREADS = 4, LIVE = 64, CHURN = 300000 };

static MIR_alloc_t alloc;

/* Replace one of LIVE blocks of 16 to 271 bytes at random.  */
static void *churn (void *arg) {
  void *blocks[LIVE] = {NULL};
  uint32_t state = (uint32_t) (uintptr_t) arg;
  for (int i = 0; i < CHURN; i++) {
    state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
    void **slot = &blocks[state / (UINT32_MAX / LIVE + 1)];
    MIR_free (alloc, *slot);
    *slot = MIR_malloc (alloc, 16 + (state >> 8 & 255));
    if (*slot == NULL) bench_fail ("no memory");
    *(char *) *slot = 1;
  }
  for (int i = 0; i < LIVE; i++) MIR_free (alloc, blocks[i]);
  return NULL;
}

static void churn_in (int num) {
  pthread_t threads[THREADS];
  for (int i = 0; i < num; i++)
    if (pthread_create (&threads[i], NULL, churn, (void *) (uintptr_t) (i + 1)) != 0)
      bench_fail ("no thread");
  for (int i = 0; i < num; i++) pthread_join (threads[i], NULL);
}

static void churn_in_one (void) {
  churn_in (1);
}
static void churn_in_all (void) {
  churn_in (THREADS);
}

static void use_made (void) {
  alloc = (MIR_alloc_t) bench_running->arg;
}
static void use_kind (void) {
  alloc = ((const struct kind *) bench_running->arg)->make ();
  if (alloc == NULL) bench_fail ("no heap");
}
static void end_kind (void) {
  ((const struct kind *) bench_running->arg)->end (alloc);
}

static void compare_threads (const char *name, int num, void (*run) (void)) {
  struct bench_subject subject = {.name = name, .ops = (size_t) num * CHURN, .all_threads = 1};
  const struct bench_side sides[] = {
      {.name = "glibc malloc", .run = run, .prepare = use_made, .arg = &libc_alloc},
      {.name = "default", .run = run, .prepare = use_made, .arg = MIR_default_alloc ()},
      {.name = "heap",
       .run = run,
       .prepare = use_kind,
       .finish = end_kind,
       .arg = (void *) &kinds[KINDS - 1]},
      {.name = "zone",
       .run = run,
       .prepare = use_kind,
       .finish = end_kind,
       .arg = (void *) &kinds[0]},
      {.name = NULL}};
  bench_compare_as (&subject, sides);
}

int main (int argc, char **argv) {
  if (argc < 2) {
    fprintf (stderr, "usage: bench-heap-zones CSV\n");
    return 1;
  }
  bench_start (argc, argv);
  compare ("heaps: each of thousands, one block of 800 bytes", 1);
  compare ("heaps: each of thousands, the blocks of a context", BLOCKS);
  compare_threads ("heaps: random free, one thread of several", 1, churn_in_one);
  compare_threads ("heaps: random free, four threads in one heap", THREADS, churn_in_all);
  return 0;
}
