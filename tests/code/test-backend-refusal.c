/* Refusals by the system: a back end reports an error, and everything is as it was.  Restrictions
   last for the life of a process, hence the children.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/backend-fixture.h"

#include <errno.h>
#include <sys/mman.h>

#include "support/child.h"
#include "support/restrictions.h"

static const char no_restriction_here[] = "the system does not have the restriction";

/* Change a function which returns 1: it returns 2, or there is an error and it returns 1.  */
static int change_or_keep (void) {
  errno = 0;
  MIR_code_status_t status = put (0, 2);
  if (status == MIR_CODE_OK) return call (0) == 2 ? PASSED : 2;
  if (status != MIR_CODE_WRITE_REFUSED || errno == 0) return 3;
  return call (0) == 1 ? PASSED : 4;
}

static int write_without_address_space (void) {
  if (refuse_address_space () != 0) return NOT_HERE;
  if (backend->make_private != NULL) {
    uint8_t *rw = pages.rw;
    if (backend->make_private (&pages, 64, all_backed) != MIR_CODE_WRITE_REFUSED || errno == 0)
      return 5;
    if (pages.rw != rw || call (0) != 1) return 6;
  }
  return change_or_keep ();
}

static int write_without_descriptors (void) {
  return no_descriptors () != 0 ? NOT_HERE : change_or_keep ();
}

static int write_under_mdwe_and_seccomp (void) {
  return mdwe_and_seccomp () != 0 ? NOT_HERE : change_or_keep ();
}

static void run_mapped (int (*func) (void)) {
  start (2);
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  check_passes_in_child (func, no_restriction_here);
  if (backend->make_private == NULL) CHECK_INT (call (0), 1); /* else the child shares it */
  finish ();
}

static void refused_address_space_changes_nothing (void) {
  run_mapped (write_without_address_space);
}
static void refused_descriptors_change_nothing (void) {
  run_mapped (write_without_descriptors);
}
static void refused_execution_changes_nothing (void) {
  run_mapped (write_under_mdwe_and_seccomp);
}

static uint8_t *range;
enum { UNIT = 64 * 1024 };

/* A map which needs no new addresses may still succeed, at its place.  */
static int map_without_address_space (void) {
  unsigned char resident[UNIT / 4096];
  if (refuse_address_space () != 0) return NOT_HERE;
  pages.level = level;
  errno = 0;
  if (backend->map (&pages, UNIT, NULL) == MIR_CODE_OK) return NOT_HERE; /* an emulator's limit */
  if (errno == 0) return 2;
  errno = 0;
  MIR_code_status_t status = backend->map (&pages, UNIT, range + UNIT);
  if (status == MIR_CODE_OK) return pages.rx == range + UNIT ? PASSED : 3;
  if (status != MIR_CODE_MAP_REFUSED || errno == 0) return 4;
  return mincore (range + UNIT, UNIT, resident) == 0 ? PASSED : 5; /* something is mapped */
}

static void a_refused_place_is_still_reserved (void) {
  skip_unless_it_works ();
  range = (uint8_t *) mir_os_reserve (4 * UNIT, NULL, 0);
  REQUIRE (range != NULL);
  check_passes_in_child (map_without_address_space, no_restriction_here);
  mir_os_unreserve (range, 4 * UNIT);
}

int main (void) {
  RUN_FOR_ALL (refused_address_space_changes_nothing);
  RUN_FOR_ALL (refused_descriptors_change_nothing);
  RUN_FOR_ALL (refused_execution_changes_nothing);
  RUN_FOR_ALL (a_refused_place_is_still_reserved);
  return tap_done ();
}
