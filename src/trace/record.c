/* Records, the buffer, and the lock of all traces, which is held except where it is taken.  */
#include "trace/record.h"

#include <string.h>

#include "heap/forks.h"
#include "os/cancel.h"
#include "os/os.h"

/*---------------- The lock -----------------------------*/

static mir_os_lock_t trace_lock = MIR_OS_LOCK_INITIALIZER;
static int trace_held; /* cancellation, by who has the lock */
static struct mir_watched trace_watched;

/* The buffer is written to the file with the lock held.  */
void mir_trace_lock (void) {
  int held = mir_os_hold_cancel ();
  mir_os_lock (&trace_lock);
  trace_held = held;
}

void mir_trace_unlock (void) {
  int held = trace_held;
  mir_os_unlock (&trace_lock);
  mir_os_let_cancel (held);
}

int mir_trace_watch_forks (void) {
  return mir_forks_watch_static (&trace_watched, &trace_lock);
}

/*---------------- The buffer -----------------------------*/

/* Stop TRACE with STATUS and ERROR; the events in its buffer are lost.  */
static void stop_trace (MIR_trace_t trace, MIR_trace_status_t status, int error) {
  trace->state.status = status;
  trace->state.error = error;
  trace->state.events -= trace->waiting;
  trace->state.lost += trace->waiting;
  trace->waiting = 0;
  trace->used = 0;
}

/* The buffer that a child inherits belongs to the parent, and so do its events.  */
void mir_trace_follow_fork (MIR_trace_t trace) {
  unsigned forks = mir_forks_count ();
  if (trace->forks == forks) return; /* the usual case, without a system call */
  trace->forks = forks;
  if (trace->process == mir_os_process () || trace->state.status != MIR_TRACE_OK) return;
  trace->waiting = 0;
  trace->state.events = 0;
  stop_trace (trace, MIR_TRACE_FORKED, 0);
}

void mir_trace_write_out (MIR_trace_t trace) {
  if (trace->state.status != MIR_TRACE_OK || trace->used == 0) return;
  int error = mir_trace_file_write (trace->file, trace->buffer, trace->used);
  if (error != 0) {
    stop_trace (trace, MIR_TRACE_FILE_REFUSED, error);
    return;
  }
  trace->used = 0;
  trace->waiting = 0;
}

int mir_trace_make_room (MIR_trace_t trace) {
  mir_trace_follow_fork (trace);
  if (MIR_TRACE_BUFFER - trace->used < MIR_TRACE_EVENT_MAX) mir_trace_write_out (trace);
  return trace->state.status == MIR_TRACE_OK;
}

int mir_trace_has_room (MIR_trace_t trace) {
  if (mir_trace_make_room (trace)) return 1;
  trace->state.lost++;
  return 0;
}

/*---------------- Records -----------------------------*/

/* Threads are numbered here, because the system reuses its thread IDs.  */
static unsigned this_thread (void) {
  static _Thread_local unsigned number;
  static unsigned last; /* guarded by the lock */
  if (number == 0) number = ++last;
  return number;
}

void mir_trace_byte (MIR_trace_t trace, uint8_t byte) {
  trace->buffer[trace->used++] = byte;
}

void mir_trace_number (MIR_trace_t trace, uint64_t number) {
  uint8_t *p = trace->buffer + trace->used;
  for (; number >= 0x80; number >>= 7) *p++ = (uint8_t) (number | 0x80);
  *p++ = (uint8_t) number;
  trace->used = (size_t) (p - trace->buffer);
}

void mir_trace_address (MIR_trace_t trace, uint64_t *last, uint64_t address) {
  uint64_t difference = address - *last;
  *last = address;
  mir_trace_number (trace, difference << 1 ^ (difference >> 63 == 0 ? 0 : UINT64_MAX));
}

void mir_trace_text (MIR_trace_t trace, const char *text) {
  size_t len = 0;
  if (text != NULL)
    while (len < MIR_TRACE_NAME_MAX && text[len] != '\0') len++;
  mir_trace_number (trace, len);
  if (len > 0) memcpy (trace->buffer + trace->used, text, len);
  trace->used += len;
}

/* Put STACK, for the record that follows, into the buffer.  */
static void put_stack (MIR_trace_t trace, const struct mir_trace_stack *stack) {
  mir_trace_byte (trace, MIR_TRACE_STACK);
  mir_trace_number (trace, stack->num);
  for (size_t i = 0; i < stack->num; i++)
    mir_trace_address (trace, &trace->pc, (uintptr_t) stack->addresses[i]);
}

void mir_trace_begin (MIR_trace_t trace, enum mir_trace_kind kind,
                      const struct mir_trace_stack *stack) {
  unsigned thread = this_thread ();
  uint64_t now = mir_os_nanoseconds ();
  if (thread != trace->thread) {
    mir_trace_byte (trace, MIR_TRACE_THREAD);
    mir_trace_number (trace, thread);
    trace->thread = thread;
  }
  if (stack != NULL && stack->num > 0) put_stack (trace, stack);
  mir_trace_byte (trace, (uint8_t) kind);
  mir_trace_number (trace, now - trace->time);
  trace->time = now;
}

void mir_trace_symbol (MIR_trace_t trace, uintptr_t address, const char *name) {
  mir_trace_byte (trace, MIR_TRACE_SYMBOL);
  mir_trace_address (trace, &trace->pc, address);
  mir_trace_text (trace, name);
}

void mir_trace_end (MIR_trace_t trace) {
  trace->waiting++;
  trace->state.events++;
}
