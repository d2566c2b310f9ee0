/* The file of a trace: no other user can substitute another file.  The lock of all traces is held
   while it is written.

   These functions do not allocate, and do not change errno unless they say so.  */
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

/* Create the file PATH, for this user only (on Windows: for whoever its directory allows), and set
   FILE to it.  A plain file that this user owns is replaced.  On failure mir_os_error () says
   why.  */
MIR_trace_status_t mir_trace_file_create (const char *path, mir_trace_file_t *file);
/* Write LEN bytes.  0, or the error, if not all of them were written.  */
int mir_trace_file_write (mir_trace_file_t file, const uint8_t *bytes, size_t len);
/* Close FILE.  0, or the error, if what was written may be lost.  */
int mir_trace_file_close (mir_trace_file_t file);
/* Close FILE, created at PATH, and remove it, unless another file has its place.  Changes
   mir_os_error ().  */
void mir_trace_file_drop (const char *path, mir_trace_file_t file);

#endif /* MIR_TRACE_TRACE_FILE_H */
