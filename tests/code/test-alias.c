/* The alias of each dual mapping: where it is, who can open it, and what a core file and a large
   page make of it.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/backend-fixture.h"

#include <errno.h>
#include <sys/mman.h>

#include "support/child.h"
#include "support/maps.h"
#include "support/restrictions.h"

/* Leave the test if the pages have no alias.  */
static void start_alias (size_t pages_num) {
  start (pages_num);
  if (pages.rw != NULL) return;
  finish ();
  tap_skip ("%s: no alias", backend->name);
}

/*---------------- Where it is -----------------------------*/

enum { MANY = 32 };

/* Whether the system puts mappings where it is asked to: ThreadSanitizer does as a rule not.  */
static int takes_hints (void) {
  size_t page = mir_os_page_size ();
  int taken = 0;
  if (sizeof (void *) < 8) return 0;
  for (int i = 1; i <= MANY; i++) {
    void *hint = (void *) ((uintptr_t) &page / (MANY + 1) * (unsigned) i & ~(page - 1));
    void *start = mmap (hint, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    taken += start == hint;
    if (start != MAP_FAILED) munmap (start, page);
  }
  return taken > MANY / 2;
}

/* The number of distances which no mapping before has had.  */
static int different_distances (const struct mir_pages *mapped) {
  int different = 0;
  for (int i = 0, j; i < MANY; i++) {
    for (j = 0; j < i; j++)
      if (mapped[i].rw - mapped[i].rx == mapped[j].rw - mapped[j].rx) break;
    different += j == i;
  }
  return different;
}

/* Half of them at least: a checker's or an emulator's own mappings may be in the way.  */
static void the_alias_is_at_no_fixed_distance (void) {
  static struct mir_pages mapped[MANY];
  size_t len = 16 * mir_os_page_size ();
  start_alias (1);
  finish ();
  if (level == MIR_CODE_SEALED) tap_skip ("as for the other levels, and it stays mapped");
  if (!takes_hints ()) tap_skip ("mappings are not where they are asked to be");
  for (int i = 0; i < MANY; i++) map_at (&mapped[i], len, NULL);
  CHECK (different_distances (mapped) > MANY / 2);
  for (int i = 0; i < MANY; i++) {
    REQUIRE (put_in (&mapped[i], 0, (unsigned) i) == MIR_CODE_OK);
    CHECK_INT (code_call (mapped[i].rx), i);
  }
  for (int i = 0; i < MANY; i++) CHECK_INT (backend->unmap (&mapped[i]), 0);
}

static void the_alias_is_outside_of_a_range (void) {
  static struct mir_pages mapped[MANY];
  size_t len = 64 * 1024, all = MANY * len;
  start_alias (1);
  finish ();
  if (!backend->reservable || level == MIR_CODE_SEALED) tap_skip ("%s: stays", backend->name);
  uint8_t *range = (uint8_t *) mir_os_reserve (all, NULL, 0);
  REQUIRE (range != NULL);
  for (size_t i = 0; i < MANY; i++) {
    map_at (&mapped[i], len, range + i * len);
    CHECK_PTR (mapped[i].rx, range + i * len);
    CHECK (mapped[i].rw + len <= range || mapped[i].rw >= range + all);
  }
  if (takes_hints ()) CHECK (different_distances (mapped) > MANY / 2);
  for (size_t i = 0; i < MANY; i++) CHECK_INT (backend->unmap (&mapped[i]), 0);
  mir_os_unreserve (range, all);
}

/*---------------- How it is opened -----------------------------*/

/* In a child without room for another mapping: the part of the alias with the function would need
   one.  */
static int change_without_mappings (void) {
  char access[5];
  unsigned page = (unsigned) mir_os_page_size ();
  if (refuse_call_with (ENOMEM, __NR_mprotect, 1, page) != 0) return NOT_HERE;
  if (mprotect (pages.rw, page, PROT_NONE) == 0) return NOT_HERE;
  for (unsigned i = 2; i < 5; i++) {
    if (put (0, i) != MIR_CODE_OK) return (int) i;
    if (call (0) != i) return 5;
    access_of (pages.rw, access);
    if (access[1] == 'w') return 6;
  }
  if (backend->populate != NULL && backend->populate (&pages, pages.rx + page, page) != MIR_CODE_OK)
    return 7;
  access_of (pages.rw, access);
  return access[1] == 'w' ? 8 : PASSED;
}

static void a_closed_alias_opens_at_the_limit_of_mappings (void) {
  start_alias (4);
  if (level != MIR_CODE_CLOSED_ALIAS) {
    finish ();
    tap_skip ("always open");
  }
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  check_passes_in_child (change_without_mappings, "no seccomp here, or an emulator");
  finish ();
}

/*---------------- What the system makes of it -----------------------------*/

/* Set FLAGS to the VmFlags of the mapping of ADDR (proc(5), smaps).  Returns 0, or -1 where there
   are none.  */
static int flags_of (const void *addr, char flags[200]) {
  FILE *maps = fopen ("/proc/self/smaps", "r");
  char line[512], access[5];
  unsigned long from, bound;
  int here = 0, found = -1;
  if (maps == NULL) return -1;
  while (found != 0 && fgets (line, sizeof (line), maps) != NULL) {
    if (sscanf (line, "%lx-%lx %4s", &from, &bound, access) == 3)
      here = from <= (uintptr_t) addr && (uintptr_t) addr < bound;
    else if (here && strncmp (line, "VmFlags:", 8) == 0)
      found = snprintf (flags, 200, "%s", line + 8) > 0 ? 0 : -1;
  }
  fclose (maps);
  return found;
}

static void core_files_have_code_once (void) {
  char rx[200], rw[200];
  start_alias (4);
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  int known = flags_of (pages.rx, rx) == 0 && flags_of (pages.rw, rw) == 0;
  finish ();
  if (!known) tap_skip ("no VmFlags in /proc/self/smaps");
  CHECK (strstr (rx, " dd") == NULL);
  CHECK (strstr (rw, " dd") != NULL);
}

/* The memory comes by page faults of the alias.  */
static void the_alias_gets_no_huge_pages (void) {
  char rw[200];
  start_alias (4);
  int known = flags_of (pages.rw, rw) == 0;
  int refused = madvise (pages.rw, pages.len, MADV_NOHUGEPAGE) != 0 && errno == EINVAL;
  finish ();
  if (!known || refused) tap_skip ("no VmFlags in /proc/self/smaps, or no huge pages");
  CHECK (strstr (rw, " nh") != NULL);
}

int main (void) {
  RUN_FOR_ALL (the_alias_is_at_no_fixed_distance);
  RUN_FOR_ALL (the_alias_is_outside_of_a_range);
  RUN_FOR_ALL (a_closed_alias_opens_at_the_limit_of_mappings);
  RUN_FOR_ALL (core_files_have_code_once);
  RUN_FOR_ALL (the_alias_gets_no_huge_pages);
  return tap_done ();
}
