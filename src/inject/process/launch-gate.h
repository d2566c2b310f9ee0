/* The gate: a program that waits at its entry.  Windows only; contracts as in remote.h.  */

#ifndef MIR_INJECT_PROCESS_LAUNCH_GATE_H
#define MIR_INJECT_PROCESS_LAUNCH_GATE_H

#include "inject/process/remote.h"

/* The program's entry as a loop, and back.  */
struct launch_gate {
  uint64_t entry; /* 0: the gate is not there */
  uint8_t before[4];
  size_t size; /* bytes of BEFORE */
};

int launch_gate_close (const struct remote *remote, struct launch_gate *gate);
/* THREAD may be in the loop.  */
int launch_gate_open (const struct remote *remote, struct launch_gate *gate, HANDLE thread);

#endif
