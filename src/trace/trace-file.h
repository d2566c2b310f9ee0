/* The file of a trace, for which nobody can slip it another one.  None of these allocates; errno is
   as it was but where a function says how it failed.  */
#ifndef MIR_TRACE_TRACE_FILE_H
#define MIR_TRACE_TRACE_FILE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-trace.h"

#ifdef _WIN32
typedef void *mir_trace_file_t; /* a HANDLE */
#else
typedef int mir_trace_file_t;
#endif

/* Make the file PATH, in the place of a plain one of this user's, and set *FILE to it.  Otherwise
   mir_os_error () says why.  */
MIR_trace_status_t mir_trace_file_create (const char *path, mir_trace_file_t *file);
/* 0, or why not all LEN bytes were written.  */
int mir_trace_file_write (mir_trace_file_t file, const uint8_t *bytes, size_t len);
/* 0, or why what was written may be lost.  */
int mir_trace_file_close (mir_trace_file_t file);

#endif /* MIR_TRACE_TRACE_FILE_H */
