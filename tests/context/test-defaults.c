/* The default vtables: each part of the library gets them from defaults.h, so that a traced program
   runs on the same memory as an untraced one.  This file stands in for src/defaults.c.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mkdtemp */
#endif
#include "mir-code-alloc-default.c" /* first: see there */

#include "defaults.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mir-code-tools.h"
#include "mir-code.h"
#include "mir-heap.h"
#include "mir.h"
#include "trace/record.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

static struct probe_alloc probe;

MIR_alloc_t mir_default_alloc (void) {
  return &probe.alloc;
}

MIR_code_alloc_t mir_default_code_alloc (void) {
  return &default_code_alloc;
}

static void contexts_have_the_default_vtables (void) {
  probe_alloc_init (&probe);
  MIR_context_t ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  CHECK_PTR (MIR_get_alloc (ctx), &probe.alloc);
  CHECK_PTR (MIR_get_code_alloc (ctx), &default_code_alloc);
  MIR_finish (ctx);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void spaces_have_the_default_vtable (void) {
  MIR_code_space_t space;
  probe_alloc_init (&probe);
  REQUIRE (MIR_code_space_create (NULL, &space) == MIR_CODE_OK);
  CHECK_INT (probe.live_blocks, 1);
  MIR_code_space_finish (space);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void traces_have_the_default_vtable (void) {
  char dir[] = "/tmp/test-defaults-XXXXXX", path[sizeof (dir) + 20];
  MIR_trace_t trace;
  probe_alloc_init (&probe);
  REQUIRE (mkdtemp (dir) != NULL);
  snprintf (path, sizeof (path), "%s/run.trace", dir);
  MIR_trace_options_t options = {.size = sizeof (options), .file = path};
  REQUIRE (MIR_trace_create (&options, &trace) == MIR_TRACE_OK);
  CHECK_PTR (trace->below, &probe.alloc);
  CHECK_PTR (trace->own, &probe.alloc);
  MIR_trace_finish (trace);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  remove (path);
  rmdir (dir);
}

static void tools_have_the_default_vtable (void) {
  MIR_code_tools_options_t options = {.size = sizeof (options), .wanted = MIR_CODE_GDB};
  MIR_code_tools_t tools;
  probe_alloc_init (&probe);
  REQUIRE (MIR_code_tools_create (&options, &tools) == MIR_CODE_TOOL_OK);
  CHECK (probe.live_blocks >= 1);
  MIR_code_tools_finish (tools);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void allocators_have_the_default_vtable (void) {
  MIR_arena_t arena;
  probe_alloc_init (&probe);
  REQUIRE (MIR_arena_create (NULL, 0, &arena) == MIR_HEAP_OK);
  CHECK (probe.live_blocks >= 1);
  MIR_arena_finish (arena);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (void) {
  TEST_RUN (contexts_have_the_default_vtables);
  TEST_RUN (spaces_have_the_default_vtable);
  TEST_RUN (traces_have_the_default_vtable);
  TEST_RUN (tools_have_the_default_vtable);
  TEST_RUN (allocators_have_the_default_vtable);
  return tap_done ();
}
