/* The perf map: lines "START SIZE name", in hexadecimal without 0x, in /tmp/perf-PID.map (the Linux
   kernel's tools/perf/Documentation/jit-interface.txt).  perf reads the file only if the user or
   root owns it.  Another JIT in the process may append to the same file (CPython does), so lines
   are written whole.  Freed code blocks get no line; for each address perf uses the last line.  */
#include "tools/tools.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/tool-file.h"

/* Open the file of this process; on failure the error is in the state of TOOL.  */
static MIR_code_tool_status_t open_map (struct mir_tool *tool, struct mir_tool_file *file) {
  snprintf (file->path, sizeof (file->path), "/tmp/perf-%ld.map", (long) getpid ());
  return mir_tool_file_open (file, 1, &tool->state.error);
}

static MIR_code_tool_status_t perf_map_start (struct mir_tool *tool,
                                              const MIR_code_tools_options_t *options) {
  struct mir_tool_file *file =
      (struct mir_tool_file *) MIR_malloc (tool->alloc, sizeof (struct mir_tool_file));
  (void) options;
  if (file == NULL) return MIR_CODE_TOOL_NO_MEMORY;
  MIR_code_tool_status_t status = open_map (tool, file);
  if (status == MIR_CODE_TOOL_OK)
    tool->data = file;
  else
    MIR_free (tool->alloc, file);
  return status;
}

/* A file of its own for a child.  */
static MIR_code_tool_status_t reopen_map (struct mir_tool *tool) {
  mir_tool_file_close ((struct mir_tool_file *) tool->data);
  return open_map (tool, (struct mir_tool_file *) tool->data);
}

/* Write NUMBER in hexadecimal to TEXT.  Returns the end of the digits.  */
static char *put_hex (char *text, uintptr_t number) {
  int digits = 1;
  for (uintptr_t rest = number >> 4; rest != 0; rest >>= 4) digits++;
  for (int i = digits; i-- > 0; number >>= 4) text[i] = "0123456789abcdef"[number & 15];
  return text + digits;
}

/* Append the line of EVENT.  0, or -1: the tool has stopped.  */
static int write_line (struct mir_tool *tool, struct mir_tool_file *file,
                       const MIR_code_event_t *event) {
  char line[2 * 17 + MIR_TOOL_NAME_MAX + 1], *p; /* two numbers and blanks, the name, its end */
  p = put_hex (line, (uintptr_t) event->start);
  *p++ = ' ';
  p = put_hex (p, event->size);
  *p++ = ' ';
  p += mir_tool_name (event, p);
  *p++ = '\n'; /* replaces the 0 */
  return mir_tool_file_append (tool, file, line, (size_t) (p - line));
}

static void perf_map_published (struct mir_tool *tool, const MIR_code_event_t *events,
                                size_t events_num) {
  struct mir_tool_file *file = (struct mir_tool_file *) tool->data;
  size_t done = 0;
  if (mir_tool_file_follow_fork (tool, file, reopen_map) == 0)
    for (; done < events_num && write_line (tool, file, &events[done]) == 0; done++) {
      file->waiting++;
      tool->state.events++;
    }
  tool->state.lost += events_num - done;
}

static void perf_map_flush (struct mir_tool *tool) {
  struct mir_tool_file *file = (struct mir_tool_file *) tool->data;
  if (mir_tool_file_follow_fork (tool, file, reopen_map) == 0) mir_tool_file_flush (tool, file);
}

static void perf_map_finish (struct mir_tool *tool) {
  struct mir_tool_file *file = (struct mir_tool_file *) tool->data;
  if (tool->state.status == MIR_CODE_TOOL_OK && !mir_tool_file_is_parents (file))
    mir_tool_file_flush (tool, file);
  mir_tool_file_close (file);
  MIR_free (tool->alloc, file);
}

const struct mir_tool_kind mir_perf_map = {.start = perf_map_start,
                                           .published = perf_map_published,
                                           .flush = perf_map_flush,
                                           .finish = perf_map_finish};
