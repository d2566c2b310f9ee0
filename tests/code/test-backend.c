/* Each back end at each of its levels: code runs and can be changed, W^X holds, memory comes and
   goes.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/backend-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#include "support/child.h"
#include "support/maps.h"

enum { STRIDE = 512 }; /* bytes from function to function */

/*---------------- Writing -----------------------------*/

static void code_runs_and_can_be_changed (void) {
  start (4);
  CHECK_INT (pages.reserved, 0);
  CHECK (pages.system_calls > 0);
  for (size_t i = 0; i < pages.len; i += STRIDE) CHECK_INT (put (i, (unsigned) i), MIR_CODE_OK);
  for (size_t i = 0; i < pages.len; i += STRIDE) CHECK_INT (call (i), i);
  for (size_t i = 0; i < pages.len; i += 2 * STRIDE)
    CHECK_INT (put (i, (unsigned) i + 7), MIR_CODE_OK);
  for (size_t i = 0; i < pages.len; i += STRIDE)
    CHECK_INT (call (i), i % (2 * STRIDE) == 0 ? i + 7 : i);
  finish ();
}

/* An open span shows its old bytes, also across pages.  */
static void an_open_span_shows_what_is_there (void) {
  size_t page = mir_os_page_size (), len = page + 64;
  uint8_t *writable, sum = 0;
  start (3);
  size_t span = backend->unit == 0 ? 3 * page : len, first = backend->unit == 0 ? 0 : page - 32;
  REQUIRE (backend->open (&pages, pages.rx + first, span, &writable) == MIR_CODE_OK);
  for (size_t i = 0; i < span; i++) sum |= writable[i];
  CHECK_INT (sum, 0); /* pages come zeroed */
  memset (writable, 0x5a, span);
  REQUIRE (backend->close (&pages, pages.rx + first, span, writable) == MIR_CODE_OK);
  REQUIRE (backend->open (&pages, pages.rx + first, span, &writable) == MIR_CODE_OK);
  CHECK (writable[0] == 0x5a && writable[span - 1] == 0x5a);
  CHECK_INT (backend->close (&pages, pages.rx + first, span, writable), MIR_CODE_OK);
  CHECK (pages.rx[first] == 0x5a && pages.rx[first + span - 1] == 0x5a);
  finish ();
}

/* Not what the last change left alone: the first page is changed after the second one.  */
static void an_open_span_shows_what_was_written_before (void) {
  size_t page = mir_os_page_size ();
  uint8_t *writable;
  start (2);
  REQUIRE (put (page, 7) == MIR_CODE_OK && put (0, 1) == MIR_CODE_OK);
  size_t first = page, span = span_around (&pages, &first, CODE_LEN);
  REQUIRE (backend->open (&pages, pages.rx + first, span, &writable) == MIR_CODE_OK);
  CHECK (memcmp (writable, pages.rx + first, span) == 0);
  CHECK_INT (backend->close (&pages, pages.rx + first, span, writable), MIR_CODE_OK);
  CHECK_INT (call (page), 7);
  finish ();
}

static void two_spans_of_a_page_can_be_open (void) {
  uint8_t *one, *two;
  start (1);
  if (backend->unit == 0) {
    finish ();
    tap_skip ("%s: spans are whole pages", backend->name);
  }
  REQUIRE (backend->open (&pages, pages.rx, 64, &one) == MIR_CODE_OK);
  REQUIRE (backend->open (&pages, pages.rx + 64, 64, &two) == MIR_CODE_OK);
  code_returning (one, 1);
  CHECK_INT (backend->close (&pages, pages.rx, 64, one), MIR_CODE_OK);
  code_returning (two, 2);
  CHECK_INT (backend->close (&pages, pages.rx + 64, 64, two), MIR_CODE_OK);
  mir_os_clean_icache (pages.rx, pages.rx + 128);
  CHECK_INT (call (0), 1);
  CHECK_INT (call (64), 2);
  finish ();
}

static void nothing_is_writable_and_executable (void) {
  char access[5];
  int before = count_open_mappings (); /* 0, but under a checker which has its own */
  REQUIRE (before >= 0);
  start (2);
  if (backend->bit == MIR_CODE_RWX) {
    finish ();
    tap_skip ("what it is for");
  }
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  access_of (pages.rx, access);
  CHECK (strncmp (access, "r-x", 3) == 0);
  if (pages.rw != NULL) {
    access_of (pages.rw, access);
    CHECK (strncmp (access, level == MIR_CODE_CLOSED_ALIAS ? "---" : "rw-", 3) == 0);
  } else {
    CHECK (level != MIR_CODE_SEALED);
  }
  /* The system may join a checker's mappings meanwhile.  */
  CHECK (count_open_mappings () <= before);
  REQUIRE (put (0, 2) == MIR_CODE_OK);
  CHECK (count_open_mappings () <= before);
  finish ();
}

/*---------------- Memory -----------------------------*/

static int is_resident (uint8_t *page) {
  unsigned char state = 0;
  REQUIRE (mincore (page, mir_os_page_size (), &state) == 0);
  return state & 1;
}

/* Whether mseal(2) has sealed the pages, so that they stay mapped: then the alias is sealed,
   too.  */
static int is_sealed_for_good (void) {
  return level == MIR_CODE_SEALED && mprotect (pages.rw, pages.len, PROT_READ | PROT_WRITE) != 0;
}

static void all_mappings_are_given_back (void) {
  char access[5];
  start (4);
  uint8_t *alias = pages.rw;
  int stays = is_sealed_for_good ();
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  finish ();
  access_of (pages.rx, access);
  if (!stays) {
    CHECK_STR (access, "none");
    if (alias == NULL) return;
    access_of (alias, access);
    CHECK_STR (access, "none");
    return;
  }
  CHECK (strncmp (access, "r-x", 3) == 0);
  if (backend->discard != NULL && backend->bit != MIR_CODE_MEMFD)
    CHECK (!is_resident (pages.rx)); /* but their memory is gone */
}

static void populated_memory_is_there (void) {
  size_t page = mir_os_page_size ();
  start (8);
  uint64_t before = pages.system_calls;
  if (backend->populate == NULL) {
    finish ();
    tap_skip ("%s: nothing to gain", backend->name);
  }
  CHECK (!is_resident (pages.rx + 2 * page));
  CHECK_INT (backend->populate (&pages, pages.rx + page, 4 * page), MIR_CODE_OK);
  CHECK (pages.system_calls > before);
  if (backend->bit == MIR_CODE_MEMFD) /* for the others it is only a hint */
    for (size_t i = 1; i < 5; i++) CHECK (is_resident (pages.rx + i * page));
  CHECK (!is_resident (pages.rx + 5 * page));
  REQUIRE (put (page, 1) == MIR_CODE_OK);
  CHECK_INT (call (page), 1);
  finish ();
}

static void discarded_memory_is_gone_and_can_be_used_again (void) {
  size_t page = mir_os_page_size ();
  start (8);
  if (backend->discard == NULL) {
    finish ();
    tap_skip ("%s: cannot be done", backend->name);
  }
  for (size_t i = 0; i < 8; i++) REQUIRE (put (i * page, (unsigned) i + 1) == MIR_CODE_OK);
  CHECK (is_resident (pages.rx + 3 * page));
  size_t given_back = backend->discard (&pages, pages.rx + 2 * page, 4 * page);
  if (given_back == 0) {
    finish ();
    tap_skip ("%s: refused: %s", backend->name, strerror (errno));
  }
  CHECK_INT (given_back, 4 * page);
  CHECK (!is_resident (pages.rx + 3 * page));
  CHECK_INT (call (page), 2);
  CHECK_INT (call (6 * page), 7);
  CHECK_INT (pages.rx[2 * page] | pages.rx[5 * page], 0);
  REQUIRE (put (3 * page, 9) == MIR_CODE_OK);
  CHECK_INT (call (3 * page), 9);
  finish ();
}

/*---------------- Reserved ranges -----------------------------*/

static void a_place_in_a_range_is_taken_and_left (void) {
  size_t page = mir_os_page_size (), unit = 64 * 1024 > page ? 64 * 1024 : page;
  char access[5], reserved[5];
  skip_unless_it_works ();
  if (!backend->reservable) tap_skip ("%s: not reservable", backend->name);
  uint8_t *range = (uint8_t *) mir_os_reserve (8 * unit, NULL, 0);
  REQUIRE (range != NULL);
  struct mir_pages other;
  map_at (&pages, unit, range + unit);
  map_at (&other, 2 * unit, range + 2 * unit);
  CHECK_PTR (pages.rx, range + unit);
  CHECK_PTR (other.rx, range + 2 * unit);
  CHECK (pages.reserved);
  CHECK (pages.rw == NULL || pages.rw + unit <= range || pages.rw >= range + 8 * unit);
  REQUIRE (put (0, 1) == MIR_CODE_OK && put_in (&other, unit, 2) == MIR_CODE_OK);
  CHECK_INT (call (0), 1);
  CHECK_INT (code_call (other.rx + unit), 2);
  int stays = is_sealed_for_good ();
  finish ();
  /* As the rest of the range, of which an emulator of 32-bit CPUs may know nothing.  */
  access_of (range, reserved);
  CHECK (strcmp (reserved, "---p") == 0
         || (strcmp (reserved, "none") == 0 && sizeof (void *) == 4));
  access_of (range + unit, access);
  CHECK_STR (access, stays ? "r-xs" : reserved);
  CHECK_INT (code_call (other.rx + unit), 2);
  if (!stays) { /* again, at the same place */
    map_at (&pages, unit, range + unit);
    REQUIRE (put (0, 3) == MIR_CODE_OK);
    CHECK_INT (call (0), 3);
    finish ();
  }
  finish_pages (&other);
  mir_os_unreserve (range, 8 * unit);
  access_of (range, access);
  CHECK_STR (access, stays ? "---p" : "none");
}

/*---------------- Forks -----------------------------*/

/* In the child: private memory with the same contents.  */
static int write_in_child (void) {
  if (backend->make_private != NULL) {
    MIR_code_status_t status = backend->make_private (&pages, 2 * STRIDE, all_backed);
    if (level == MIR_CODE_SEALED) return status == MIR_CODE_WRITE_REFUSED && call (0) == 1 ? 0 : 1;
    if (status != MIR_CODE_OK) return 2;
  }
  if (call (0) != 1 || call (STRIDE) != 2) return 3;
  if (put (0, 100) != MIR_CODE_OK || call (0) != 100 || call (STRIDE) != 2) return 4;
  return backend->unmap (&pages) == 0 ? 0 : 5;
}

static void processes_are_apart (void) {
  start (2);
  REQUIRE (put (0, 1) == MIR_CODE_OK && put (STRIDE, 2) == MIR_CODE_OK);
  CHECK_INT (run_child (write_in_child, NULL, 0).status, 0);
  CHECK_INT (call (0), 1);
  CHECK_INT (call (STRIDE), 2);
  finish ();
}

static volatile int stop;

/* The number of calls whose result was not 1.  */
static void *call_until_stopped (void *user_data) {
  uintptr_t *wrong = (uintptr_t *) user_data;
  while (!__atomic_load_n (&stop, __ATOMIC_ACQUIRE)) *wrong += call (0) != 1;
  return NULL;
}

/* Whether the page at ADDR is mapped.  */
static int is_mapped (uint8_t *addr) {
  return msync (addr, mir_os_page_size (), MS_ASYNC) == 0;
}

static void memory_of_its_own_has_all_of_the_code (void) {
  size_t used = mir_os_page_size () + STRIDE; /* ends with a function */
  start (2);
  if (backend->make_private == NULL || level == MIR_CODE_SEALED) {
    finish ();
    tap_skip ("%s: is not done", backend->name);
  }
  REQUIRE (put (0, 1) == MIR_CODE_OK && put (used - CODE_LEN, 2) == MIR_CODE_OK);
  uint8_t *rw = pages.rw;
  CHECK_INT (backend->make_private (&pages, used, all_backed), MIR_CODE_OK);
  CHECK_INT (call (0), 1);
  CHECK_INT (call (used - CODE_LEN), 2);
  CHECK (pages.rw != rw && is_mapped (pages.rw));
  CHECK (!is_mapped (rw)); /* through it another process's code could be written */
  finish ();
}

static void code_runs_while_its_memory_is_replaced (void) {
  pthread_t thread;
  uintptr_t wrong = 0;
  start (2);
  if (backend->make_private == NULL || level == MIR_CODE_SEALED) {
    finish ();
    tap_skip ("%s: is not done", backend->name);
  }
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  stop = 0;
  REQUIRE (pthread_create (&thread, NULL, call_until_stopped, &wrong) == 0);
  uint8_t *rx = pages.rx;
  for (size_t i = 0; i < tap_scaled (200); i++)
    CHECK_INT (backend->make_private (&pages, STRIDE, all_backed), MIR_CODE_OK);
  __atomic_store_n (&stop, 1, __ATOMIC_RELEASE);
  pthread_join (thread, NULL);
  CHECK_INT (wrong, 0);
  CHECK_PTR (pages.rx, rx);
  REQUIRE (put (0, 5) == MIR_CODE_OK);
  CHECK_INT (call (0), 5);
  finish ();
}

/*---------------- Descriptors -----------------------------*/

static int open_descriptors (void) {
  int n = 0;
  for (int fd = 0; fd < 256; fd++) n += fcntl (fd, F_GETFD) != -1;
  return n;
}

/* An embedder may close or reuse any descriptor it does not know.  */
static void no_descriptor_is_kept (void) {
  int before = open_descriptors ();
  start (1);
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  CHECK_INT (open_descriptors (), before);
  REQUIRE (put (0, 2) == MIR_CODE_OK);
  CHECK_INT (call (0), 2);
  finish ();
  CHECK_INT (open_descriptors (), before);
}

int main (void) {
  RUN_FOR_ALL (code_runs_and_can_be_changed);
  RUN_FOR_ALL (an_open_span_shows_what_is_there);
  RUN_FOR_ALL (an_open_span_shows_what_was_written_before);
  RUN_FOR_ALL (two_spans_of_a_page_can_be_open);
  RUN_FOR_ALL (nothing_is_writable_and_executable);
  RUN_FOR_ALL (all_mappings_are_given_back);
  RUN_FOR_ALL (populated_memory_is_there);
  RUN_FOR_ALL (discarded_memory_is_gone_and_can_be_used_again);
  RUN_FOR_ALL (a_place_in_a_range_is_taken_and_left);
  RUN_FOR_ALL (processes_are_apart);
  RUN_FOR_ALL (memory_of_its_own_has_all_of_the_code);
  RUN_FOR_ALL (code_runs_while_its_memory_is_replaced);
  RUN_FOR_ALL (no_descriptor_is_kept);
  return tap_done ();
}
