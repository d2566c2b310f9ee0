/* The parts of `mir-inject run`.  Windows only; contracts as in remote.h.  */

#ifndef INJECT_LAUNCH_H
#define INJECT_LAUNCH_H

#include "inject/process/remote.h"

/* launch-program.c: the full path of the file which a shell would start for NAME: as it is if it
   names a folder, else from the current folder and PATH; with .exe behind it if there is such a
   file.  For the caller to free; NULL with the reason in CAUSE and PROCESS_RUN_… in STATUS.  */
wchar_t *launch_find (const char *name, char cause[REASON_MAX], int *status);

/* launch-imports.c: make the DLL at PATH the first import of the program of REMOTE, which has not
   begun to run. *SLOT is then the address of the pointer which the loader fills in when it has
   mapped the DLL, and *EMPTY its value until then.  0, or -1 with the reason in CAUSE and nothing
   changed.  */
int launch_import (const remote_t *remote, const wchar_t *path, uint64_t *slot, uint64_t *empty,
                   char cause[REASON_MAX]);

/* launch-gate.c: the program's entry as a loop, and back.  */
typedef struct {
  uint64_t entry; /* 0: the gate is not there */
  uint8_t before[4];
  size_t size; /* bytes of BEFORE */
} gate_t;

int gate_close (const remote_t *remote, gate_t *gate);
/* THREAD may be in the loop.  */
int gate_open (const remote_t *remote, gate_t *gate, HANDLE thread);

#endif
