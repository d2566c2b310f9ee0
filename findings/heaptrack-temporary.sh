#!/bin/sh
# heaptrack_print takes for temporary what is not.  A free counts if the last allocation of the process had the same
# size and stack, whichever block it was: a queue of 1000 blocks, each of which lives through 1000 others, is 95 %
# temporary while they have one size, and not at all when they have seven.  heaptrack itself, which compares blocks,
# says 0 for both when the program ends.  For both tools a realloc is a free and an allocation, so that an array that
# grows and is never freed is temporary throughout, and a block that its thread frees at once is not temporary if
# another thread has allocated meanwhile.
# heaptrack 1.4.0 and 1.5.0; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13')
  unpack heaptrack=1.5.0+dfsg1-5 libheaptrack=1.5.0+dfsg1-5 libunwind8=1.8.1-0.1 libdw1t64=0.192-4 libelf1t64=0.192-4 \
    libboost-filesystem1.83.0=1.83.0-4.2 libboost-iostreams1.83.0=1.83.0-4.2 \
    libboost-program-options1.83.0=1.83.0-4.2
  ;;
*)
  unpack heaptrack=1.4.0-2 libheaptrack=1.4.0-2 libunwind8=1.6.2-3 libboost-filesystem1.74.0=1.74.0+ds1-21 \
    libboost-iostreams1.74.0=1.74.0+ds1-21 libboost-program-options1.74.0=1.74.0+ds1-21
  ;;
esac
cat >"$work/blocks.c" <<'C'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 20000, LIVE = 1000 };
static char *queue[LIVE], *array;
static pthread_barrier_t barrier;

/* Free the oldest of the LIVE blocks for each new one, of SIZES sizes.  */
static void run_queue (int sizes) {
  for (int i = 0; i < BLOCKS; i++) {
    char *oldest = queue[i % LIVE];
    queue[i % LIVE] = malloc (64 + i % sizes);
    free (oldest);
  }
}

/* Allocate the thread's only block and free it, when the other thread has allocated its own.  */
static void *take_turns (void *is_second) {
  char *block = NULL;
  for (int i = 0; i < 2 * BLOCKS; i++) {
    if (i % 2 == (is_second != NULL)) {
      if (i % 4 < 2)
        block = malloc (64);
      else
        free (block);
    }
    pthread_barrier_wait (&barrier);
  }
  return NULL;
}

static void run_threads (void) {
  pthread_t thread;
  pthread_barrier_init (&barrier, NULL, 2);
  pthread_create (&thread, NULL, take_turns, &barrier);
  take_turns (NULL);
  pthread_join (thread, NULL);
}

int main (int argc, char **argv) {
  if (strcmp (argv[1], "once") == 0)
    for (int i = 0; i < BLOCKS; i++) free (malloc (64));
  if (strcmp (argv[1], "queue") == 0) run_queue (1);
  if (strcmp (argv[1], "sizes") == 0) run_queue (7);
  if (strcmp (argv[1], "array") == 0)
    for (int i = 1; i <= BLOCKS; i++) array = realloc (array, i);
  if (strcmp (argv[1], "threads") == 0) run_threads ();
}
C
cc -w -g -O0 -fno-builtin -pthread -o "$work/blocks" "$work/blocks.c"

# Print how many of the blocks a number of temporary ones is.
share () {
  if [ "$1" -lt 100 ]; then
    printf 'none'
  elif [ "$1" -ge 19900 ]; then
    printf 'all'
  elif [ "$1" -ge 18900 ]; then
    printf '95 %%'
  else
    printf 'some'
  fi
}

# Run the program with an argument ($1), which is what $2 says.
try () {
  heaptrack -o "$work/$1" "$work/blocks" "$1" >"$work/log" 2>&1
  recorded=$(sed -n 's/^.*temporary allocations:[^0-9]*//p' "$work/log")
  heaptrack_print "$work/$1".* >"$work/log" 2>&1
  printed=$(sed -n 's/^temporary memory allocations: \([0-9]*\).*$/\1/p' "$work/log")
  echo "$1: $recorded, $printed" >&2
  echo "$2: temporary: recorder $(share "$recorded"), heaptrack_print $(share "$printed")"
}

cat >"$work/expected" <<'EOF'
each block is freed at once: temporary: recorder all, heaptrack_print all
a queue of 1000 blocks: temporary: recorder none, heaptrack_print 95 %
a queue of 1000 blocks of seven sizes: temporary: recorder none, heaptrack_print none
an array grows byte by byte: temporary: recorder all, heaptrack_print all
two threads in turn, each frees its only block: temporary: recorder none, heaptrack_print none
EOF
{
  try once 'each block is freed at once'
  try queue 'a queue of 1000 blocks'
  try sizes 'a queue of 1000 blocks of seven sizes'
  try array 'an array grows byte by byte'
  try threads 'two threads in turn, each frees its only block'
} | compare
