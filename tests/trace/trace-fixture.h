/* A trace into a private file, and the picture that mir-report's reader makes of it.  */
#ifndef MIR_TESTS_TRACE_TRACE_FIXTURE_H
#define MIR_TESTS_TRACE_TRACE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mir-trace.h"

#include "support/probe-alloc.h"
#include "report/picture-read.h"
#include "report/report-alloc.h"
#include "report/tree.h" /* for the tests that name nodes */
#include "support/tap.h"

static char trace_dir[] = "/tmp/test-trace-XXXXXX", trace_path[100];
static struct probe_alloc probe;
static MIR_trace_t trace;
static MIR_alloc_t traced;
static struct picture picture;

static inline void make_trace_dir (void) {
  if (mkdtemp (trace_dir) == NULL) abort ();
  snprintf (trace_path, sizeof (trace_path), "%s/run.trace", trace_dir);
}

static inline void remove_trace_dir (void) {
  remove (trace_path);
  if (rmdir (trace_dir) != 0) abort ();
}

/* Create a trace over a new probe, with STACK_DEPTH and HOOKS.  */
static inline MIR_trace_status_t begin_with (unsigned stack_depth, const MIR_code_hooks_t *hooks) {
  MIR_trace_options_t options;
  MIR_trace_status_t status;
  memset (&options, 0, sizeof (options));
  options.size = sizeof (options);
  options.file = trace_path;
  options.title = "a test";
  options.alloc = options.own = &probe.alloc;
  options.stack_depth = stack_depth;
  options.hooks = hooks;
  probe_alloc_init (&probe);
  status = MIR_trace_create (&options, &trace);
  traced = status == MIR_TRACE_OK ? MIR_trace_alloc (trace) : NULL;
  return status;
}

static inline void begin (void) {
  REQUIRE (begin_with (0, NULL) == MIR_TRACE_OK);
}

static inline MIR_trace_state_t state (void) {
  MIR_trace_state_t res;
  MIR_trace_get_state (trace, &res);
  return res;
}

/* Read the file into `picture`, which the caller finishes in any case.  0, or -1 on failure.  */
static inline int look (int partial) {
  FILE *stream = fopen (trace_path, "rb");
  int result;
  picture_init (&picture, report_alloc);
  if (stream == NULL) return -1;
  result = picture_read (&picture, stream, partial);
  if (result != 0) tap_note ("%s", picture.reader.error);
  fclose (stream);
  return result;
}

/* Finish the trace and read it.  */
static inline void end_and_look (void) {
  CHECK_INT (MIR_trace_finish (trace), MIR_TRACE_OK);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  CHECK_INT (look (0), 0);
}

#endif /* MIR_TESTS_TRACE_TRACE_FIXTURE_H */
