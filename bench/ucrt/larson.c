/* After Larson and Krishnan, "Memory allocation for long-running server applications" (1998), with
   the figures of mimalloc's own suite: each thread replaces 5000 blocks of 8 to 1000 bytes at
   random, 100 times as often as there are blocks; then it ends, and a new thread continues with the
   blocks that it left.  As there, only the beginning of a block is written.  */

#include <process.h>
#include <stdlib.h>
#include <windows.h>

#include "subjects.h"

enum { BLOCKS = 5000, THREADS = 2, ROUNDS = 100 };

struct share {
  void *blocks[BLOCKS];
  uint64_t state;
  size_t count; /* blocks to replace until the thread ends */
};

static struct share shares[1 + THREADS]; /* one for larson_1, the others for larson_2 */

static void fill (struct share *share) {
  share->state = 0x2545f4914f6cdd1du + (uint64_t) (share - shares);
  for (size_t i = 0; i < BLOCKS; i++) {
    share->blocks[i] = malloc (8 + (size_t) (random_next (&share->state) % 993));
    if (share->blocks[i] == NULL) fail ("larson: no memory");
  }
}

static void replace_one (struct share *share, size_t at) {
  size_t size = 8 + (size_t) (random_next (&share->state) % 993);
  free (share->blocks[at]);
  share->blocks[at] = malloc (size);
  if (share->blocks[at] == NULL) fail ("larson: no memory");
  touch (share->blocks[at], 2);
}

static unsigned __stdcall replace (void *arg) {
  struct share *share = arg;
  if (share->count == BLOCKS) /* the first pass: each block once */
    for (size_t i = 0; i < BLOCKS; i++)
      replace_one (share, i * 7919 % BLOCKS); /* a prime: reaches each block */
  else
    for (size_t i = 0; i < share->count; i++)
      replace_one (share, (size_t) (random_next (&share->state) >> 16) % BLOCKS);
  return 0;
}

static size_t run (struct share *first, size_t threads, size_t count) {
  HANDLE handles[THREADS];
  for (size_t i = 0; i < threads; i++) {
    first[i].count = count;
    handles[i] = (HANDLE) _beginthreadex (NULL, 0, replace, first + i, 0, NULL);
    if (handles[i] == NULL) fail ("larson: no thread");
  }
  WaitForMultipleObjects ((DWORD) threads, handles, TRUE, INFINITE);
  for (size_t i = 0; i < threads; i++) CloseHandle (handles[i]);
  return threads * count;
}

static void prepare_1 (void) {
  fill (&shares[0]);
}
static size_t pass_1 (int first) {
  return run (&shares[0], 1, first ? BLOCKS : ROUNDS * BLOCKS);
}

static void prepare_2 (void) {
  for (size_t i = 0; i < THREADS; i++) fill (&shares[1 + i]);
}
static size_t pass_2 (int first) {
  return run (&shares[1], THREADS, first ? BLOCKS : ROUNDS * BLOCKS);
}

const struct subject larson_1 = {"larson 1", prepare_1, pass_1};
const struct subject larson_2 = {"larson 2", prepare_2, pass_2};
