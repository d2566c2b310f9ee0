#!/bin/sh
# Where a process has as many mappings as Linux gives it (vm.max_map_count; a JIT's code pages come to that), free
# loses large blocks for good.  Neighbouring blocks with mappings of their own are one mapping to Linux, munmap of a
# block between two others has to split it and is refused (munmap(2)), and glibc and musl do not look at the answer:
# free has done nothing, no later malloc or malloc_trim finds the block, and it stays resident when the mappings are
# long gone again.  glibc's source says that the process will end soon anyway.  Here 200 MB are freed so, and
# the next 200 MB come on top of them.  jemalloc and gperftools do not unmap, and use the memory again.
. "$(dirname "$0")/allocators.sh"
cat >"$work/lost.c" <<'C'
#define _GNU_SOURCE
#include <sys/mman.h>
#include "allocators.h"

enum { BLOCKS = 200, SIZE = 1000000, FILLERS = 2000000 };
static char *blocks[BLOCKS];
static char buffer[4096]; /* of standard output, which may have no mapping of its own */

/* Allocate and free the blocks from FIRST on, each STEP-th.  */
static void take (int first, int step) {
  for (int i = first; i < BLOCKS; i += step) {
    blocks[i] = malloc (SIZE);
    if (blocks[i] != NULL) memset (blocks[i], 5, SIZE);
  }
}

static void give (int first, int step) {
  for (int i = first; i < BLOCKS; i += step) free (blocks[i]);
}

/* Split ROOM until there are no more mappings, at most into 2 FILLERS; return how often.  */
static int fill (char *room) {
  int n = 0;
  while (n < FILLERS && mprotect (room + (size_t) n * 8192, 4096, PROT_READ) == 0) n++;
  return n;
}

/* lost free|full: how many mappings there are meanwhile.  */
int main (int argc, char **argv) {
  size_t len = (size_t) FILLERS * 8192;
  char *room = mmap (NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  int is_full = argc > 1 && strcmp (argv[1], "full") == 0;
  if (room == MAP_FAILED) return perror ("mmap"), 2;
  setvbuf (stdout, buffer, _IOFBF, sizeof (buffer));
  take (0, 1);
  if (is_full && fill (room) == FILLERS) return fprintf (stderr, "too many mappings are allowed\n"), 2;
  give (0, 2);
  take (0, 2);
  give (0, 1);
  munmap (room, len);
  release ();
  long freed = resident ();
  take (0, 1);
  long again = resident ();
  fprintf (stderr, "%ld MB after free, %ld MB after the next 200\n", freed, again);
  printf ("%s MB resident\n", again < 300 ? "less than 300" : again > 350 ? "more than 350" : "300 to 350");
  return 0;
}
C
compile lost

# Run the program with an allocator ($1), with few mappings and with all there are.
try () {
  say "$1"
  run_with "$1" lost free
  say "$1, no mapping left"
  run_with "$1" lost full
}

cat >"$work/expected" <<'EOF'
glibc: less than 300 MB resident
glibc, no mapping left: more than 350 MB resident
musl: less than 300 MB resident
musl, no mapping left: more than 350 MB resident
jemalloc: less than 300 MB resident
jemalloc, no mapping left: less than 300 MB resident
gperftools: less than 300 MB resident
gperftools, no mapping left: less than 300 MB resident
EOF
{
  try glibc
  try musl
  try jemalloc
  try gperftools
} | compare
