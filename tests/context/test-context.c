/* Contexts: their allocators, refusals, and their error function.  */
#include "mir.h"

#include <string.h>

#include "support/child.h"
#include "support/error-trap.h"
#include "support/machine-code.h"
#include "support/probe-alloc.h"
#include "support/probe-code-alloc.h"
#include "support/tap.h"

static struct probe_alloc data;
static struct probe_code_alloc pages;

static void start_probes (void) {
  probe_alloc_init (&data);
  probe_code_alloc_init (&pages);
}

static void finish_probes (void) {
  CHECK_INT (probe_alloc_finish (&data), 0);
  CHECK_INT (probe_code_alloc_finish (&pages), 0);
}

static void init_uses_defaults_that_work (void) {
  MIR_context_t ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  MIR_alloc_t alloc = MIR_get_alloc (ctx);
  MIR_code_alloc_t code_alloc = MIR_get_code_alloc (ctx);
  uint8_t code[CODE_LEN];
  REQUIRE (alloc != NULL && code_alloc != NULL);
  void *block = MIR_malloc (alloc, 100);
  REQUIRE (block != NULL);
  block = MIR_realloc (alloc, block, 100, 100000);
  CHECK (block != NULL);
  MIR_free (alloc, block);
  MIR_free (alloc, NULL);
  CHECK (MIR_calloc (alloc, SIZE_MAX / 2, 3) == NULL);
  code_returning (code, 42);
  CHECK_INT (code_call (_MIR_publish_code (ctx, code, CODE_LEN)), 42);
  MIR_finish (ctx);
}

static void init2_keeps_the_given_vtables (void) {
  start_probes ();
  MIR_context_t ctx = MIR_init2 (&data.alloc, &pages.alloc);
  REQUIRE (ctx != NULL);
  CHECK_PTR (MIR_get_alloc (ctx), &data.alloc);
  CHECK_PTR (MIR_get_code_alloc (ctx), &pages.alloc);
  MIR_finish (ctx);
  finish_probes ();
}

static void init2_takes_the_default_for_either_null (void) {
  start_probes ();
  MIR_context_t defaults = MIR_init ();
  MIR_context_t own_data = MIR_init2 (&data.alloc, NULL);
  MIR_context_t own_pages = MIR_init2 (NULL, &pages.alloc);
  REQUIRE (defaults != NULL && own_data != NULL && own_pages != NULL);
  CHECK_PTR (MIR_get_alloc (own_data), &data.alloc);
  CHECK_PTR (MIR_get_code_alloc (own_data), MIR_get_code_alloc (defaults));
  CHECK_PTR (MIR_get_alloc (own_pages), MIR_get_alloc (defaults));
  CHECK_PTR (MIR_get_code_alloc (own_pages), &pages.alloc);
  MIR_finish (own_data);
  MIR_finish (own_pages);
  MIR_finish (defaults);
  finish_probes ();
}

static void init2_returns_null_when_memory_is_refused (void) {
  int n;
  MIR_context_t ctx;
  start_probes ();
  for (n = 0;; n++) {
    probe_alloc_fail_after (&data, n, 1);
    if ((ctx = MIR_init2 (&data.alloc, &pages.alloc)) != NULL) break;
    CHECK_INT (data.live_blocks, 0);
    CHECK_INT (pages.mapped_bytes, 0);
  }
  tap_note ("MIR_init2: %d points where memory can be refused", n);
  CHECK (n > 0);
  MIR_finish (ctx);
  finish_probes ();
}

static void init2_returns_null_when_code_memory_is_refused (void) {
  void *failures[] = {NULL, (void *) -1};
  for (int i = 0; i < 2; i++) {
    start_probes ();
    pages.fail_map_in = 0;
    pages.map_failure = failures[i];
    CHECK_PTR (MIR_init2 (&data.alloc, &pages.alloc), NULL);
    CHECK_INT (data.live_blocks, 0);
    finish_probes ();
  }
}

static void finish_of_null_does_nothing (void) {
  MIR_finish (NULL);
}

static void error_func_can_be_set_and_reset (void) {
  MIR_context_t ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  MIR_error_func_t first = MIR_get_error_func (ctx);
  CHECK (first != NULL);
  MIR_set_error_func (ctx, error_trap_func);
  CHECK (MIR_get_error_func (ctx) == error_trap_func);
  MIR_set_error_func (ctx, NULL);
  CHECK (MIR_get_error_func (ctx) == first);
  MIR_finish (ctx);
}

static int publish_too_much (void) {
  uint8_t byte = 0;
  _MIR_publish_code (MIR_init (), &byte, SIZE_MAX);
  return 99;
}

static void default_error_func_prints_one_line_and_exits (void) {
  char text[300], *newline;
  CHECK_INT (run_child (publish_too_much, text, sizeof (text)).status, 1);
  newline = strchr (text, '\n');
  CHECK (newline != NULL && newline > text && newline[1] == '\0');
  CHECK (strstr (text, "_MIR_publish_code") != NULL);
}

static void api_version_is_that_of_the_header (void) {
  CHECK (_MIR_get_api_version () == MIR_API_VERSION);
}

static void error_values_are_those_of_mir (void) {
  CHECK_INT (MIR_no_error, 0);
  CHECK_INT (MIR_alloc_error, 3);
  CHECK_INT (MIR_wrong_param_value_error, 11);
  CHECK_INT (MIR_ctx_change_error, 29);
}

/* Contexts are created in one thread and used in another, and blocks move between them.  */
static void a_block_outlives_the_context_that_made_it (void) {
  MIR_context_t maker = MIR_init (), keeper = MIR_init ();
  REQUIRE (maker != NULL && keeper != NULL);
  char *block = (char *) MIR_malloc (MIR_get_alloc (maker), 1000);
  REQUIRE (block != NULL);
  memset (block, 7, 1000);
  MIR_finish (maker);
  CHECK_INT (block[999], 7);
  MIR_free (MIR_get_alloc (keeper), block);
  MIR_finish (keeper);
}

int main (void) {
  TEST_RUN (init_uses_defaults_that_work);
  TEST_RUN (init2_keeps_the_given_vtables);
  TEST_RUN (init2_takes_the_default_for_either_null);
  TEST_RUN (init2_returns_null_when_memory_is_refused);
  TEST_RUN (init2_returns_null_when_code_memory_is_refused);
  TEST_RUN (finish_of_null_does_nothing);
  TEST_RUN (error_func_can_be_set_and_reset);
  TEST_RUN (default_error_func_prints_one_line_and_exits);
  TEST_RUN (api_version_is_that_of_the_header);
  TEST_RUN (error_values_are_those_of_mir);
  TEST_RUN (a_block_outlives_the_context_that_made_it);
  return tap_done ();
}
