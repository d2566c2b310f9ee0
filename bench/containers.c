/* Times VARR and HTAB against the arrays and tables in Debian, and against MIR's own if the build
   has its headers; counts the bytes that they take.  glibc's malloc serves all sides.  */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "containers/arrays.h"
#include "containers/bytes.h"
#include "containers/tables.h"
#include "containers/words.h"
#include "containers/workloads.h"

/* The first one is the reference.  */
static const struct table *const tables[] = {
#ifdef BENCH_STOCK_MIR
    &table_stock,
#endif
    &table_htab_bound, &table_htab, &table_htab_plain, &table_uthash,
    &table_glib,       &table_std,  &table_absl,       &table_boost};
enum { TABLES = sizeof (tables) / sizeof (tables[0]) };

#ifdef BENCH_STOCK_MIR
static const char about_stock[] = "MIR's own: from " BENCH_STOCK_MIR;
#else
static const char about_stock[] = "without MIR's own tables: ./dev bench containers --mir DIR";
#endif

/*---------------- glibc's malloc -----------------------------*/
static void *libc_malloc (size_t size, void *user_data) {
  (void) user_data;
  return malloc (size);
}

static void *libc_calloc (size_t num, size_t size, void *user_data) {
  (void) user_data;
  return calloc (num, size);
}

static void *libc_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) old_size;
  (void) user_data;
  return realloc (ptr, new_size);
}

static void libc_free (void *ptr, void *user_data) {
  (void) user_data;
  free (ptr);
}

static struct MIR_alloc libc_alloc = {libc_malloc, libc_calloc, libc_realloc, libc_free, NULL};
MIR_alloc_t tables_alloc = &libc_alloc;

/* Let malloc keep all memory that it gets: else it maps, grows and returns large blocks each time,
   and the kernel is what is measured.  */
static void keep_memory (void) {
  if (mallopt (M_TRIM_THRESHOLD, 1 << 30) == 0 || mallopt (M_MMAP_THRESHOLD, 32 << 20) == 0)
    bench_fail ("mallopt");
}

/*---------------- Time -----------------------------*/
double workload_clock (int starts) {
  (void) starts;
  return bench_cpu_ns (0);
}

/* One round: each table that can do the chosen workload, in a random order.  A table that gets the
   memory that the one before it had finds it in the cache, so no table may always follow the same
   one.  */
static void run_round (int round, const struct table *const *able, size_t num,
                       double (*ns)[BENCH_ROUNDS]) {
  static uint64_t random = 0x853c49e6748fea9b;
  size_t order[TABLES];
  for (size_t i = 0; i < num; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    size_t j = (random >> 33) % (i + 1);
    order[i] = order[j];
    order[j] = i;
  }
  for (size_t i = 0; i < num; i++) {
    double one = workload_run (able[order[i]]);
    if (round >= 0) ns[order[i]][round] = one;
  }
}

static void compare (const struct workload *workload, size_t size) {
  static double ns[TABLES][BENCH_ROUNDS];
  const struct table *able[TABLES];
  const char *names[TABLES];
  char subject[100];
  size_t num = 0;
  workload_choose (workload, size);
  for (size_t i = 0; i < TABLES; i++) {
    if (!workload_suits (tables[i])) continue;
    names[num] = workload_side (tables[i]);
    able[num++] = tables[i];
  }
  for (int round = -1; round < BENCH_ROUNDS; round++) /* round -1 warms up */
    run_round (round, able, num, ns);
  if (size == ANY_SIZE)
    snprintf (subject, sizeof (subject), "containers: %s", workload->name);
  else
    snprintf (subject, sizeof (subject), "containers: %s, %zu", workload->name, size);
  bench_times (subject, names, num, ns, BENCH_ROUNDS);
}

int main (int argc, char **argv) {
  bench_start (argc, argv);
  keep_memory ();
  puts ("2.00x: takes twice as long as the first row below the same heading");
  puts (about_stock);
  read_source_words (BENCH_SOURCES);
  for (const struct workload *workload = workloads; workload->name != NULL; workload++)
    for (const size_t *size = workload->sizes; *size != 0; size++) compare (workload, *size);
  count_bytes (tables, TABLES);
  compare_arrays ();
  return 0;
}
