#!/bin/sh
# In a process with mlockall Linux refuses MADV_DONTNEED and MADV_FREE (EINVAL, madvise(2)), and no allocator says so.
# Here 200 MB are allocated and freed, and the allocator is asked to give them back.  glibc's malloc_trim answers
# "released" and jemalloc's purge "no error"; everything stays, and jemalloc's statistics count it as gone (those of
# gperftools are right).  mimalloc 2.0.9, oneTBB and musl unmap, and give back as ever.  jemalloc's free changes errno
# when it is refused, which POSIX.1-2024 forbids.  Scudo of LLVM 14 takes the pages for zeroed: calloc returns what was
# freed (LLVM pull request 167788).
# Needs root, or 500 MB of RLIMIT_MEMLOCK.
. "$(dirname "$0")/allocators.sh"
unpack libclang-rt-14-dev=1:14.0.6-12
scudo=$root/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.scudo_standalone-x86_64.so
cat >"$work/locked.c" <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include "allocators.h"

enum { BLOCKS = 200000, SIZE = 1000, CALLOC_BLOCKS = 50, CALLOC_SIZE = 300000 };
static char *blocks[BLOCKS];

/* Of Scudo and of gperftools.  */
#pragma weak mallopt
#pragma weak MallocExtension_GetNumericProperty
int mallopt (int, int);
int MallocExtension_GetNumericProperty (const char *, size_t *);

static void allocate_and_free (int is_all) {
  for (int i = 0; i < BLOCKS; i++) memset (blocks[i] = malloc (SIZE), 5, SIZE);
  for (int i = 0; i < BLOCKS; i++)
    if (is_all || i % 1000 != 0) free (blocks[i]);
}

static const char *rough (long mb) {
  return mb < 100 ? "little" : mb > 150 ? "everything" : "something";
}

/* Print what the allocator itself counts as free and resident.  */
static void count (void) {
  size_t amount = 0, len = sizeof (amount), epoch = 1;
  if (mallctl != NULL) {
    mallctl ("epoch", NULL, NULL, &epoch, sizeof (epoch));
    mallctl ("stats.resident", &amount, &len, NULL, 0);
  } else if (MallocExtension_GetNumericProperty != NULL)
    MallocExtension_GetNumericProperty ("tcmalloc.pageheap_free_bytes", &amount);
  else
    return;
  printf (" (its statistics: %s)", rough (amount >> 20));
}

/* Print how many blocks of calloc hold what was freed.  */
static int test_calloc (void) {
  int dirty = 0;
  for (int i = 0; i < CALLOC_BLOCKS; i++) memset (blocks[i] = malloc (CALLOC_SIZE), 5, CALLOC_SIZE);
  for (int i = 0; i < CALLOC_BLOCKS; i++) free (blocks[i]);
  mallopt (-101 /* M_PURGE: release now, not 5 seconds later */, 0);
  for (int i = 0; i < CALLOC_BLOCKS; i++) {
    blocks[i] = calloc (1, CALLOC_SIZE);
    dirty += blocks[i][CALLOC_SIZE / 2] != 0;
  }
  fprintf (stderr, "%d of %d\n", dirty, CALLOC_BLOCKS);
  return printf ("blocks of calloc that are not zero: %s\n", dirty == 0 ? "none" : "some") < 0;
}

static int test_errno (void) {
  for (int i = 0; i < CALLOC_BLOCKS; i++) memset (blocks[i] = malloc (CALLOC_SIZE), 5, CALLOC_SIZE);
  errno = 0;
  for (int i = 0; i < CALLOC_BLOCKS; i++) free (blocks[i]);
  int error = errno;
  fprintf (stderr, "errno is %d\n", error);
  return printf ("free changes errno: %s\n", error == 0 ? "no" : "yes") < 0;
}

/* locked all|most|calloc|errno [lock]: what is freed, or another test.  */
int main (int argc, char **argv) {
  memset (blocks, 1, sizeof (blocks));
  if (argc > 2 && mlockall (MCL_CURRENT | MCL_FUTURE) != 0) return perror ("mlockall"), 2;
  if (strcmp (argv[1], "calloc") == 0) return test_calloc ();
  if (strcmp (argv[1], "errno") == 0) return test_errno ();
  long start = resident ();
  allocate_and_free (strcmp (argv[1], "all") == 0);
  const char *answer = release ();
  long kept = resident () - start;
  fprintf (stderr, "%ld MB stay\n", kept);
  printf ("%s%s stays", answer, rough (kept));
  count ();
  putchar ('\n');
  return 0;
}
C
compile locked

# Run the test ($2) with an allocator ($1), without and with mlockall.
try () {
  say "$1, $2"
  run_with "$1" locked "$2"
  say "$1, $2, mlockall"
  run_with "$1" locked "$2" lock
}

run_with musl locked all lock >/dev/null 2>&1 || {
  echo "${0##*/}: mlockall needs root or a greater ulimit -l" >&2
  exit 2
}
export MALLOC_CONF=
cat >"$work/expected" <<'EOF'
glibc, most: malloc_trim answers 1, little stays
glibc, most, mlockall: malloc_trim answers 1, everything stays
jemalloc, all: purge answers 0, little stays (its statistics: little)
jemalloc, all, mlockall: purge answers 0, everything stays (its statistics: little)
gperftools, all: little stays (its statistics: little)
gperftools, all, mlockall: everything stays (its statistics: everything)
mimalloc, all: little stays
mimalloc, all, mlockall: little stays
oneTBB, all: command answers 0, little stays
oneTBB, all, mlockall: command answers 0, little stays
musl, all: little stays
musl, all, mlockall: little stays
jemalloc, errno: free changes errno: no
jemalloc, errno, mlockall: free changes errno: yes
Scudo, calloc: blocks of calloc that are not zero: none
Scudo, calloc, mlockall: blocks of calloc that are not zero: some
EOF
{
  try glibc most
  for allocator in jemalloc gperftools mimalloc oneTBB musl; do
    try $allocator all
  done
  MALLOC_CONF=dirty_decay_ms:0 # each free purges
  try jemalloc errno
  try Scudo calloc
} | compare
