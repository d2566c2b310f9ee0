/* A buffered file that a tool appends to.  Linux.  The lock of all tools is held (tool.h).

   Its directory may be /tmp, where any user can create anything.  So the file is always new, or, if
   it may be shared, one that this process has created before.  */
#ifndef MIR_TOOLS_TOOL_FILE_H
#define MIR_TOOLS_TOOL_FILE_H

#include <limits.h> /* PATH_MAX */
#include <stddef.h> /* size_t */
#include <sys/types.h>

#include "tools/tool.h"

enum { MIR_TOOL_BUFFER = 64 * 1024 /* bytes */ };

struct mir_tool_file {
  char path[PATH_MAX];
  int fd;           /* -1: not open */
  pid_t pid;        /* the process that opened the file */
  unsigned forks;   /* mir_tool_forks when PID was last checked */
  uint64_t waiting; /* events that are in the buffer, at least in part */
  size_t used;      /* bytes of the buffer */
  uint8_t buffer[MIR_TOOL_BUFFER];
};

/* Create the file PATH, which is set, for this process, with an empty buffer.  SHARED: accept a
   file that this process has already created.  On failure FD is -1 and *ERROR an errno value or
   0.  */
MIR_code_tool_status_t mir_tool_file_open (struct mir_tool_file *file, int shared, int *error);

/* Whether this process is a child of the one that opened FILE.  */
int mir_tool_file_is_parents (struct mir_tool_file *file);
/* After a fork, give the child a file of its own by REOPEN: what waits in the buffer belongs to the
   parent.  Returns 0, or -1 if the tool has stopped.  */
int mir_tool_file_follow_fork (struct mir_tool *tool, struct mir_tool_file *file,
                               MIR_code_tool_status_t (*reopen) (struct mir_tool *tool));

/* Append LEN bytes; unless they exceed the buffer, one write contains all of them.  Flush writes
   the buffer.  0, or -1: the tool has stopped, and the waiting events are counted as lost.  */
int mir_tool_file_append (struct mir_tool *tool, struct mir_tool_file *file, const void *bytes,
                          size_t len);
int mir_tool_file_flush (struct mir_tool *tool, struct mir_tool_file *file);

/* Close FILE and drop its buffer.  */
void mir_tool_file_close (struct mir_tool_file *file);

#endif /* MIR_TOOLS_TOOL_FILE_H */
