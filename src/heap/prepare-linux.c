#define _GNU_SOURCE /* madvise */
#include "heap/prepare.h"

#include <mimalloc.h>
#include <stdatomic.h>
#include <stddef.h> /* size_t */
#include <stdint.h>
#include <sys/mman.h>

/* Huge pages, but not for small programs: with them from the beginning a small program pays for
   clearing megabytes that it never uses, without them a large one pays for tens of thousands of
   page faults.  So mimalloc gets the range now which it would reserve itself later, its first part
   is left to small pages, and for the rest the kernel is asked for huge ones (madvise(2),
   MADV_HUGEPAGE; docs/benchmarks.md has the figures).  All of it is readable and writable at once:
   were that granted piece by piece, few huge pages would fit between the ends of the pieces, and
   each piece would cost a system call.  Nothing here takes memory.  */
enum { SMALL_PAGES = 16 * 1024 * 1024 };

static const uint64_t RANGE = (uint64_t) 1
                              << 30; /* bytes, as mimalloc's own option arena_reserve */

void mir_heap_prepare (void) {
  static atomic_flag done = ATOMIC_FLAG_INIT;
  mi_arena_id_t id;
  size_t size = 0;
  if (RANGE > SIZE_MAX / 8 || atomic_flag_test_and_set_explicit (&done, memory_order_relaxed))
    return;
  if (mi_reserve_os_memory_ex ((size_t) RANGE, true, false, false, &id) != 0) return;
  char *start = (char *) mi_arena_area (id, &size);
  if (start == NULL || size <= SMALL_PAGES) return;
  (void) madvise (start + SMALL_PAGES, size - SMALL_PAGES, MADV_HUGEPAGE); /* a hint */
}
