/* A code space with one writer over a probing allocator, for the tests of mir-code.h.

   The words are those of src/code/types.h.  The other files of this folder:
     code-fixture     a context, for the tests of MIR's functions
     backend-fixture  one back end without a space
     test-*-refusal   every allocation, mapping and protection change is refused in turn
     model            what a space holds and what is free in it; model-events: its hooks
     test-refused-calls   every system call is refused in turn, for each back end
     test-model       random operations, compared with a model after each
     stress-fixture   a space that threads use at once; test-stress: what they do to it
     test-bounds      what a space may cost for what is live in it
     test-hardened    the library in processes under the restrictions of hardened systems
     test-*           one file of src/code, or one group of functions of mir-code.h  */
#ifndef MIR_TESTS_CODE_SPACE_FIXTURE_H
#define MIR_TESTS_CODE_SPACE_FIXTURE_H

#include "mir-code.h"

#include "code/query.h" /* mir_space_check */
#include "support/machine-code.h"
#include "support/probe-alloc.h"
#include "support/probe-code-alloc.h"
#include "support/tap.h"

enum { GRANULE = 32 };

static struct probe_alloc data;
static struct probe_code_alloc pages; /* of start_flip */
static MIR_code_options_t options;
static MIR_code_space_t space;
static MIR_code_writer_t writer;
static int over_pages;

/* Set the options of the next start: all are defaults but the allocator.  */
static inline void set_defaults (void) {
  memset (&options, 0, sizeof (options));
  options.size = sizeof (options);
  options.alloc = &data.alloc;
  over_pages = 0;
  probe_alloc_init (&data);
}

/* LEN bytes, or as far as direct calls go where that is less: no range is longer.  */
static inline size_t within_reach (size_t len) {
  return len < MIR_code_reach () ? len : MIR_code_reach ();
}

static inline void start_with_options (void) {
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status == MIR_CODE_NO_BACKEND) tap_skip ("%s", MIR_code_status_text (status));
  REQUIRE (status == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
}

static inline void start (void) {
  set_defaults ();
  start_with_options ();
}

/* Start over a MIR_code_alloc whose calls can be refused.  */
static inline void start_flip (void) {
  set_defaults ();
  probe_code_alloc_init (&pages);
  over_pages = 1;
  options.code_alloc = &pages.alloc;
  start_with_options ();
}

static inline void finish (void) {
  CHECK (mir_space_check (space));
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
  CHECK_INT (probe_alloc_finish (&data), 0);
  if (over_pages) CHECK_INT (probe_code_alloc_finish (&pages), 0);
}

static inline uint8_t *publish (unsigned value) {
  uint8_t bytes[CODE_LEN], *addr = NULL;
  code_returning (bytes, value);
  return MIR_code_publish (writer, bytes, CODE_LEN, NULL, &addr) == MIR_CODE_OK ? addr : NULL;
}

/* Publish LEN bytes which begin with the same function.  */
static inline MIR_code_status_t publish_long (unsigned value, size_t len, uint8_t **addr) {
  static uint8_t bytes[4 * 1024 * 1024];
  REQUIRE (len >= CODE_LEN && len <= sizeof (bytes));
  code_returning (bytes, value);
  return MIR_code_publish (writer, bytes, len, NULL, addr);
}

static inline MIR_code_stats_t stats (void) {
  MIR_code_stats_t res = {.size = sizeof (res)};
  (void) MIR_code_get_stats (space, &res);
  return res;
}

/* Publish functions of LEN bytes until that fails with EXPECTED, and run all of them.  Returns
   their number.  */
static inline size_t fill_up (size_t len, MIR_code_status_t expected) {
  static uint8_t *funcs[20000];
  size_t n = 0;
  MIR_code_status_t status = MIR_CODE_OK;
  while (n < 20000 && (status = publish_long ((unsigned) n, len, &funcs[n])) == MIR_CODE_OK) n++;
  CHECK_INT (status, expected);
  CHECK_INT (publish_long (0, len, &funcs[n]), expected);
  CHECK_INT (stats ().pieces, n);
  for (unsigned i = 0; i < n; i++) CHECK_INT (code_call (funcs[i]), i);
  for (size_t i = 0; i < n; i += 2) CHECK_INT (MIR_code_free_now (space, funcs[i]), MIR_CODE_OK);
  for (size_t i = 0; i < n; i += 2)
    CHECK_INT (publish_long ((unsigned) i, len, &funcs[i]), MIR_CODE_OK);
  for (unsigned i = 0; i < n; i++) CHECK_INT (code_call (funcs[i]), i);
  return n;
}

#endif /* MIR_TESTS_CODE_SPACE_FIXTURE_H */
