/* Prints the version and the origin of mimalloc with which the benchmarks are built, for run.sh.  */
#include <mimalloc.h>
#include <stdio.h>

/* A system's mimalloc can be replaced after the build: then the name would be another version's.  */
int main (void) {
  if (mi_version () != MI_MALLOC_VERSION) {
    fprintf (stderr, "bench: built with mimalloc %d, but %d is here\n", MI_MALLOC_VERSION,
             mi_version ());
    return 1;
  }
  puts (BENCH_MIMALLOC);
  return 0;
}
