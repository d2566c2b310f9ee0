/* Return addresses in functions that no module exports: a trace names them when it ends, all at once,
   because that takes a file of symbols to be read (os/symbols.h).  Until then the file has
   MODULE+OFFSET for them, and keeps it where no name is found.  */
#ifndef MIR_TRACE_UNNAMED_H
#define MIR_TRACE_UNNAMED_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uintptr_t */

#include "mir-trace.h"

enum { MIR_TRACE_UNNAMED = 4096 }; /* a power of two */

/* A hash table of addresses; 0: a free place.  */
struct mir_trace_unnamed {
  size_t num;
  uintptr_t addresses[MIR_TRACE_UNNAMED];
};

/* Keep ADDRESS, unless three quarters of the table are taken.  The caller holds the lock.  */
void mir_trace_keep_unnamed (struct mir_trace_unnamed *unnamed, uintptr_t address);
/* Write the names of the functions of all kept addresses, those that are found.  No other thread uses
   TRACE; the caller does not hold the lock.  */
void mir_trace_write_names (MIR_trace_t trace);

#endif /* MIR_TRACE_UNNAMED_H */
