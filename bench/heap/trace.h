/* A recorded trace (trace-format.h), decoded for replaying.  */
#ifndef MIR_BENCH_HEAP_TRACE_H
#define MIR_BENCH_HEAP_TRACE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

struct trace_call {
  uint32_t op; /* TRACE_MALLOC, TRACE_CALLOC, TRACE_FREE, TRACE_REALLOC */
  uint32_t slot;
  uint32_t size, old_size; /* bytes; of a realloc both, of a free the old one */
};

struct trace {
  struct trace_call *calls;
  size_t calls_num, slots_num;
  size_t counts[4];    /* by op */
  uint64_t peak_bytes; /* requested */
};

/* Read at most the first MOST calls of the trace in the file NAME, - for standard input.  The
   caller frees TRACE with trace_free.  0, or -1 if the file cannot be read or is not a trace.  */
int trace_read (const char *name, size_t most, struct trace *trace);
void trace_free (struct trace *trace);

#endif /* MIR_BENCH_HEAP_TRACE_H */
