/* A MIR_alloc_t which writes down what another one does, for a picture of a program's memory.

   trace     an allocator, hooks for code spaces, and the file to which both write
   event     one call of the allocator, one piece or mapping of code, the begin or end of a scope
   scope     what a thread is doing, by name, from MIR_trace_push to MIR_trace_pop; scopes nest, and
             a block belongs to those in which it was allocated, or reallocated last
   lost      an event that is not in the file

       MIR_trace_options_t options = {.size = sizeof (options), .file = "run.trace"};
       MIR_trace_create (&options, &trace);
       ctx = MIR_init2 (MIR_trace_alloc (trace), NULL);
       MIR_code_set_hooks (MIR_get_code_space (ctx), MIR_trace_hooks (trace));
       MIR_trace_push (trace, "parse"); ... MIR_trace_pop (trace);
       MIR_finish (ctx);
       MIR_trace_finish (trace);

   and then `mir-report run.trace`.  docs/memory-picture.md shows the pictures, and the format.

   A trace never harms the program.  When its file cannot be written it stops, and says so in
   MIR_trace_get_state; allocation goes on without it.  A call of the allocator below which leaves
   by longjmp is not recorded: no block has come or gone.

   Threads: any, if the allocator below allows it; all traces of a process share one lock, which is
   not held while the allocator below runs, but is across a fork.  Only MIR_trace_finish may not run
   at the same time as anything else on its trace.  */
#ifndef MIR_TRACE_H
#define MIR_TRACE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum MIR_trace_status {
  MIR_TRACE_OK,
  MIR_TRACE_NO_MEMORY,    /* the allocator for the trace itself refused */
  MIR_TRACE_UNSAFE_FILE,  /* in its file's place is a link, a device or another user's file */
  MIR_TRACE_FILE_REFUSED, /* its file could not be made or written to */
  MIR_TRACE_FORKED,       /* this is a child of the process that is traced */
  MIR_TRACE_BAD_OPTION    /* an option out of its bounds */
} MIR_trace_status_t;

/* A few words, lower case, static.  */
MIR_ALLOC_API const char *MIR_trace_status_text (MIR_trace_status_t status);

enum { MIR_TRACE_MAX_STACK = 64 /* return addresses */ };

/* SIZE and FILE are needed; every other member may be zero, which is the default.  */
typedef struct MIR_trace_options {
  size_t size;          /* sizeof (MIR_trace_options_t): the version of this structure */
  const char *file;     /* its path, read during the call.  A plain file of this user's which is
                           there is replaced; the new one is for this user only.  */
  const char *title;    /* what the picture is called, read during the call; NULL: as its file */
  MIR_alloc_t alloc;    /* the allocator below, kept by pointer; NULL: mimalloc */
  MIR_alloc_t own;      /* for the trace itself, one block of about 70 KiB which is not in the
                           picture; kept by pointer; NULL: mimalloc */
  unsigned stack_depth; /* of return addresses, at most MIR_TRACE_MAX_STACK, to be written down with
                           each allocation; some microseconds each time.  0: none */
  const MIR_code_hooks_t *hooks; /* told by MIR_trace_hooks as well: there is room for one only in a
                                    space.  Kept by pointer; NULL: none */
} MIR_trace_options_t;

typedef struct MIR_trace *MIR_trace_t;

/* Make the file that OPTIONS name and set *TRACE to a trace into it; the caller owns it until
   MIR_trace_finish.  Otherwise *TRACE is NULL, and errno or GetLastError () says why the file was
   refused.  */
MIR_ALLOC_API MIR_trace_status_t MIR_trace_create (const MIR_trace_options_t *options,
                                                   MIR_trace_t *trace);

/* The allocator which is traced.  Its blocks are those of the one below, which may free them and
   whose own it may free; but only what goes through the trace is in the picture.  Owned by TRACE.
 */
MIR_ALLOC_API MIR_alloc_t MIR_trace_alloc (MIR_trace_t trace);
/* For MIR_code_options_t or MIR_code_set_hooks; several spaces may have them.  Owned by TRACE.  */
MIR_ALLOC_API const MIR_code_hooks_t *MIR_trace_hooks (MIR_trace_t trace);

/* The calling thread enters the scope NAME, read during the call and cut to 1000 bytes; or leaves
   the one that it entered last.  TRACE may be NULL: nothing happens.  */
MIR_ALLOC_API void MIR_trace_push (MIR_trace_t trace, const char *name);
MIR_ALLOC_API void MIR_trace_pop (MIR_trace_t trace);

/* How a trace is doing.  */
typedef struct MIR_trace_state {
  MIR_trace_status_t status; /* MIR_TRACE_OK: at work; otherwise it has stopped for good */
  int error;                 /* errno or GetLastError () of the refused call; 0: none */
  uint64_t events;           /* in the file or waiting in the buffer */
  uint64_t lost;             /* the others */
} MIR_trace_state_t;

MIR_ALLOC_API void MIR_trace_get_state (MIR_trace_t trace, MIR_trace_state_t *state);

/* Write what is buffered (64 KiB at most), which is lost should the program die, and return the
   status.  */
MIR_ALLOC_API MIR_trace_status_t MIR_trace_flush (MIR_trace_t trace);

/* Write the end of the file, close it and free TRACE; returns the last status: only with
   MIR_TRACE_OK is the file whole.  NULL is allowed.  Every context and space that uses the trace is
   finished before; blocks may be live, and go back to the allocator below.  */
MIR_ALLOC_API MIR_trace_status_t MIR_trace_finish (MIR_trace_t trace);

/* After a fork the child's events are lost, MIR_TRACE_FORKED; the parent's trace goes on and never
   sees them.  A child makes a trace of its own, with another file.  */

#ifdef __cplusplus
}
#endif

#endif /* MIR_TRACE_H */
