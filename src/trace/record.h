/* A trace and its buffer of records.  One lock guards all traces of the process.  */
#ifndef MIR_TRACE_RECORD_H
#define MIR_TRACE_RECORD_H

#include <stdatomic.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-trace.h"

#include "trace/format.h"
#include "trace/trace-file.h"
#include "trace/unnamed.h"

enum {
  MIR_TRACE_BUFFER = 64 * 1024, /* bytes */
  /* At least the bytes of the largest event: a thread, a stack, and a record with a name.  Beside
     the addresses these hold 6 numbers (8: with room), and fewer kind bytes than numbers (1).  */
  MIR_TRACE_EVENT_MAX = (MIR_TRACE_STACK_MAX + 8) * (MIR_TRACE_NUMBER_MAX + 1) + MIR_TRACE_NAME_MAX,
  MIR_TRACE_KNOWN = 512 /* a power of two */
};

struct MIR_trace {
  struct MIR_alloc alloc;
  MIR_code_hooks_t hooks;
  MIR_alloc_t below;
  MIR_alloc_t own;             /* the allocator of this structure */
  MIR_code_hooks_t next_hooks; /* called after HOOKS; all NULL: none */
  unsigned stack_depth;        /* return addresses to record; 0: none */
  /* Hash table of return addresses whose symbols are in the file.  A collision replaces an address,
     and its symbol is then written again.  */
  _Atomic uintptr_t known[MIR_TRACE_KNOWN];
  /* The lock guards everything below.  */
  struct mir_trace_unnamed *unnamed; /* a block of `own`; NULL: no return addresses are recorded */
  MIR_trace_state_t state;
  mir_trace_file_t file;
  long process;             /* the process that owns the file */
  unsigned forks;           /* the count of forks when PROCESS was last checked */
  unsigned thread;          /* of the last record */
  uint64_t time;            /* of the last record, in nanoseconds of mir_os_nanoseconds */
  uint64_t block, code, pc; /* the last address of each sort, see format.h */
  uint64_t waiting;         /* events that are in the buffer, at least in part */
  size_t used;              /* bytes of the buffer */
  uint8_t buffer[MIR_TRACE_BUFFER];
};

/* Return addresses, innermost first.  */
struct mir_trace_stack {
  size_t num;
  void *addresses[MIR_TRACE_STACK_MAX];
};

/* From now on, count forks and make them wait for the lock.  Returns 0, or -1 if there is no memory
   for it.  */
int mir_trace_watch_forks (void);
void mir_trace_lock (void);
void mir_trace_unlock (void);

/* The caller of everything below holds the lock.  */

/* Whether the trace is working and its buffer has room for the largest event; writes the buffer if
   that helps.  */
int mir_trace_make_room (MIR_trace_t trace);
/* As mir_trace_make_room, before recording an event: if the answer is no, the event is counted as
   lost.  */
int mir_trace_has_room (MIR_trace_t trace);
/* Begin an event of this thread: write the thread if it changed, STACK unless that is NULL or
   empty, the kind and the time.  Then come the members that format.h lists, and mir_trace_end.  */
void mir_trace_begin (MIR_trace_t trace, enum mir_trace_kind kind,
                      const struct mir_trace_stack *stack);
/* Put a byte, a number, an address, a text (format.h) into the buffer, which has room.  */
void mir_trace_byte (MIR_trace_t trace, uint8_t byte);
void mir_trace_number (MIR_trace_t trace, uint64_t number);
/* LAST is `block`, `code` or `pc` of TRACE: the last address of this sort.  */
void mir_trace_address (MIR_trace_t trace, uint64_t *last, uint64_t address);
/* TEXT NULL: an empty text.  */
void mir_trace_text (MIR_trace_t trace, const char *text);
/* Write that NAME is the function of the return address ADDRESS; no event.  */
void mir_trace_symbol (MIR_trace_t trace, uintptr_t address, const char *name);
/* Count the event that is now complete.  */
void mir_trace_end (MIR_trace_t trace);

/* Write the buffer to the file.  If that fails, the trace stops.  */
void mir_trace_write_out (MIR_trace_t trace);
/* Stop the trace if this process is a child of the one that owns the file.  */
void mir_trace_follow_fork (MIR_trace_t trace);

#endif /* MIR_TRACE_RECORD_H */
