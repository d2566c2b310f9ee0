#!/bin/sh
# With mimalloc 2.0.9 a program that calls mi_collect (true) in its main thread, to have less memory, gets more and
# more.  Here one thread after another allocates 100 MB, frees all of it but one block in a thousand, and ends.  The
# next one takes over what the last one left, and 100 MB suffice for all.  mi_collect (true) in the main thread takes
# over for itself what other threads left, for it believes that the program ends; no other thread can use that then,
# and it is not given back.  mi_collect (false), or mi_collect (true) in another thread, does no such thing.  mimalloc
# 2.1.7 and newer give the memory back.
# Packages of Debian 12.
. "$(dirname "$0")/unpack.sh"
unpack libmimalloc2.0=2.0.9+ds-2
cat >"$work/collect.c" <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, BLOCKS = 100000, SIZE = 1000, LIVE = 1000 /* of which one lives on */ };
static char *blocks[THREADS][BLOCKS];

void *mi_malloc (size_t);
void mi_free (void *);
void mi_collect (bool is_forced);

/* Return the resident memory in MB.  */
static long resident (void) {
  char line[1000];
  long kb = 0;
  FILE *status = fopen ("/proc/self/status", "r");
  while (fgets (line, sizeof (line), status) != NULL)
    sscanf (line, "VmRSS: %ld", &kb);
  fclose (status);
  return kb / 1024;
}

static void *work (void *data) {
  char **own = data;
  for (int i = 0; i < BLOCKS; i++) memset (own[i] = mi_malloc (SIZE), 5, SIZE);
  for (int i = 0; i < BLOCKS; i++)
    if (i % LIVE != 0) mi_free (own[i]);
  return NULL;
}

static void *collect (void *is_forced) {
  mi_collect (is_forced != NULL);
  return NULL;
}

static void run (void *(*start) (void *), void *data) {
  pthread_t thread;
  if (pthread_create (&thread, NULL, start, data) != 0 || pthread_join (thread, NULL) != 0) exit (3);
}

/* collect never|false|true|other: what is called after each thread.  */
int main (int argc, char **argv) {
  long start, grown;
  if (argc != 2) return 3;
  memset (blocks, 1, sizeof (blocks));
  mi_free (mi_malloc (SIZE));
  start = resident ();
  for (int i = 0; i < THREADS; i++) {
    run (work, blocks[i]);
    if (strcmp (argv[1], "false") == 0) collect (NULL);
    if (strcmp (argv[1], "true") == 0) collect (&start);
    if (strcmp (argv[1], "other") == 0) run (collect, &start);
  }
  grown = resident () - start;
  fprintf (stderr, "%s: %ld MB\n", argv[1], grown);
  printf ("%s\n", grown < 200 ? "less than 200 MB" : grown > 600 ? "more than 600 MB" : "200 to 600 MB");
}
C
cc -w -O1 -fno-builtin -o "$work/collect" "$work/collect.c" -pthread "$libraries/libmimalloc.so.2.0"
cat >"$work/expected" <<'EOF'
no call: less than 200 MB
mi_collect (false) by the main thread: less than 200 MB
mi_collect (true) by the main thread: more than 600 MB
mi_collect (true) by another thread: less than 200 MB
EOF
{
  printf 'no call: '
  "$work/collect" never
  printf 'mi_collect (false) by the main thread: '
  "$work/collect" false
  printf 'mi_collect (true) by the main thread: '
  "$work/collect" true
  printf 'mi_collect (true) by another thread: '
  "$work/collect" other
} | compare
