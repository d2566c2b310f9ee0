/* POSIX: reserves address space as inaccessible mappings.  os.h and reserve.h have the
   contracts.  */
#define _GNU_SOURCE /* MAP_ANONYMOUS, mincore, madvise */
#include "os/reserve.h"

#include <sys/mman.h>

#include "os/os.h"

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

/* Core files have memory.  gdb's gcore also writes what is only reserved, as zeros, unless it is
   told not to (findings/gcore-untouched.sh).  A hint.  */
#ifdef MADV_DONTDUMP
static void set_dumped (void *start, size_t len, int dumped) {
  int error = mir_os_error ();
  (void) madvise (start, len, dumped ? MADV_DODUMP : MADV_DONTDUMP);
  mir_os_set_error (error);
}
#else
static void set_dumped (void *start, size_t len, int dumped) {
  (void) start, (void) len, (void) dumped;
}
#endif

size_t mir_os_reserve_unit (void) {
  return mir_os_page_size ();
}

void *mir_os_reserve_at (void *hint, size_t len) {
  /* Not MAP_FIXED_NOREPLACE: ThreadSanitizer replaces addresses that it dislikes by 0.  */
  void *start = mmap (hint, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return NULL;
  set_dumped (start, len, 0);
  return start;
}

enum { TRIES_TO_RELEASE = 3 }; /* a refusal may be transient, a leak is not */

/* Fails if anything in the range is sealed (mseal(2)); then the range stays reserved.  */
void mir_os_unreserve (void *start, size_t len) {
  for (int i = 0; i < TRIES_TO_RELEASE; i++)
    if (munmap (start, len) == 0) return;
}

int mir_os_commit_data (void *start, size_t len) {
  if (mprotect (start, len, PROT_READ | PROT_WRITE) != 0) return -1;
  set_dumped (start, len, 1);
  return 0;
}

/* ENOMEM is the answer for pages that are not there (mincore(2)).  msync would tell as much, but
   valgrind reports it as an access to them.  */
int mir_os_is_taken (void *start) {
  unsigned char state;
  void *states = &state; /* to BSD these are plain char */
  return mincore (start, mir_os_page_size (), states) == 0;
}
