/* Times fresh processes: each replays the recorded compilation, or the beginning of it, once, with
   all page faults.  Times are the CPU time of the process, including the kernel's.  glibc's malloc and
   the default heap are measured as the system is set; with huge pages switched off (prctl(2),
   PR_SET_THP_DISABLE); and as where huge pages are given always: all mappings are advised
   (madvise(2), MADV_HUGEPAGE), those of the default heap when they are made, those of glibc, whose
   calls nobody sees, as soon as they are found.  The worst of the ratios counts, too.  Arguments: the CSV
   file, the trace.  */
#define _GNU_SOURCE /* madvise, wait4 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "mir-heap.h"
#include "adapters/mir-globals.h"
#include "trace-format.h"
#include "trace.h"

enum { ROUNDS = 11, SMALL = 20000 /* calls */, ADVISE_EVERY = 20000 /* calls */ };

MIR_FROM_GLOBALS (libc_alloc, malloc, calloc, realloc, free)

static struct trace trace;
static void **blocks;

static int advises; /* huge pages for each new mapping */

/* In place of the C library's, for this program and its libraries.  */
void *mmap64 (void *addr, size_t len, int access, int flags, int file, off_t offset) {
  void *res = (void *) syscall (SYS_mmap, addr, len, access, flags, file, offset);
  if (advises && res != MAP_FAILED && (flags & MAP_ANONYMOUS) && (flags & MAP_PRIVATE))
    (void) madvise (res, len, MADV_HUGEPAGE);
  return res;
}

/* Advise huge pages for all private memory that can be written.  */
static void advise_all (void) {
  static char buffer[16384];
  char line[512], access[5];
  unsigned long start, bound, offset, node;
  FILE *maps = fopen ("/proc/self/maps", "r");
  if (maps == NULL) _exit (1);
  setvbuf (maps, buffer, _IOFBF, sizeof (buffer));
  while (fgets (line, sizeof (line), maps) != NULL)
    if (sscanf (line, "%lx-%lx %4s %lx %*s %lu", &start, &bound, access, &offset, &node) == 5
        && strcmp (access, "rw-p") == 0 && node == 0)
      (void) madvise ((void *) start, bound - start, MADV_HUGEPAGE);
  fclose (maps);
}

static void replay (MIR_alloc_t alloc, size_t num, int always) {
  for (size_t i = 0; i < num; i++) {
    const struct trace_call *call = &trace.calls[i];
    void **slot = &blocks[call->slot];
    if (always && i % ADVISE_EVERY == 0) advise_all ();
    if (call->op == TRACE_FREE)
      MIR_free (alloc, *slot);
    else if (call->op == TRACE_REALLOC)
      *slot = MIR_realloc (alloc, *slot, call->old_size, call->size);
    else
      *slot = call->op == TRACE_CALLOC ? MIR_calloc (alloc, 1, call->size)
                                       : MIR_malloc (alloc, call->size);
    if (call->op == TRACE_FREE || call->size == 0) continue;
    if (*slot == NULL) _exit (1);
    ((char *) *slot)[0] = ((char *) *slot)[call->size - 1] = 1;
  }
}

/* How the system gives huge pages.  */
enum mode { AS_SET, NEVER, ALWAYS, MODES };

static const char *const mode_names[] = {
    [AS_SET] = "", [NEVER] = ", no huge pages", [ALWAYS] = ", huge pages everywhere"};

/* Milliseconds of CPU; ALLOC NULL: the default heap.  */
static double time_process (MIR_alloc_t alloc, enum mode mode, size_t num, long *faults) {
  struct rusage used;
  int status;
  pid_t pid = fork ();
  if (pid == 0) {
    if (mode == NEVER && prctl (PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) _exit (1);
    advises = mode == ALWAYS;
    replay (alloc != NULL ? alloc : MIR_default_alloc (), num, advises && alloc != NULL);
    _exit (0);
  }
  if (pid < 0 || wait4 (pid, &status, 0, &used) != pid || status != 0)
    bench_fail ("a child failed");
  *faults = used.ru_minflt;
  return (double) (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3
         + (double) (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static int compare_doubles (const void *a, const void *b) {
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static void sort (double *values) {
  qsort (values, ROUNDS, sizeof (values[0]), compare_doubles);
}

static void compare (const char *subject, size_t num, enum mode mode) {
  const char *malloc_name = getenv ("BENCH_MALLOC");
  const char *names[] = {malloc_name == NULL ? "malloc" : malloc_name, "default"};
  double ms[2][ROUNDS], ratios[2][ROUNDS];
  char name[200];
  long faults[2];
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < 2; i++) {
      int side = (i + round) % 2;
      ms[side][round] = time_process (side == 0 ? &libc_alloc : NULL, mode, num, &faults[side]);
    }
    for (int side = 0; side < 2; side++) ratios[side][round] = ms[side][round] / ms[0][round];
  }
  snprintf (name, sizeof (name), "%s%s", subject, mode_names[mode]);
  printf ("%s\n", name);
  for (int side = 0; side < 2; side++) {
    sort (ms[side]);
    sort (ratios[side]);
    bench_count (name, names[side], "ms", ms[side][ROUNDS / 2]);
    bench_count (name, names[side], "ratio", ratios[side][ROUNDS / 2]);
    if (side != 0) bench_count (name, names[side], "worst ratio", ratios[side][ROUNDS - 1]);
    bench_count (name, names[side], "faults", (double) faults[side]);
  }
}

int main (int argc, char **argv) {
  if (argc < 3 || trace_read (argv[2], SIZE_MAX, &trace) != 0) {
    fprintf (stderr, "usage: bench-heap-fresh CSV TRACE\n");
    return 1;
  }
  blocks = (void **) calloc (trace.slots_num, sizeof (blocks[0]));
  if (blocks == NULL) return 1;
  memset (blocks, 0, trace.slots_num * sizeof (blocks[0]));
  bench_start (argc, argv);
  for (enum mode mode = AS_SET; mode < MODES; mode++)
    compare ("heap: a fresh process, the whole compilation", trace.calls_num, mode);
  for (enum mode mode = AS_SET; mode <= NEVER; mode++)
    compare ("heap: a fresh process, its first 20000 calls", SMALL, mode);
  compare ("heap: a fresh process, its first call", 1, AS_SET);
  return 0;
}
