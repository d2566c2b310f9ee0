/* A file that a tool appends to: opened so that nobody can slip it another one, and buffered.

   The directory may be /tmp, where anybody can make anything: the file is a new one of ours, or, if
   it may be shared, one that this process has made before.  Linux.  */
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
  pid_t pid;        /* whose file it is */
  unsigned forks;   /* as of mir_tool_forks when PID was checked */
  uint64_t waiting; /* events of which something is in the buffer */
  size_t used;      /* bytes of the buffer */
  uint8_t buffer[MIR_TOOL_BUFFER];
};

/* Make and open the file PATH, which has been set, for this process, with an empty buffer.  SHARED:
   one that this process has already made will do.  Otherwise FD is -1 and *ERROR an errno or 0.  */
MIR_code_tool_status_t mir_tool_file_open (struct mir_tool_file *file, int shared, int *error);

/* Whether this process is a child of the one which opened FILE.  */
int mir_tool_file_is_parents (struct mir_tool_file *file);

/* Append LEN bytes; what is not larger than the buffer is written in one piece.  0, or -1: the tool
   has stopped, and the waiting events are counted as lost.  */
int mir_tool_file_append (struct mir_tool *tool, struct mir_tool_file *file, const void *bytes,
                          size_t len);
int mir_tool_file_flush (struct mir_tool *tool, struct mir_tool_file *file);

/* The buffer is dropped.  */
void mir_tool_file_close (struct mir_tool_file *file);

#endif /* MIR_TOOLS_TOOL_FILE_H */
