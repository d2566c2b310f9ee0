/* Refuses each system call of the default heap's memory in turn, once and for ever, half done or not.
   Every run is a process of its own.  Linked with --wrap of ld(1) for each call.  Linux only.  */
#define _GNU_SOURCE /* mremap */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "mir-heap.h"
#include "support/child.h"
#include "support/tap.h"

enum { BLOCK = 20000, BLOCKS = 700, LARGE = 700 * 1024, GROWTHS = 9 };

static struct {
  long at;     /* the call that is refused; 0: none */
  int forever; /* and all after it */
  int half;    /* it has done a part of its work */
} refusal;
static long calls, refused;
static unsigned char *live[BLOCKS];

static int forks_in_discard; /* the next discard of memory forks before it is done */

/*---------------- System calls -----------------------------*/

static int is_refused (void) {
  calls++;
  if (refusal.at == 0 || calls < refusal.at || (calls > refusal.at && !refusal.forever)) return 0;
  refused++;
  errno = ENOMEM;
  return 1;
}

static size_t half_of (size_t len) {
  return refusal.half ? len / 8192 * 4096 : 0;
}

void *__real_mmap64 (void *addr, size_t len, int access, int flags, int file, off_t at);
void *__wrap_mmap64 (void *addr, size_t len, int access, int flags, int file, off_t at);
int __real_mprotect (void *addr, size_t len, int access);
int __wrap_mprotect (void *addr, size_t len, int access);
int __real_madvise (void *addr, size_t len, int advice);
int __wrap_madvise (void *addr, size_t len, int advice);
void *__real_mremap (void *addr, size_t len, size_t new_len, int flags, ...);
void *__wrap_mremap (void *addr, size_t len, size_t new_len, int flags, ...);

void *__wrap_mmap64 (void *addr, size_t len, int access, int flags, int file, off_t at) {
  return is_refused () ? MAP_FAILED : __real_mmap64 (addr, len, access, flags, file, at);
}

int __wrap_mprotect (void *addr, size_t len, int access) {
  if (!is_refused ()) return __real_mprotect (addr, len, access);
  if (half_of (len) != 0) (void) __real_mprotect (addr, half_of (len), access);
  errno = ENOMEM;
  return -1;
}

/* In the child no block is live, and calloc gets what was to be discarded.  */
static int use_what_was_not_discarded (void) {
  MIR_alloc_t alloc = MIR_default_alloc ();
  for (int i = 0; i < BLOCKS; i++) {
    live[i] = (unsigned char *) MIR_calloc (alloc, 1, LARGE);
    if (live[i] == NULL) return 1;
    for (size_t k = 0; k < LARGE; k += 4096)
      if (live[i][k] != 0) return 2;
  }
  return 0;
}

int __wrap_madvise (void *addr, size_t len, int advice) {
  if (forks_in_discard && advice == MADV_DONTNEED) {
    forks_in_discard = 0;
    struct child_end end = run_child (use_what_was_not_discarded, NULL, 0);
    if (end.status != 0) forks_in_discard = -1;
  }
  if (!is_refused ()) return __real_madvise (addr, len, advice);
  if (half_of (len) != 0) (void) __real_madvise (addr, half_of (len), advice);
  errno = ENOMEM;
  return -1;
}

/* The kernel unmaps the target before it knows whether it can move.  */
void *__wrap_mremap (void *addr, size_t len, size_t new_len, int flags, ...) {
  va_list args;
  va_start (args, flags);
  void *to = va_arg (args, void *); /* not there without MREMAP_FIXED */
  va_end (args);
  if (!(flags & MREMAP_FIXED)) to = NULL;
  if (!is_refused ()) return __real_mremap (addr, len, new_len, flags, to);
  if (refusal.half && to != NULL) (void) munmap (to, new_len);
  errno = ENOMEM;
  return MAP_FAILED;
}

/*---------------- Use -----------------------------*/

static int is_whole (const unsigned char *block, size_t size, unsigned char byte) {
  for (size_t i = 0; i < size; i += 997)
    if (block[i] != byte) return 0;
  return block[size - 1] == byte;
}

/* Blocks that are refused are no failure; blocks that change are.  */
static int use (MIR_alloc_t alloc) {
  size_t size = LARGE;
  for (int i = 0; i < BLOCKS; i++) {
    live[i] = (unsigned char *) MIR_malloc (alloc, BLOCK);
    if (live[i] != NULL) memset (live[i], i & 127, BLOCK);
  }
  unsigned char *large = (unsigned char *) MIR_calloc (alloc, 1, size);
  if (large != NULL && !is_whole (large, size, 0)) return 1;
  if (large != NULL) memset (large, 99, size);
  for (int i = 0; large != NULL && i < GROWTHS; i++) {
    size_t more = size + size / 2;
    unsigned char *grown = (unsigned char *) MIR_realloc (alloc, large, size, more);
    if (!is_whole (grown == NULL ? large : grown, size, 99)) return 2;
    if (grown == NULL) continue;
    large = grown;
    size = more;
    memset (large, 99, size);
  }
  for (int i = 0; i < BLOCKS; i++)
    if (live[i] != NULL && !is_whole (live[i], BLOCK, (unsigned char) (i & 127))) return 3;
  MIR_free (alloc, large);
  for (int i = 0; i < BLOCKS; i++)
    if (i % 7 != 0) MIR_free (alloc, live[i]);
  (void) MIR_heap_trim (0);
  for (int i = 0; i < BLOCKS; i += 7)
    if (live[i] != NULL && !is_whole (live[i], BLOCK, (unsigned char) (i & 127))) return 4;
  for (int i = 0; i < BLOCKS; i += 7) MIR_free (alloc, live[i]);
  return 0;
}

/* The status is 100 more if the call that was to be refused was never made.  */
static int run (void) {
  calls = refused = 0;
  int res = use (MIR_default_alloc ());
  refusal.at = 0;
  if (res != 0) return res;
  res = use (MIR_default_alloc ()); /* as if nothing had been: what is refused once works later */
  if (res != 0) return 10 + res;
  for (int i = 0; i < 100; i++)
    if ((live[i] = (unsigned char *) MIR_malloc (MIR_default_alloc (), BLOCK)) == NULL) return 20;
  return refused == 0 ? 100 : 0;
}

static void refuse (int forever, int half) {
  long n = 0;
  int end_status;
  do {
    n +=
        n < (long) tap_scaled (25) ? 1 : 1 + (long) (tap_random () % (1000 / tap_scaled (100) + 1));
    refusal.at = n;
    refusal.forever = forever;
    refusal.half = half;
    fflush (stdout);
    struct child_end end = run_child (run, NULL, 0);
    end_status = end.status;
    refusal.at = 0;
    if (end.signal != 0 || (end_status != 0 && end_status != 100))
      tap_note ("call %ld: status %d, signal %d", n, end.status, end.signal);
    CHECK_INT (end.signal, 0);
    CHECK (end_status == 0 || end_status == 100);
  } while (end_status == 0 && n < 250);
  CHECK (n > (HAS_SUPPLY ? 10 : 1)); /* by itself mimalloc calls less often */
  tap_note ("%ld calls", n);
}

static void any_call_may_be_refused_once (void) {
  refuse (0, 0);
}

static void any_call_may_be_refused_in_the_middle (void) {
  refuse (0, 1);
}

static void calls_may_be_refused_for_ever (void) {
  refuse (1, 0);
}

static int trim_while_another_forks (void) {
  MIR_alloc_t alloc = MIR_default_alloc ();
  enum { NUM = 50 };
  for (int i = 0; i < NUM; i++) {
    if ((live[i] = (unsigned char *) MIR_malloc (alloc, LARGE)) == NULL) return 1;
    memset (live[i], 99, LARGE);
  }
  for (int i = 0; i < NUM; i++) MIR_free (alloc, live[i]);
  forks_in_discard = 1;
  (void) MIR_heap_trim (0);
  return forks_in_discard == 0 ? 0 : 2;
}

/* fork(2) copies the heap while another thread is inside madvise(2), which waits for the fork.  */
static void a_child_does_not_believe_in_a_discard_that_was_not_done (void) {
  struct child_end end = run_child (trim_while_another_forks, NULL, 0);
  CHECK_INT (end.signal, 0);
  CHECK_INT (end.status, 0);
}

int main (void) {
  TEST_RUN (a_child_does_not_believe_in_a_discard_that_was_not_done);
  TEST_RUN (any_call_may_be_refused_once);
  TEST_RUN (any_call_may_be_refused_in_the_middle);
  TEST_RUN (calls_may_be_refused_for_ever);
  return tap_done ();
}
