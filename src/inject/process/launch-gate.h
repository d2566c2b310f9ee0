/* The gate: a program that waits at its entry.  Windows only; contracts as in remote.h.  */

#ifndef MIR_INJECT_PROCESS_LAUNCH_GATE_H
#define MIR_INJECT_PROCESS_LAUNCH_GATE_H

#include "inject/process/remote.h"

/* The program's entry as a loop, and back.  */
typedef struct {
  uint64_t entry; /* 0: the gate is not there */
  uint8_t before[4];
  size_t size; /* bytes of BEFORE */
} launch_gate_t;

int launch_gate_close (const remote_t *remote, launch_gate_t *gate);
/* THREAD may be in the loop.  */
int launch_gate_open (const remote_t *remote, launch_gate_t *gate, HANDLE thread);

#endif
