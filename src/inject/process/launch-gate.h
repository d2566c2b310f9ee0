/* The gate: holds a program at its entry point.  Windows only; failures and threads as in
   remote.h.  */

#ifndef MIR_INJECT_PROCESS_LAUNCH_GATE_H
#define MIR_INJECT_PROCESS_LAUNCH_GATE_H

#include "inject/process/remote.h"

/* What the loop has overwritten.  */
struct launch_gate {
  uint64_t entry; /* address of the entry point; 0: the gate is not closed */
  uint8_t before[4];
  size_t size; /* bytes of BEFORE */
};

/* Overwrite the entry point of the program with an endless loop.  */
int launch_gate_close (const struct remote *remote, struct launch_gate *gate);
/* Restore the entry point.  THREAD, the first of REMOTE, may be in the loop.  */
int launch_gate_open (const struct remote *remote, struct launch_gate *gate, HANDLE thread);

#endif
