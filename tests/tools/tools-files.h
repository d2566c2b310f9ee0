/* The files that the tools write: their names and contents.  */
#ifndef MIR_TESTS_TOOLS_TOOLS_FILES_H
#define MIR_TESTS_TOOLS_TOOLS_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/tools-fixture.h"

static char dir[] = "/tmp/test-tools-XXXXXX";
static char path[200], text[600000];
static size_t text_len;

static inline const char *map_path (long pid) {
  snprintf (path, sizeof (path), "/tmp/perf-%ld.map", pid);
  return path;
}

static inline const char *dump_path (long pid) {
  snprintf (path, sizeof (path), "%s/jit-%ld.dump", dir, pid);
  return path;
}

static inline void read_text (const char *name) {
  FILE *f = fopen (name, "r");
  text_len = 0;
  text[0] = '\0';
  if (f == NULL) return;
  text_len = fread (text, 1, sizeof (text) - 1, f);
  text[text_len] = '\0';
  fclose (f);
}

static inline size_t lines (void) {
  size_t n = 0;
  for (const char *p = text; (p = strchr (p, '\n')) != NULL; p++) n++;
  return n;
}

/* Check that TOOL does not start, with STATUS and ERROR, and loses what is published.  */
static inline void check_refused (unsigned tool, MIR_code_tool_status_t status, int error) {
  REQUIRE (begin (tool, NULL, dir) == MIR_CODE_TOOL_OK);
  CHECK_INT (state_of (tool).status, status);
  CHECK_INT (state_of (tool).error, error);
  publish (0, "lost");
  CHECK_INT (state_of (tool).lost, 1);
  CHECK_INT (MIR_code_tools_flush (tools), status);
  end ();
}

#endif /* MIR_TESTS_TOOLS_TOOLS_FILES_H */
