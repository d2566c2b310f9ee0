/* What a trace asks of the operating system: a file that nobody can slip it another one for, a
   clock, and return addresses.  None of it allocates; errno is as it was but where a function says
   how it failed.  */
#ifndef MIR_TRACE_FILE_H
#define MIR_TRACE_FILE_H

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

long mir_trace_process (void);
/* Nanoseconds of a clock that never goes back.  */
uint64_t mir_trace_clock (void);

/* Where the functions that are running will go on, innermost first, at most MAX, from CALLER on if
   it is among them.  Their number.  */
size_t mir_trace_stack (uintptr_t *addresses, size_t max, uintptr_t caller);
/* What is at the return address ADDRESS, in TEXT, 0 at its end; or 0 if that is not known.  */
int mir_trace_symbol (uintptr_t address, char *text, size_t size);

#endif /* MIR_TRACE_FILE_H */
