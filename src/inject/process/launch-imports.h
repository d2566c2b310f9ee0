/* Injects into the mapped image of a program that has not begun to run.  Windows only.  One
   thread at a time may use a struct remote.  */

#ifndef MIR_INJECT_PROCESS_LAUNCH_IMPORTS_H
#define MIR_INJECT_PROCESS_LAUNCH_IMPORTS_H

#include "inject/process/remote.h"

/* Make the DLL at PATH the first import of the program of REMOTE.  *SLOT is the address, in REMOTE,
   of the pointer that the loader sets when it has mapped the DLL; until then the pointer is *EMPTY.
   Returns 0, or -1 with the reason in CAUSE and nothing changed.  */
int launch_import (const struct remote *remote, const wchar_t *path, uint64_t *slot,
                   uint64_t *empty, char cause[REASON_MAX]);

#endif
