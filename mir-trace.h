/* An allocator that records what the allocator below it does, for a picture of a program's memory.

   trace     an allocator, hooks for code spaces, and the file that both write to
   event     a call of the allocator, a code block or a mapping that comes or goes, the start or end
             of a scope
   scope     a named phase of a thread, from MIR_trace_push to MIR_trace_pop; scopes nest, and a
             block belongs to those in which it was allocated, or last reallocated
   lost      an event that is not in the file

       MIR_trace_options_t options = {.size = sizeof (options), .file = "run.trace"};
       MIR_trace_create (&options, &trace);
       ctx = MIR_init2 (MIR_trace_alloc (trace), NULL);
       MIR_code_set_hooks (MIR_get_code_space (ctx), MIR_trace_hooks (trace));
       MIR_trace_push (trace, "parse"); ... MIR_trace_pop (trace);
       MIR_finish (ctx);
       MIR_trace_finish (trace);

   Then run `mir-report run.trace`.  docs/memory-picture.md shows the pictures, and the format.

   A trace never harms the program.  If its file cannot be written, the trace stops, as
   MIR_trace_get_state tells, and allocation goes on without it.  A call that leaves the allocator
   below by longjmp is not recorded: no block came or went.

   Threads: any, if the allocator below allows it.  All traces of a process share one lock, which is
   not held while the allocator below runs; forks wait for it too.  Only where the allocator below
   is one may a function be a cancellation point.  Only MIR_trace_finish must not
   run at the same time as another call on its trace.  */
#ifndef MIR_TRACE_H
#define MIR_TRACE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The result of a function of this file.  */
typedef enum MIR_trace_status {
  MIR_TRACE_OK,
  MIR_TRACE_NO_MEMORY,    /* the allocator for the trace itself refused memory */
  MIR_TRACE_UNSAFE_FILE,  /* the name is a folder's, a link's, a device's or a foreign file's */
  MIR_TRACE_FILE_REFUSED, /* the file could not be created or written */
  MIR_TRACE_FORKED,       /* this process is a child of the traced one */
  MIR_TRACE_BAD_OPTION    /* an option out of range */
} MIR_trace_status_t;

/* What STATUS means, in a few words in lower case.  The string is static.  */
MIR_ALLOC_API const char *MIR_trace_status_text (MIR_trace_status_t status);

/* The most that `stack_depth` may be.  */
enum { MIR_TRACE_MAX_STACK = 64 /* return addresses */ };

/* SIZE and FILE are required; every other member may be zero, which is the default.  */
typedef struct MIR_trace_options {
  size_t size; /* sizeof (MIR_trace_options_t): the version of this structure */
  /* The path, read during the call.  The trace replaces a plain file that this user owns; only this
     user can read and write the new one (on Windows: whoever its directory allows).  */
  const char *file;
  const char *title; /* of the picture, read during the call; NULL: the file's name */
  MIR_alloc_t alloc; /* the allocator below, kept by pointer; NULL: mimalloc */
  /* For the trace itself: one block of about 70 KiB, with `stack_depth` one more of 32 KiB, which are
     not in the picture.  Kept by pointer; NULL: mimalloc.  */
  MIR_alloc_t own;
  /* Return addresses to record with each allocation, at most MIR_TRACE_MAX_STACK; costs some
     microseconds each time.  0: none.  They are found by unwind tables: a stack ends at generated
     code of which the unwinder has not been told (MIR_CODE_FRAMES in mir-code-tools.h, with its
     hooks as `hooks` below, or MIR_code_add_frames).  */
  unsigned stack_depth;
  /* Called by MIR_trace_hooks after the trace: a space has room for only one set of hooks.  Read
     during the call; NULL: none.  */
  const MIR_code_hooks_t *hooks;
} MIR_trace_options_t;

/* The handle of a trace.  Any thread.  */
typedef struct MIR_trace *MIR_trace_t;

/* Create the file that OPTIONS name, with the head of the trace in it, and set *TRACE to a trace into
   it; the caller owns the trace until MIR_trace_finish.  On failure *TRACE is NULL and no new file
   is left; if the file was refused, errno or GetLastError () says why.  */
MIR_ALLOC_API MIR_trace_status_t MIR_trace_create (const MIR_trace_options_t *options,
                                                   MIR_trace_t *trace);

/* The traced allocator.  Its blocks are blocks of the allocator below: each may free the other's,
   but only calls through the trace are in the picture.  TRACE owns it.  */
MIR_ALLOC_API MIR_alloc_t MIR_trace_alloc (MIR_trace_t trace);
/* For MIR_code_options_t or MIR_code_set_hooks; several spaces may share them.  TRACE owns
   them.  */
MIR_ALLOC_API const MIR_code_hooks_t *MIR_trace_hooks (MIR_trace_t trace);

/* Push: the calling thread enters the scope NAME, which is read during the call and cut to 1000
   bytes.  Pop: it leaves the scope that it entered last.  Both do nothing if TRACE is NULL.  */
MIR_ALLOC_API void MIR_trace_push (MIR_trace_t trace, const char *name);
MIR_ALLOC_API void MIR_trace_pop (MIR_trace_t trace);

/* The state of a trace.  */
typedef struct MIR_trace_state {
  MIR_trace_status_t status; /* MIR_TRACE_OK: working; otherwise it has stopped for good */
  int error;                 /* errno or GetLastError () of the refused call; 0: none */
  uint64_t events;           /* in the file, or waiting in the buffer */
  uint64_t lost;             /* all others */
} MIR_trace_state_t;

/* Set *STATE to the state of TRACE.  */
MIR_ALLOC_API void MIR_trace_get_state (MIR_trace_t trace, MIR_trace_state_t *state);

/* Write the buffer, and return the status.  At most 64 KiB of events wait in the buffer, and are lost
   if the program dies: all events, if that is before the first 64 KiB.  */
MIR_ALLOC_API MIR_trace_status_t MIR_trace_flush (MIR_trace_t trace);

/* Write the end of the file, close it, and free TRACE; NULL is allowed.  Returns the last status:
   the file is complete only with MIR_TRACE_OK.  Finish every context and space that uses the trace
   first.  Blocks may still be live; free them with the allocator below.  */
MIR_ALLOC_API MIR_trace_status_t MIR_trace_finish (MIR_trace_t trace);

/* After a fork the trace stops in the child, with MIR_TRACE_FORKED: the child's events are lost,
   and the parent's trace goes on without them.  A child can create its own trace, with another
   file.  */

#ifdef __cplusplus
}
#endif

#endif /* MIR_TRACE_H */
