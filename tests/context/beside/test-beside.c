/* MIR and this library in one program: each gets its own functions, whichever is linked first.  MIR is a
   stand-in (stand-in/mir.c).  */
#include "beside/stand-in/mir.h" /* MIR's, then ours; ours-first.c has them the other way round */

#include <stdio.h>
#include <string.h>

#include "beside/ours-first.h"
#include "mir-alloc.h"
#include "mir-code-alloc.h"
#include "mir-code-object.h"
#include "mir-code-tools.h"
#include "mir-code.h"
#include "mir-heap.h"
#include "mir-htab.h"
#include "mir-trace.h"
#include "mir-varr.h"
#include "support/machine-code.h"
#include "support/tap.h"

static void mir_gets_its_own_functions (void) {
  struct MIR_code_alloc pages = {NULL, NULL, NULL, NULL};
  MIR_context_t ctx = MIR_init2 (MIR_default_alloc (), &pages);
  REQUIRE (ctx != NULL);
  CHECK_PTR (MIR_get_alloc (ctx), MIR_default_alloc ());
  CHECK_PTR (MIR_get_code_alloc (ctx), &pages);
  CHECK_PTR (_MIR_publish_code (ctx, NULL, 10), stand_in_mark);
  CHECK_PTR (_MIR_get_thunk (ctx), stand_in_mark);
  stand_in_calls = 0;
  _MIR_change_code (ctx, stand_in_mark, NULL, 1);
  CHECK_INT (stand_in_calls, 2);
  _MIR_redirect_thunk (ctx, stand_in_mark, NULL);
  CHECK_INT (stand_in_calls, 4);
  _MIR_update_code (ctx, stand_in_mark, 1, NULL);
  CHECK_INT (stand_in_calls, 5);
  MIR_finish (ctx);
  CHECK_INT (stand_in_calls, 6);
}

static void an_arena_serves_mir (void) {
  MIR_arena_t arena;
  REQUIRE (MIR_arena_create (NULL, 0, &arena) == MIR_HEAP_OK);
  MIR_context_t ctx = MIR_init2 (&arena->alloc, NULL);
  void *block = MIR_malloc (MIR_get_alloc (ctx), 100);
  CHECK (block != NULL);
  memset (block, 1, 100);
  MIR_finish (ctx);
  MIR_arena_finish (arena);
}

static void a_trace_serves_mir (void) {
  char name[40];
  snprintf (name, sizeof (name), "beside-%06u.trace", (unsigned) (tap_random () % 1000000));
  MIR_trace_options_t options = {.size = sizeof (options), .file = name};
  MIR_trace_t trace;
  MIR_trace_state_t state;
  MIR_trace_status_t status = MIR_trace_create (&options, &trace);
  if (status == MIR_TRACE_FILE_REFUSED) tap_skip ("%s", MIR_trace_status_text (status));
  REQUIRE (status == MIR_TRACE_OK);
  MIR_context_t ctx = MIR_init2 (MIR_trace_alloc (trace), NULL);
  MIR_free (MIR_get_alloc (ctx), MIR_malloc (MIR_get_alloc (ctx), 10));
  MIR_trace_get_state (trace, &state);
  CHECK (state.events >= 2);
  MIR_finish (ctx);
  CHECK_INT (MIR_trace_finish (trace), MIR_TRACE_OK);
  remove (name);
}

/* What docs/mir.md puts MIR on.  */
static void a_space_serves_mir (void) {
  MIR_code_options_t options = {.size = sizeof (options), .reserve = 1024 * 1024};
  MIR_code_space_t space;
  uint8_t code[CODE_LEN], *first = NULL, *at = NULL;
  void *thunk = NULL;
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status == MIR_CODE_NO_BACKEND) tap_skip ("%s", MIR_code_status_text (status));
  REQUIRE (status == MIR_CODE_OK);
  code_returning (code, 3);
  REQUIRE (MIR_code_space_publish (space, code, CODE_LEN, NULL, &first) == MIR_CODE_OK);
  CHECK_INT (code_call (first), 3);
  REQUIRE (MIR_code_next_addr (space, CODE_LEN, &at) == MIR_CODE_OK);
  REQUIRE (MIR_code_publish_at (space, at, code, CODE_LEN, NULL) == MIR_CODE_OK);
  status = MIR_code_thunk_new (space, at, &thunk);
  if (status == MIR_CODE_OK) CHECK_INT (code_call (thunk), 3);
  code_returning (code, 4);
  CHECK_INT (MIR_code_change (space, first, code, CODE_LEN), MIR_CODE_OK);
  CHECK_INT (code_call (first), 4);
  MIR_code_reloc_t reloc = {.offset = 0, .value = code};
  uint8_t zeros[64] = {0};
  REQUIRE (MIR_code_space_publish (space, zeros, sizeof (zeros), NULL, &at) == MIR_CODE_OK);
  CHECK_INT (MIR_code_update (space, at, 1, &reloc), MIR_CODE_OK);
  CHECK (memcmp (at, &reloc.value, sizeof (reloc.value)) == 0);
  MIR_code_space_finish (space);
}

static void headers_in_the_other_order_are_the_same (void) {
  CHECK_PTR (ours_first_publish (), stand_in_mark);
  CHECK_INT (ours_first_space (), 1);
}

int main (void) {
  TEST_RUN (mir_gets_its_own_functions);
  TEST_RUN (an_arena_serves_mir);
  TEST_RUN (a_trace_serves_mir);
  TEST_RUN (a_space_serves_mir);
  TEST_RUN (headers_in_the_other_order_are_the_same);
  return tap_done ();
}
