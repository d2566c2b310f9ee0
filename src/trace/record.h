/* A trace's inside: records are put into its buffer with the one lock of all traces held.  */
#ifndef MIR_TRACE_RECORD_H
#define MIR_TRACE_RECORD_H

#include <stdatomic.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-trace.h"

#include "trace/format.h"
#include "trace/trace-file.h"

enum {
  MIR_TRACE_BUFFER = 64 * 1024, /* bytes */
  /* The largest event: a thread, a stack, and a record with a name.  */
  MIR_TRACE_EVENT_MAX = (MIR_TRACE_STACK_MAX + 8) * (MIR_TRACE_NUMBER_MAX + 1) + MIR_TRACE_NAME_MAX,
  MIR_TRACE_KNOWN = 512 /* a power of two */
};

struct MIR_trace {
  struct MIR_alloc alloc;
  MIR_code_hooks_t hooks;
  MIR_alloc_t below;
  MIR_alloc_t own; /* of this block */
  const MIR_code_hooks_t *next_hooks;
  unsigned stack_depth;
  /* Return addresses of which the symbol has been written, by hash; forgotten ones are written
     again.  */
  _Atomic uintptr_t known[MIR_TRACE_KNOWN];
  /* The lock's.  */
  MIR_trace_state_t state;
  mir_trace_file_t file;
  long process;   /* whose file it is */
  unsigned forks; /* when PROCESS was checked */
  unsigned thread;
  uint64_t time;
  uint64_t block, code, pc; /* the last address of each sort */
  uint64_t waiting;         /* events of which something is in the buffer */
  size_t used;              /* bytes of the buffer */
  uint8_t buffer[MIR_TRACE_BUFFER];
};

struct mir_trace_stack {
  size_t num;
  void *addresses[MIR_TRACE_STACK_MAX];
};

/* 0, or -1 without memory for it: from now on forks are noticed.  */
int mir_trace_watch_forks (void);
void mir_trace_lock (void);
void mir_trace_unlock (void);

/* All of what follows: the caller holds the lock.  */

/* Whether the trace is at work, with room for an event, or what is none.  */
int mir_trace_make_room (MIR_trace_t trace);
/* The same for an event, which is counted as lost if not.  */
int mir_trace_has_room (MIR_trace_t trace);
/* The first bytes of an event of this thread, which are those of a record with a time.  STACK may
   be NULL.  */
void mir_trace_begin (MIR_trace_t trace, enum mir_trace_kind kind,
                      const struct mir_trace_stack *stack);
void mir_trace_byte (MIR_trace_t trace, uint8_t byte);
void mir_trace_number (MIR_trace_t trace, uint64_t number);
/* LAST is one of the trace's last addresses.  */
void mir_trace_address (MIR_trace_t trace, uint64_t *last, uint64_t address);
/* NULL is empty.  */
void mir_trace_text (MIR_trace_t trace, const char *text);
void mir_trace_end (MIR_trace_t trace);

void mir_trace_write_out (MIR_trace_t trace);
/* Let the trace of a parent stop in the child, also while nothing is recorded.  */
void mir_trace_follow_fork (MIR_trace_t trace);

#endif /* MIR_TRACE_RECORD_H */
