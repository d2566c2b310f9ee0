/* Imports of a program which has not begun to run.  Windows only.  */

#ifndef MIR_INJECT_PROCESS_LAUNCH_IMPORTS_H
#define MIR_INJECT_PROCESS_LAUNCH_IMPORTS_H

#include "inject/process/remote.h"

/* Make the DLL at PATH the first import of the program of REMOTE, which has not
   begun to run. *SLOT is then the address of the pointer which the loader fills in when it has
   mapped the DLL, and *EMPTY its value until then.  0, or -1 with the reason in CAUSE and nothing
   changed.  */
int launch_import (const struct remote *remote, const wchar_t *path, uint64_t *slot,
                   uint64_t *empty, char cause[REASON_MAX]);

#endif
