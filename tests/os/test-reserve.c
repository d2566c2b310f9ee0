/* Reserved address space: at the requested place, without memory, and released.  Linux.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os/os.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "support/tap.h"

#ifdef __has_include
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

enum { UNIT = 64 * 1024, MIB = 1024 * 1024 };
static const size_t lens[] = {UNIT, MIB, 16 * MIB, 64 * MIB};
enum { LENS = sizeof (lens) / sizeof (lens[0]) };

static size_t distance (const void *one, const void *two) {
  uintptr_t a = (uintptr_t) one, b = (uintptr_t) two;
  return a < b ? b - a : a - b;
}

/* Whether the inaccessible page at ADDR is mapped.  /proc/self/maps would not tell: qemu-user omits
   pages next to its own pages with the same access, because the kernel shows both as one range.  */
static int is_mapped (void *addr) {
  return mprotect (addr, mir_os_page_size (), PROT_NONE) == 0;
}

static void check_near (const void *near_addr, size_t reach) {
  for (int i = 0; i < LENS; i++) {
    uint8_t *range = (uint8_t *) mir_os_reserve (lens[i], near_addr, reach);
    if (range == NULL) {
      tap_note ("no %zu KiB within %zu MiB of %p", lens[i] / 1024, reach / MIB, near_addr);
      continue;
    }
    CHECK_INT ((uintptr_t) range % mir_os_page_size (), 0);
    CHECK (distance (range, near_addr) < reach);
    CHECK (distance (range + lens[i] - 1, near_addr) < reach);
    CHECK (is_mapped (range) && is_mapped (range + lens[i] - mir_os_page_size ()));
    mir_os_unreserve (range, lens[i]);
  }
}

static void a_range_is_near_a_function (void) {
  void (*func) (void) = a_range_is_near_a_function;
  void *addr;
  memcpy (&addr, &func, sizeof (addr));
  uint8_t *range = (uint8_t *) mir_os_reserve (16 * MIB, addr, (size_t) 1 << 31);
  REQUIRE (range != NULL);
  tap_note ("%zu MiB from this function", distance (range, addr) / MIB);
  mir_os_unreserve (range, 16 * MIB);
  check_near (addr, (size_t) 1 << 31);
  check_near (addr, (size_t) 128 * MIB);
}

static void a_range_is_near_a_library_a_block_and_the_stack (void) {
  void *(*func) (size_t) = malloc;
  void *addr, *block = malloc (100);
  int local;
  memcpy (&addr, &func, sizeof (addr));
  check_near (addr, (size_t) 1 << 31);
  check_near (block, (size_t) 1 << 31);
  if (!RUNNING_ON_VALGRIND) /* valgrind asserts that no hint lies above its stack */
    check_near (&local, (size_t) 1 << 31);
  check_near (addr, (size_t) 32 * MIB);
  free (block);
}

static void the_ends_of_the_address_space_are_no_trouble (void) {
  if (RUNNING_ON_VALGRIND) tap_skip ("valgrind asserts that there are no such hints");
  check_near ((void *) (uintptr_t) 1, (size_t) 1 << 31);
  check_near ((void *) (uintptr_t) UNIT, (size_t) 1 << 31);
  check_near ((void *) (UINTPTR_MAX - 1), (size_t) 1 << 31);
  check_near ((void *) UINTPTR_MAX, SIZE_MAX);
  CHECK_PTR (mir_os_reserve (64 * MIB, &lens, 32 * MIB), NULL); /* longer than the reach */
  CHECK_PTR (mir_os_reserve (UNIT, &lens, 0), NULL);
  CHECK_PTR (mir_os_reserve (SIZE_MAX / 2 & ~(size_t) (UNIT - 1), NULL, 0), NULL);
}

/* Reserve ranges until none is left within reach: then the result is NULL, not a distant range.  */
static void a_full_neighbourhood_gives_nothing (void) {
  enum { MAX_RANGES = 1000, LEN = 4 * MIB };
  static uint8_t *ranges[MAX_RANGES];
  const size_t reach = 64 * MIB;
  uint8_t *middle = (uint8_t *) mir_os_reserve (LEN, NULL, 0);
  int n = 0;
  REQUIRE (middle != NULL);
  while (n < MAX_RANGES && (ranges[n] = (uint8_t *) mir_os_reserve (LEN, middle, reach)) != NULL) {
    CHECK (distance (ranges[n], middle) < reach && distance (ranges[n] + LEN - 1, middle) < reach);
    n++;
  }
  tap_note ("%d ranges of 4 MiB within 64 MiB", n);
  CHECK (n <= 32);
  for (int i = 0; i < n; i++) mir_os_unreserve (ranges[i], LEN);
  mir_os_unreserve (middle, LEN);
}

static void data_can_be_committed (void) {
  uint8_t *range = (uint8_t *) mir_os_reserve (16 * UNIT, NULL, 0), sum = 0;
  REQUIRE (range != NULL);
  REQUIRE (mir_os_commit_data (range + UNIT, UNIT) == 0);
  REQUIRE (mir_os_commit_data (range + 4 * UNIT, 2 * UNIT) == 0);
  for (size_t i = 0; i < UNIT; i++) sum |= range[UNIT + i] | range[5 * UNIT + i];
  CHECK_INT (sum, 0);
  memset (range + 4 * UNIT, 1, 2 * UNIT);
  CHECK_INT (range[6 * UNIT - 1], 1);
  mir_os_unreserve (range, 16 * UNIT);
  CHECK (!is_mapped (range + 4 * UNIT));
}

static void a_range_costs_no_memory (void) {
  const size_t len = (size_t) 8192 * MIB;
  uint8_t *range = (uint8_t *) mir_os_reserve (len, NULL, 0);
  if (range == NULL) tap_skip ("no 8 GiB of address space");
  unsigned char resident = 0;
  if (mincore (range + len / 2, mir_os_page_size (), &resident) == 0) CHECK_INT (resident & 1, 0);
  mir_os_unreserve (range, len);
}

static void the_clock_goes_forward (void) {
  struct timespec pause = {0, 20 * 1000 * 1000};
  uint64_t before = mir_os_now ();
  nanosleep (&pause, NULL);
  uint64_t after = mir_os_now ();
  CHECK (after >= before + 15 && after < before + 60 * 1000);
}

int main (void) {
  TEST_RUN (a_range_is_near_a_function);
  TEST_RUN (a_range_is_near_a_library_a_block_and_the_stack);
  TEST_RUN (the_ends_of_the_address_space_are_no_trouble);
  TEST_RUN (a_full_neighbourhood_gives_nothing);
  TEST_RUN (data_can_be_committed);
  TEST_RUN (a_range_costs_no_memory);
  TEST_RUN (the_clock_goes_forward);
  return tap_done ();
}
