/* What lies beside this mir-inject: the DLLs for each CPU, and a mir-inject for the other bitness.
   Windows only.

       mir-inject.exe   mir-ucrt.dll   x64\   x86\   arm64\        each of these with its own two */

#ifndef MIR_INJECT_PROCESS_TOOL_H
#define MIR_INJECT_PROCESS_TOOL_H

#include "inject/process/remote.h"

/* The full path of the DLL for a process of MACHINE: WANTED if that is not NULL, else mir-ucrt.dll
   beside this program or in the folder of that CPU.  For the caller to free; NULL with the reason
   in CAUSE if there is none or it is for another CPU.  */
wchar_t *tool_dll (const char *wanted, enum pe_machine machine, char cause[REASON_MAX]);

/* The machine of the program or DLL in the file PATH, PE_OTHER if it is none or cannot be read.  */
enum pe_machine tool_file_machine (const wchar_t *path);

/* Have the mir-inject in FOLDER, beside this one, do the same command: its exit status.  If it is
   not there, say so and why it is needed, and return FAILURE.  */
int tool_hand_over (const char *folder, const char *why, int failure);

/* Start PROGRAM with the command line LINE as our own parent started us: same handles, same window.
   Suspended, if FLAGS say so.  It ends when this program ends; from now on Ctrl-C and Ctrl-Break
   are for it, which gets them as we do.  0 or -1, with the cause in GetLastError ().  */
int tool_start (const wchar_t *program, wchar_t *line, DWORD flags, PROCESS_INFORMATION *info);

/* Wait for the end of PROCESS: its exit status.  */
DWORD tool_wait (HANDLE process);

#endif
