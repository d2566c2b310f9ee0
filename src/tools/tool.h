/* One tool: its state, and what each of them stands on.

   All functions of a tool are called with the one lock of all tools held; it is what makes the list
   behind GDB's descriptor, which is one for the process, safe, and what a fork waits for.  */
#ifndef MIR_TOOLS_TOOL_H
#define MIR_TOOLS_TOOL_H

#include <stddef.h> /* size_t */

#include "mir-code-tools.h"

enum { MIR_TOOL_NAME_MAX = 1000 /* bytes, without the 0 */ };

struct mir_tool {
  MIR_code_tool_state_t state;
  MIR_alloc_t alloc;
  void *data; /* the tool's own; NULL: it has none, and only START may be called */
};

/* One kind of tool.  A member is NULL if the tool does not care.  */
struct mir_tool_kind {
  /* Set TOOL's data and return MIR_CODE_TOOL_OK; or leave it NULL.  Sets the error where there is
     one.  NULL: not on this system.  */
  MIR_code_tool_status_t (*start) (struct mir_tool *tool, const MIR_code_tools_options_t *options);
  void (*mapped) (struct mir_tool *tool, uint8_t *start, size_t len);
  void (*unmapped) (struct mir_tool *tool, uint8_t *start, size_t len);
  void (*published) (struct mir_tool *tool, const MIR_code_event_t *events, size_t events_num);
  void (*freed) (struct mir_tool *tool, const MIR_code_event_t *event);
  void (*flush) (struct mir_tool *tool);
  /* Free the data.  Also of a tool that has stopped.  */
  void (*finish) (struct mir_tool *tool);
};

void mir_tool_lock (void);
void mir_tool_unlock (void);

/* 0, or -1 without memory for it: from now on forks are noticed, and wait for the lock.  */
int mir_tool_watch_forks (void);
/* Changes with every fork, in both processes.  */
unsigned mir_tool_forks (void);

/* The tool has failed: it stops.  ERROR is an errno or 0.  */
void mir_tool_stop (struct mir_tool *tool, MIR_code_tool_status_t status, int error);

/* The name by which EVENT goes, 0 at its end, in BUFFER; its length.  */
size_t mir_tool_name (const MIR_code_event_t *event, char buffer[MIR_TOOL_NAME_MAX + 1]);

#endif /* MIR_TOOLS_TOOL_H */
