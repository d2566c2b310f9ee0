/* Finds the program that `run` starts.  Windows only.  One thread.  */

#ifndef MIR_INJECT_PROCESS_LAUNCH_PROGRAM_H
#define MIR_INJECT_PROCESS_LAUNCH_PROGRAM_H

#include <stddef.h> /* wchar_t */

#include "inject/process/reason.h"

/* The full path of the file that a shell would start for NAME: NAME itself if it contains a folder,
   otherwise found in the current folder and in PATH; with .exe appended if that file exists.  The
   caller frees it.  NULL on failure, with the reason in CAUSE and PROCESS_RUN_... in STATUS.  */
wchar_t *launch_find (const char *name, char cause[REASON_MAX], int *status);

#endif
