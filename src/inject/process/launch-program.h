/* Finding the program which `run` starts.  Windows only.  */

#ifndef MIR_INJECT_PROCESS_LAUNCH_PROGRAM_H
#define MIR_INJECT_PROCESS_LAUNCH_PROGRAM_H

#include <stddef.h> /* wchar_t */
#include "inject/process/reason.h"

/* The full path of the file which a shell would start for NAME: as it is if it
   names a folder, else from the current folder and PATH; with .exe behind it if there is such a
   file.  For the caller to free; NULL with the reason in CAUSE and PROCESS_RUN_… in STATUS.  */
wchar_t *launch_find (const char *name, char cause[REASON_MAX], int *status);

#endif
