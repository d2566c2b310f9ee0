#!/bin/sh
# After fork a child has the blocks of all its parent's threads and only one of the threads.  What it frees of the
# others' blocks mimalloc 2.0.9 and oneTBB keep for the thread that allocated them, which is not in the child and never
# comes to use it or to end: no malloc uses the memory again, and no call gives it back.  Here a child frees 200 MB that
# a worker, asleep during the fork, has allocated, and its own 200 MB come on top.  Where the worker has ended before
# the fork all is well.  mimalloc 2.2.4 does as 2.0.9, mimalloc 3.0.1 uses the memory again.
. "$(dirname "$0")/allocators.sh"
cat >"$work/orphans.c" <<'C'
#include <pthread.h>
#include <sys/wait.h>
#include "allocators.h"

enum { BLOCKS = 200000, SIZE = 1000 };
static char *loaded[BLOCKS], *own[BLOCKS];
static pthread_barrier_t is_loaded;

static void allocate (char **blocks) {
  for (int i = 0; i < BLOCKS; i++) memset (blocks[i] = malloc (SIZE), 5, SIZE);
}

static void *work (void *stays) {
  allocate (loaded);
  pthread_barrier_wait (&is_loaded);
  if (stays != NULL) pause ();
  return NULL;
}

static int child (long start) {
  for (int i = 0; i < BLOCKS; i++) free (loaded[i]);
  release ();
  allocate (own);
  long grown = resident () - start;
  fprintf (stderr, "%ld MB\n", grown);
  printf ("%s MB\n", grown < 300 ? "less than 300" : grown > 350 ? "more than 350" : "300 to 350");
  return fflush (stdout);
}

/* orphans ended|asleep: what the worker does during the fork.  */
int main (int argc, char **argv) {
  int is_asleep = argc > 1 && strcmp (argv[1], "asleep") == 0, status;
  pthread_t worker;
  memset (loaded, 1, sizeof (loaded));
  memset (own, 1, sizeof (own));
  pthread_barrier_init (&is_loaded, NULL, 2);
  long start = resident ();
  if (pthread_create (&worker, NULL, work, is_asleep ? &worker : NULL) != 0) return 3;
  pthread_barrier_wait (&is_loaded);
  if (!is_asleep) pthread_join (worker, NULL);
  if (fork () == 0) _exit (child (start));
  wait (&status);
  _exit (status != 0);
}
C
compile orphans
cat >"$work/expected" <<'EOF'
glibc, worker ended: less than 300 MB
glibc, worker asleep: less than 300 MB
musl, worker ended: less than 300 MB
musl, worker asleep: less than 300 MB
jemalloc, worker ended: less than 300 MB
jemalloc, worker asleep: less than 300 MB
gperftools, worker ended: less than 300 MB
gperftools, worker asleep: less than 300 MB
mimalloc, worker ended: less than 300 MB
mimalloc, worker asleep: more than 350 MB
oneTBB, worker ended: less than 300 MB
oneTBB, worker asleep: more than 350 MB
EOF
for allocator in glibc musl jemalloc gperftools mimalloc oneTBB; do
  for state in ended asleep; do
    say "$allocator, worker $state"
    run_with $allocator orphans $state
  done
done | compare
