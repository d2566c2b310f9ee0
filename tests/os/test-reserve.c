/* Reserved address space: at the requested place, without memory, and released.  Linux.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os/os.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
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
  int local = 0; /* clang 22 warns of the address of what has no value */
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
  CHECK_PTR (mir_os_reserve (SIZE_MAX / 16 * 15 & ~(size_t) (UNIT - 1), NULL, 0), NULL);
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

/*---------------- Holes -----------------------------*/

/* A neighbourhood in which all is taken but the holes that a test makes.  */
enum { HOOD = 256 * MIB };
static uint8_t *hood, *hood_middle;
static const size_t hood_reach = HOOD / 2; /* less than what is taken around the middle */

static void *take (void *at, size_t len) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at == NULL ? 0 : MAP_FIXED);
  return mmap (at, len, PROT_NONE, flags, -1, 0);
}

static void make_hood (void) {
  void *start = take (NULL, HOOD);
  if (start == MAP_FAILED) tap_skip ("no 256 MiB of address space");
  hood = (uint8_t *) start;
  hood_middle = hood + HOOD / 2;
}

/* Whether the system tells what is mapped: qemu-user for a CPU of 32 bits does not list memory
   without access.  Then holes are found too, but not in order.  */
static int mappings_are_told (void) {
  char line[512];
  unsigned long start, bound, middle = (unsigned long) (uintptr_t) hood_middle;
  int found_middle = 0;
  FILE *maps = fopen ("/proc/self/maps", "re");
  if (maps == NULL) return 0;
  while (fgets (line, sizeof (line), maps) != NULL)
    if (sscanf (line, "%lx-%lx", &start, &bound) == 2 && start <= middle && middle < bound)
      found_middle = 1;
  fclose (maps);
  return found_middle;
}

/* Holes at any page, as long as the range, or up to 20 pages longer, or a page too short.  */
static void check_holes (size_t rounds) {
  const size_t page = mir_os_page_size ();
  for (size_t i = 0; i < rounds; i++) {
    size_t len = lens[tap_random () % 3];
    size_t offset = (1 + tap_random () % ((HOOD - len - 22 * page) / page)) * page;
    size_t more = tap_random () % 21 * page;
    uint8_t *hole = hood + offset;
    munmap (hole, len + more);
    uint8_t *range = (uint8_t *) mir_os_reserve (len, hood_middle, hood_reach);
    if (range < hole || range + len > hole + len + more)
      tap_note ("%zu KiB, hole of %zu KiB at %+td KiB: %p", len / 1024, (len + more) / 1024,
                (hole - hood_middle) / 1024, (void *) range);
    REQUIRE (range >= hole && range + len <= hole + len + more);
    mir_os_unreserve (range, len);
    REQUIRE (take (hole, len + more) == hole);
    if (len == page) continue;
    munmap (hole, len - page);
    CHECK_PTR (mir_os_reserve (len, hood_middle, hood_reach), NULL);
    REQUIRE (take (hole, len - page) == hole);
  }
}

static void every_hole_is_found (void) {
  make_hood ();
  check_holes (tap_scaled (200));
  munmap (hood, HOOD);
}

/* Without /proc, which cannot be opened when there are no descriptors.  */
static void every_hole_is_found_by_asking (void) {
  struct rlimit limit, none;
  make_hood ();
  REQUIRE (getrlimit (RLIMIT_NOFILE, &limit) == 0);
  none = limit;
  none.rlim_cur = 0;
  if (setrlimit (RLIMIT_NOFILE, &none) != 0) tap_skip ("the limit of descriptors cannot be set");
  check_holes (tap_scaled (50));
  (void) setrlimit (RLIMIT_NOFILE, &limit);
  munmap (hood, HOOD);
}

static void the_nearest_hole_is_taken_first (void) {
  static const int steps[] = {-5, 3, -2, 7, 11, -13}; /* of 4 MiB from the middle */
  static const int order[] = {-2, 3, -5, 7, 11, -13};
  enum { HOLES = sizeof (steps) / sizeof (steps[0]), STEP = 4 * MIB };
  uint8_t *ranges[HOLES];
  make_hood ();
  if (!mappings_are_told ()) {
    munmap (hood, HOOD);
    tap_skip ("this system does not tell what is mapped");
  }
  for (int i = 0; i < HOLES; i++) munmap (hood_middle + steps[i] * STEP, 2 * MIB);
  for (int i = 0; i < HOLES; i++) {
    ranges[i] = (uint8_t *) mir_os_reserve (2 * MIB, hood_middle, hood_reach);
    CHECK_PTR (ranges[i], hood_middle + order[i] * STEP);
  }
  CHECK_PTR (mir_os_reserve (2 * MIB, hood_middle, hood_reach), NULL);
  for (int i = 0; i < HOLES; i++)
    if (ranges[i] != NULL) mir_os_unreserve (ranges[i], 2 * MIB);
  munmap (hood, HOOD);
}

/* More holes than one look at the mappings remembers, most of them too small, and then all used.  */
static void many_holes_hide_none (void) {
  enum { HOLES = 200, STEP = MIB };
  uint8_t *start;
  make_hood ();
  start = hood_middle - HOLES / 2 * STEP;
  for (int i = 0; i < HOLES; i++) munmap (start + i * STEP, i == 150 ? 2 * UNIT : UNIT);
  uint8_t *range = (uint8_t *) mir_os_reserve (2 * UNIT, hood_middle, hood_reach);
  REQUIRE (range == start + 150 * STEP);
  mir_os_unreserve (range, 2 * UNIT);
  int taken = 0;
  while (taken <= HOLES && mir_os_reserve (UNIT, hood_middle, hood_reach) != NULL) taken++;
  tap_note ("%d of %d holes", taken, HOLES + 1);
  CHECK (taken > HOLES - 10); /* a sanitizer or an emulator may have taken some */
  CHECK_PTR (mir_os_reserve (UNIT, hood_middle, hood_reach), NULL);
  munmap (hood, HOOD);
}

enum { THREADS = 4, THREAD_HOLES = 6 };
static atomic_int found, overlaps;

/* Reserve, mark as owned, check and release.  */
static void *use_holes (void *arg) {
  size_t rounds = tap_scaled (500);
  for (size_t i = 0; i < rounds; i++) {
    volatile int *range = (volatile int *) mir_os_reserve (UNIT, hood_middle, hood_reach);
    if (range == NULL) continue;
    atomic_fetch_add (&found, 1);
    if (mir_os_commit_data ((void *) (uintptr_t) range, UNIT) == 0) {
      if (*range != 0) atomic_fetch_add (&overlaps, 1);
      *range = *(const int *) arg;
      if (*range != *(const int *) arg) atomic_fetch_add (&overlaps, 1);
    }
    mir_os_unreserve ((void *) (uintptr_t) range, UNIT);
  }
  return NULL;
}

static void threads_take_different_holes (void) {
  pthread_t threads[THREADS];
  int ids[THREADS];
  make_hood ();
  for (int i = 0; i < THREAD_HOLES; i++) munmap (hood_middle + (3 * i - 7) * MIB, UNIT);
  for (int i = 0; i < THREADS; i++) {
    ids[i] = i + 1;
    REQUIRE (pthread_create (&threads[i], NULL, use_holes, &ids[i]) == 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join (threads[i], NULL);
  tap_note ("%d of %zu found", (int) found, THREADS * tap_scaled (500));
  CHECK (found > 0);
  CHECK_INT (overlaps, 0); /* the neighbourhood stays: what is in the holes now may be others' */
}

/* A range so close below the stack would end its growth, and with it the program.  */
static void the_stack_keeps_its_room (void) {
  struct rlimit limit;
  /* AddressSanitizer may have local variables elsewhere.  */
  uint8_t *frame = (uint8_t *) __builtin_frame_address (0);
  REQUIRE (getrlimit (RLIMIT_STACK, &limit) == 0);
  if (RUNNING_ON_VALGRIND) tap_skip ("valgrind asserts that no hint lies above its stack");
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < 7 * MIB) tap_skip ("a small stack");
  uint8_t *range = (uint8_t *) mir_os_reserve (UNIT, frame, 4 * MIB);
  tap_note ("%p near the stack at %p", (void *) range, (void *) frame);
  CHECK (range == NULL || range > frame);
  if (range != NULL) mir_os_unreserve (range, UNIT);
}

/*---------------- Memory -----------------------------*/

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
  TEST_RUN (every_hole_is_found);
  TEST_RUN (every_hole_is_found_by_asking);
  TEST_RUN (the_nearest_hole_is_taken_first);
  TEST_RUN (many_holes_hide_none);
  TEST_RUN (threads_take_different_holes);
  TEST_RUN (the_stack_keeps_its_room);
  TEST_RUN (data_can_be_committed);
  TEST_RUN (a_range_costs_no_memory);
  TEST_RUN (the_clock_goes_forward);
  return tap_done ();
}
