/* The task "see memory": a trace, which mir-report makes a picture of.  Argument: the file; run.trace by default.  */
#include <mir-code-tools.h>
#include <mir-trace.h>
#include <mir.h>

#include <stdio.h>

#include "support/tap.h"

static const char *file = "run.trace";

static void parse (MIR_context_t ctx) {
  MIR_alloc_t alloc = MIR_get_alloc (ctx);
  MIR_free (alloc, MIR_malloc (alloc, 1000));
}

static void a_context_is_traced (void) {
  MIR_context_t ctx;
  MIR_trace_options_t options = {.size = sizeof (options), .file = file};
  MIR_trace_t trace;

  REQUIRE (MIR_trace_create (&options, &trace) == MIR_TRACE_OK);
  ctx = MIR_init2 (MIR_trace_alloc (trace), NULL); /* or any other user of a MIR_alloc_t */
  REQUIRE (ctx != NULL);
  MIR_code_set_hooks (MIR_get_code_space (ctx), MIR_trace_hooks (trace));
  MIR_trace_push (trace, "parse"); /* a scope for the blocks below; optional */
  parse (ctx);
  MIR_trace_pop (trace);
  MIR_finish (ctx);
  CHECK (MIR_trace_finish (trace) == MIR_TRACE_OK); /* the file is whole */
}

static void stacks_pass_through_generated_code (void) {
  MIR_trace_options_t options = {.size = sizeof (options), .file = file};
  MIR_trace_t trace;
  MIR_code_tools_options_t wanted = {.size = sizeof (wanted), .wanted = MIR_CODE_FRAMES};
  MIR_code_tools_t tools;

  REQUIRE (MIR_code_tools_create (&wanted, &tools) == MIR_CODE_TOOL_OK); /* finish it last */
  options.hooks =
      MIR_code_tools_hooks (tools); /* called by the trace's hooks, which the space gets */
  options.stack_depth = 16;
  REQUIRE (MIR_trace_create (&options, &trace) == MIR_TRACE_OK);
  MIR_context_t ctx = MIR_init2 (MIR_trace_alloc (trace), NULL);
  REQUIRE (ctx != NULL);
  MIR_code_set_hooks (MIR_get_code_space (ctx), MIR_trace_hooks (trace));
  parse (ctx);
  MIR_finish (ctx);
  CHECK (MIR_trace_finish (trace) == MIR_TRACE_OK);
  MIR_code_tools_finish (tools);
}

int main (int argc, char **argv) {
  if (argc > 1) file = argv[1];
  TEST_RUN (a_context_is_traced);
  TEST_RUN (stacks_pass_through_generated_code);
  (void) remove (file);
  return tap_done ();
}
