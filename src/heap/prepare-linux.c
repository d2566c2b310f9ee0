/* Reserves the address space of the default heap, and requests huge pages for most of it.

   With huge pages from the start, a small program pays for clearing megabytes that it never uses;
   without them, a large program pays for tens of thousands of page faults.  So mimalloc gets now
   the range that it would later reserve itself; the first part of it keeps small pages, and the
   kernel is asked for huge pages in the rest (madvise(2), MADV_HUGEPAGE; docs/benchmarks.md has the
   figures).  The whole range is made accessible at once: if mimalloc committed it in steps, few
   huge pages would fit between the ends of the steps, and each step would cost a system call.
   Nothing here uses physical memory.  */
#define _GNU_SOURCE /* madvise */
#include "heap/prepare.h"

#include <mimalloc.h>
#include <stdatomic.h>
#include <stddef.h> /* size_t */
#include <stdint.h>
#include <sys/mman.h>

enum { SMALL_PAGES = 16 * 1024 * 1024 }; /* bytes */

/* Bytes, as mimalloc's own option arena_reserve.  */
static const uint64_t RANGE = (uint64_t) 1 << 30;

void mir_heap_prepare (void) {
  static atomic_flag done = ATOMIC_FLAG_INIT;
  mi_arena_id_t id; /* of the range, which mimalloc then owns */
  size_t size = 0;
  if (RANGE > SIZE_MAX / 8 || atomic_flag_test_and_set_explicit (&done, memory_order_relaxed))
    return;
  if (mi_reserve_os_memory_ex ((size_t) RANGE, true, false, false, &id) != 0) return;
  char *start = (char *) mi_arena_area (id, &size);
  if (start == NULL || size <= SMALL_PAGES) return;
  (void) madvise (start + SMALL_PAGES, size - SMALL_PAGES, MADV_HUGEPAGE); /* a hint */
}
