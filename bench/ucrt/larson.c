/* After Larson and Krishnan, "Memory allocation for long-running server applications" (1998): threads which
   replace blocks of 8 to 1000 bytes; then they end, and new threads go on with the blocks they left.  */

#include "subjects.h"
#include <process.h>
#include <stdlib.h>
#include <windows.h>

enum { BLOCKS = 10000, THREADS = 2, ROUNDS = 4 };

typedef struct {
  void *blocks[BLOCKS];
  uint64_t state;
} share_t;

static share_t shares[1 + THREADS]; /* one for larson_1, the others for larson_2 */

static void fill (share_t *share) {
  share->state = 0x2545f4914f6cdd1du + (uint64_t) (share - shares);
  for (size_t i = 0; i < BLOCKS; i++) {
    share->blocks[i] = malloc (8 + (size_t) (random_next (&share->state) % 993));
    if (share->blocks[i] == NULL) fail ("larson: no memory");
  }
}

/* Every block is replaced once in a round, from a random place on.  */
static unsigned __stdcall replace (void *arg) {
  share_t *share = arg;
  for (size_t round = 0; round < ROUNDS; round++) {
    size_t at = (size_t) (random_next (&share->state) % BLOCKS);
    for (size_t i = 0; i < BLOCKS; i++) {
      size_t size = 8 + (size_t) (random_next (&share->state) % 993);
      at = (at + 7919) % BLOCKS; /* a prime: comes to each */
      free (share->blocks[at]);
      share->blocks[at] = malloc (size);
      if (share->blocks[at] == NULL) fail ("larson: no memory");
      touch (share->blocks[at], size);
    }
  }
  return 0;
}

static size_t run (share_t *first, size_t threads) {
  HANDLE handles[THREADS];
  for (size_t i = 0; i < threads; i++) {
    handles[i] = (HANDLE) _beginthreadex (NULL, 0, replace, first + i, 0, NULL);
    if (handles[i] == NULL) fail ("larson: no thread");
  }
  WaitForMultipleObjects ((DWORD) threads, handles, TRUE, INFINITE);
  for (size_t i = 0; i < threads; i++) CloseHandle (handles[i]);
  return threads * ROUNDS * BLOCKS;
}

static void prepare_1 (void) { fill (&shares[0]); }
static size_t pass_1 (void) { return run (&shares[0], 1); }

static void prepare_2 (void) {
  for (size_t i = 0; i < THREADS; i++) fill (&shares[1 + i]);
}
static size_t pass_2 (void) { return run (&shares[1], THREADS); }

const subject_t larson_1 = {"larson, 1 thread", prepare_1, pass_1};
const subject_t larson_2 = {"larson, 2 threads", prepare_2, pass_2};
