/* One tool, and what all tools use: the lock, the count of forks, stopping, names.

   One lock guards all tools of the process, and every function of a tool is called with it held.
   It also guards the list behind GDB's descriptor, of which a process has one; and forks wait for
   it.  */
#ifndef MIR_TOOLS_TOOL_H
#define MIR_TOOLS_TOOL_H

#include <stddef.h> /* size_t */

#include "mir-code-tools.h"

enum { MIR_TOOL_NAME_MAX = 1000 /* bytes, without the 0 */ };

struct mir_tool {
  MIR_code_tool_state_t state;
  MIR_alloc_t alloc;
  void *data; /* owned by the tool; NULL: none, and only START may be called */
};

/* The functions of a tool.  A member is NULL if the tool does not need the call.  */
struct mir_tool_kind {
  /* Called before START without the lock: for what takes the loader's lock, since constructors of a
     library may create tools.  */
  void (*prepare) (void);
  /* Set the data of TOOL and return MIR_CODE_TOOL_OK.  On failure leave the data NULL, and set the
     error if there is one.  START itself is NULL if the tool does not exist on this system.  */
  MIR_code_tool_status_t (*start) (struct mir_tool *tool, const MIR_code_tools_options_t *options);
  /* The hooks of mir-code.h.  On failure count what is lost, or stop.  */
  void (*mapped) (struct mir_tool *tool, uint8_t *start, size_t len);
  void (*unmapped) (struct mir_tool *tool, uint8_t *start, size_t len);
  void (*published) (struct mir_tool *tool, const MIR_code_event_t *events, size_t events_num);
  void (*freed) (struct mir_tool *tool, const MIR_code_event_t *event);
  /* Write out what waits in buffers.  */
  void (*flush) (struct mir_tool *tool);
  /* Free the data; also called for a tool that has stopped.  */
  void (*finish) (struct mir_tool *tool);
};

/* Not recursive.  Nothing of the program is called while the lock is held, except its
   allocator.  */
void mir_tool_lock (void);
void mir_tool_unlock (void);

/* From now on, count forks and make them wait for the lock.  Returns 0, or -1 if there is no memory
   for it.  */
int mir_tool_watch_forks (void);
/* A number that changes with every fork, in both processes.  */
unsigned mir_tool_forks (void);

/* Stop TOOL after a failure.  ERROR is an errno value or 0.  */
void mir_tool_stop (struct mir_tool *tool, MIR_code_tool_status_t status, int error);

/* Write the name of EVENT, as mir-code-tools.h describes it, to BUFFER with a terminating 0.
   Returns its length.  */
size_t mir_tool_name (const MIR_code_event_t *event, char buffer[MIR_TOOL_NAME_MAX + 1]);

#endif /* MIR_TOOLS_TOOL_H */
