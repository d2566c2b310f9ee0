/* What the tools have in common, and the table by which the object fans out to them.

   All functions of a tool are called with the one lock of all tools held; it is what makes the list
   behind GDB's descriptor, which is one for the process, safe, and what a fork waits for.  */
#ifndef MIR_TOOLS_H
#define MIR_TOOLS_H

#include <stddef.h> /* size_t */

#include "mir-code-tools.h"

enum { MIR_TOOLS_NUM = 4, MIR_TOOL_NAME_MAX = 1000 /* bytes, without the 0 */ };

struct mir_tool {
  MIR_code_tool_state_t state;
  MIR_alloc_t alloc;
  void *data; /* the tool's own; NULL: it has none, and only START may be called */
};

/* One kind of tool.  A member is NULL if the tool does not care.  */
struct mir_tool_kind {
  /* Set TOOL's data and return MIR_CODE_TOOL_OK; or leave it NULL.  */
  MIR_code_tool_status_t (*start) (struct mir_tool *tool, const MIR_code_tools_options_t *options);
  void (*mapped) (struct mir_tool *tool, uint8_t *start, size_t len);
  void (*unmapped) (struct mir_tool *tool, uint8_t *start, size_t len);
  void (*published) (struct mir_tool *tool, const MIR_code_event_t *events, size_t events_num);
  void (*freed) (struct mir_tool *tool, const MIR_code_event_t *event);
  void (*flush) (struct mir_tool *tool);
  /* Free the data.  Also of a tool that has stopped.  */
  void (*finish) (struct mir_tool *tool);
};

/* In the order of the bits of their names.  */
extern const struct mir_tool_kind mir_perf_map, mir_jitdump, mir_gdb, mir_frames;

/* The tool has failed: it stops.  ERROR is an errno or 0.  */
void mir_tool_stop (struct mir_tool *tool, MIR_code_tool_status_t status, int error);

/* Changes with every fork, in both processes.  */
unsigned mir_tools_forks (void);

/* The name by which EVENT goes, 0 at its end, in BUFFER; its length.  */
size_t mir_tool_name (const MIR_code_event_t *event, char buffer[MIR_TOOL_NAME_MAX + 1]);

#endif /* MIR_TOOLS_H */
