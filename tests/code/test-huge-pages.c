/* Code on huge pages.  Linux; what the kernel maps is seen where it has huge pages for this.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/types.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "code/space-fixture.h"
#include "support/restrictions.h"

enum {
  LEN = 16 * 1024, /* of a function */
  MANY = 640,      /* functions: 10 MiB, of which about 2 come before the first huge page */
  ADVICE_COLLAPSE = 25
};

static uint8_t *funcs[MANY];

static void set_huge (unsigned backends, MIR_code_protection_t level) {
  set_defaults ();
  options.backends = backends;
  options.protection = level;
  options.huge_pages = 1;
}

static void publish_many (void) {
  for (unsigned i = 0; i < MANY; i++) REQUIRE (publish_long (i, LEN, &funcs[i]) == MIR_CODE_OK);
}

static unsigned wrong_ones (void) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < MANY; i++) wrong += funcs[i] != NULL && code_call (funcs[i]) != i;
  return wrong;
}

/*---------------- What is mapped -----------------------------*/

/* The KiB of huge pages in the mapping of ADDR (proc(5), smaps).  */
static long huge_kib_at (const void *addr) {
  FILE *maps = fopen ("/proc/self/smaps", "r");
  char line[512], access[5];
  unsigned long from, bound;
  long kib, sum = 0;
  int here = 0;
  if (maps == NULL) return 0;
  while (fgets (line, sizeof (line), maps) != NULL) {
    if (sscanf (line, "%lx-%lx %4s", &from, &bound, access) == 3)
      here = from <= (uintptr_t) addr && (uintptr_t) addr < bound;
    else if (here
             && (sscanf (line, "AnonHugePages: %ld", &kib) == 1
                 || sscanf (line, "ShmemPmdMapped: %ld", &kib) == 1
                 || sscanf (line, "FilePmdMapped: %ld", &kib) == 1))
      sum += kib;
  }
  fclose (maps);
  return sum;
}

/* Whether a mapping with FLAGS is where it is asked to be, and gets a huge page there.  */
static int kernel_can (int flags) {
  const int none = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, access = PROT_READ | PROT_WRITE;
  uint8_t *hole = (uint8_t *) mmap (NULL, 2 * (size_t) MIR_HUGE_PAGE, PROT_NONE, none, -1, 0);
  if (hole == MAP_FAILED) return 0;
  munmap (hole, 2 * (size_t) MIR_HUGE_PAGE);
  hole += (0 - (uintptr_t) hole) % MIR_HUGE_PAGE;
  uint8_t *start = (uint8_t *) mmap (hole, MIR_HUGE_PAGE, access, flags | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return 0;
  *start = 1;
  int can = start == hole && madvise (start, MIR_HUGE_PAGE, ADVICE_COLLAPSE) == 0
            && huge_kib_at (start) == MIR_HUGE_PAGE / 1024;
  munmap (start, MIR_HUGE_PAGE);
  return can;
}

/* The slabs of the space with a huge page as far as the library knows.  */
static size_t huge_slabs (void) {
  size_t n = 0;
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
    for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next)
      n += slab->pages.huge != 0;
  return n;
}

/* All of these are mapped by huge pages, at both addresses.  */
static void check_slabs (void) {
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
    for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next) {
      const struct mir_pages *mapped = &slab->pages;
      if (!mapped->huge) continue;
      CHECK_INT (mapped->len, MIR_HUGE_PAGE);
      CHECK_INT ((uintptr_t) mapped->rx % MIR_HUGE_PAGE, 0);
      CHECK (huge_kib_at (mapped->rx) >= MIR_HUGE_PAGE / 1024); /* more if mappings have merged */
      CHECK_INT (mir_backed_next (slab->backed, 0, mapped->len, 0), mapped->len);
      /* A closed alias may have lost it: its parts have different protections at times.  */
      if (mapped->rw != NULL && mapped->level != MIR_CODE_CLOSED_ALIAS
          && (uintptr_t) mapped->rw % MIR_HUGE_PAGE == 0 && slab->granules.top != 0)
        CHECK (huge_kib_at (mapped->rw) >= MIR_HUGE_PAGE / 1024);
    }
}

static void check_huge (unsigned bit, MIR_code_protection_t level, size_t reserve) {
  set_huge (bit, level);
  options.reserve = reserve;
  start_with_options ();
  publish_many ();
  CHECK_INT (wrong_ones (), 0);
  if (mir_os_page_size () == 4096) {
    CHECK (huge_slabs () >= 3);
    if (!kernel_can (bit == MIR_CODE_RWX ? MAP_PRIVATE : MAP_SHARED))
      tap_note ("no huge pages here");
    else
      check_slabs ();
  }
  finish ();
}

enum { RANGE = 16 * 1024 * 1024 };
#define HUGE_TEST(NAME, BIT, LEVEL)                   \
  static void NAME##_has_huge_pages (void) {          \
    check_huge (BIT, LEVEL, 0);                       \
  }                                                   \
  static void NAME##_has_huge_pages_in_range (void) { \
    check_huge (BIT, LEVEL, RANGE);                   \
  }
HUGE_TEST (anon, MIR_CODE_ANON, MIR_CODE_OPEN_ALIAS)
HUGE_TEST (closed_anon, MIR_CODE_ANON, MIR_CODE_CLOSED_ALIAS)
HUGE_TEST (sealed_anon, MIR_CODE_ANON, MIR_CODE_SEALED)
HUGE_TEST (memfd, MIR_CODE_MEMFD, MIR_CODE_OPEN_ALIAS)
HUGE_TEST (closed_memfd, MIR_CODE_MEMFD, MIR_CODE_CLOSED_ALIAS)
HUGE_TEST (sealed_memfd, MIR_CODE_MEMFD, MIR_CODE_SEALED)
HUGE_TEST (rwx, MIR_CODE_RWX, MIR_CODE_OPEN_ALIAS)

/*---------------- How much -----------------------------*/

/* Such a range begins where there is room.  */
static void code_near_an_address_is_aligned (void) {
  set_huge (0, MIR_CODE_OPEN_ALIAS);
  options.reserve = RANGE;
  options.near_addr = funcs;
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status != MIR_CODE_OK) tap_skip ("%s", MIR_code_status_text (status));
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  publish_many ();
  CHECK_INT (wrong_ones (), 0);
  if ((uintptr_t) space->range.start % MIR_RANGE_UNIT == 0)
    for (struct mir_slab *slab = mir_pool_next (&space->first)->slabs; slab != NULL;
         slab = slab->next)
      if (slab->pages.huge) CHECK_INT ((uintptr_t) slab->pages.rx % MIR_HUGE_PAGE, 0);
  finish ();
}

static void a_small_space_stays_small (void) {
  uint8_t *func;
  set_huge (0, MIR_CODE_OPEN_ALIAS);
  start_with_options ();
  REQUIRE (publish (1) != NULL);
  CHECK_INT (stats ().mapped_bytes, 64 * 1024);
  for (int i = 0; i < 60; i++) REQUIRE (publish_long (2, LEN, &func) == MIR_CODE_OK);
  CHECK (stats ().mapped_bytes < MIR_HUGE_PAGE);
  CHECK_INT (huge_slabs (), 0);
  finish ();
}

static void limits_hold (void) {
  set_huge (0, MIR_CODE_OPEN_ALIAS);
  options.max_bytes = 7 * 1024 * 1024;
  start_with_options ();
  CHECK (fill_up (LEN, MIR_CODE_LIMIT) > 400);
  CHECK (stats ().peak_mapped_bytes <= options.max_bytes);
  finish ();
  set_huge (0, MIR_CODE_OPEN_ALIAS);
  options.reserve = 5 * 1024 * 1024;
  start_with_options ();
  CHECK (fill_up (2000, MIR_CODE_LIMIT) > 2400);
  finish ();
}

static void trimmed_code_is_published_again (void) {
  set_huge (0, MIR_CODE_OPEN_ALIAS);
  start_with_options ();
  publish_many ();
  for (unsigned i = 0; i < MANY; i++) {
    if (i % 8 == 0) continue;
    REQUIRE (MIR_code_free_now (space, funcs[i]) == MIR_CODE_OK);
    funcs[i] = NULL;
  }
  size_t trimmed = MIR_code_trim (space);
  if (space->backend->discard != NULL) CHECK (trimmed > (size_t) MANY / 2 * LEN);
  CHECK_INT (wrong_ones (), 0);
  CHECK_INT (MIR_code_trim (space), 0);
  for (unsigned i = 0; i < MANY; i++)
    if (funcs[i] == NULL) REQUIRE (publish_long (i, LEN, &funcs[i]) == MIR_CODE_OK);
  CHECK_INT (wrong_ones (), 0);
  finish ();
}

/*---------------- Where there are none -----------------------------*/

static void other_back_ends_ignore_the_option (void) {
  static const unsigned bits[] = {MIR_CODE_TMPFILE, MIR_CODE_PROCMEM, MIR_CODE_REMAP};
  for (size_t i = 0; i < sizeof (bits) / sizeof (bits[0]); i++) {
    set_huge (bits[i], MIR_CODE_OPEN_ALIAS);
    if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) continue;
    REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
    publish_many ();
    CHECK_INT (wrong_ones (), 0);
    CHECK_INT (huge_slabs (), 0);
    finish ();
  }
  set_huge (0, MIR_CODE_OPEN_ALIAS);
  probe_code_alloc_init (&pages);
  over_pages = 1;
  options.code_alloc = &pages.alloc;
  start_with_options ();
  CHECK (publish (1) != NULL);
  CHECK_INT (huge_slabs (), 0);
  finish ();
}

static unsigned answer; /* to the advice: an error, or 0 from an emulator, which does nothing */

static int publish_without_huge_pages (void) {
  if (answer_advice (ADVICE_COLLAPSE, answer) != 0) return NOT_HERE;
  start_with_options ();
  publish_many ();
  for (unsigned i = 0; i < MANY; i += 2)
    if (MIR_code_free_now (space, funcs[i]) != MIR_CODE_OK) return 2;
  (void) MIR_code_trim (space);
  for (unsigned i = 0; i < MANY; i += 2)
    if (publish_long (i, LEN, &funcs[i]) != MIR_CODE_OK) return 3;
  for (struct mir_slab *slab = mir_pool_next (&space->first)->slabs; slab != NULL;
       slab = slab->next)
    if (huge_kib_at (slab->pages.rx) != 0) return 4;
  return wrong_ones () == 0 && mir_space_check (space) ? PASSED : 5;
}

static void a_refusal_is_harmless (void) {
  static const unsigned answers[] = {EINVAL, EPERM, ENOMEM, EAGAIN, 0};
  static const unsigned bits[] = {MIR_CODE_ANON, MIR_CODE_MEMFD};
  for (size_t i = 0; i < 2 * sizeof (answers) / sizeof (answers[0]); i++) {
    answer = answers[i / 2];
    set_huge (bits[i % 2], MIR_CODE_OPEN_ALIAS);
    if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) continue;
    MIR_code_space_finish (space);
    check_passes_in_child (publish_without_huge_pages, "no seccomp here, or an emulator");
  }
}

static void a_range_without_room_has_small_pages (void) {
  set_huge (0, MIR_CODE_OPEN_ALIAS);
  options.reserve = 64 * 1024;
  start_with_options ();
  CHECK (fill_up (200, MIR_CODE_LIMIT) > 200);
  CHECK_INT (huge_slabs (), 0);
  finish ();
}

/*---------------- Forks -----------------------------*/

static int change_in_child (void) {
  uint8_t bytes[CODE_LEN];
  if (wrong_ones () != 0) return 2;
  for (unsigned i = 0; i < MANY; i += 2) {
    code_returning (bytes, i + MANY);
    if (MIR_code_patch_stopped (space, funcs[i], bytes, CODE_LEN) != MIR_CODE_OK) return 3;
  }
  for (unsigned i = 1; i < MANY; i += 2)
    if (MIR_code_free_now (space, funcs[i]) != MIR_CODE_OK) return 4;
  (void) MIR_code_trim (space);
  for (unsigned i = 1; i < MANY; i += 2)
    if (publish_long (i + MANY, LEN, &funcs[i]) != MIR_CODE_OK) return 5;
  for (unsigned i = 0; i < MANY; i++)
    if (code_call (funcs[i]) != i + MANY) return 6;
  return mir_space_check (space) ? PASSED : 7;
}

static void parent_and_child_have_code_of_their_own (void) {
  set_huge (0, MIR_CODE_OPEN_ALIAS);
  start_with_options ();
  publish_many ();
  check_passes_in_child (change_in_child, "");
  CHECK_INT (wrong_ones (), 0);
  CHECK_INT (change_in_child (), PASSED);
  finish ();
}

int main (void) {
  TEST_RUN (anon_has_huge_pages);
  TEST_RUN (anon_has_huge_pages_in_range);
  TEST_RUN (closed_anon_has_huge_pages);
  TEST_RUN (closed_anon_has_huge_pages_in_range);
  TEST_RUN (sealed_anon_has_huge_pages);
  TEST_RUN (sealed_anon_has_huge_pages_in_range);
  TEST_RUN (memfd_has_huge_pages);
  TEST_RUN (memfd_has_huge_pages_in_range);
  TEST_RUN (closed_memfd_has_huge_pages);
  TEST_RUN (closed_memfd_has_huge_pages_in_range);
  TEST_RUN (sealed_memfd_has_huge_pages);
  TEST_RUN (sealed_memfd_has_huge_pages_in_range);
  TEST_RUN (rwx_has_huge_pages);
  TEST_RUN (rwx_has_huge_pages_in_range);
  TEST_RUN (code_near_an_address_is_aligned);
  TEST_RUN (a_small_space_stays_small);
  TEST_RUN (limits_hold);
  TEST_RUN (trimmed_code_is_published_again);
  TEST_RUN (other_back_ends_ignore_the_option);
  TEST_RUN (a_refusal_is_harmless);
  TEST_RUN (a_range_without_room_has_small_pages);
  TEST_RUN (parent_and_child_have_code_of_their_own);
  return tap_done ();
}
