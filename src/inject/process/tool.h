/* The files beside this mir-inject.exe, and starting programs.  Windows only.  One thread.

       mir-inject.exe   mir-ucrt.dll   x64\   x86\   arm64\        each with the same two files  */

#ifndef MIR_INJECT_PROCESS_TOOL_H
#define MIR_INJECT_PROCESS_TOOL_H

#include "inject/process/remote.h"

/* The full path of the DLL for a target of MACHINE: WANTED unless that is NULL, otherwise
   mir-ucrt.dll beside this program or in the folder of the CPU.  The caller frees it.  NULL with
   the reason in CAUSE if there is no such file or it is for another CPU.  */
wchar_t *tool_dll (const char *wanted, enum pe_machine machine, char cause[REASON_MAX]);

/* Whether PATH is there and no folder.  */
int tool_is_file (const wchar_t *path);
/* The first bytes of the file PATH, *N of them and at most MAX.  The caller frees them.  NULL if
   the file cannot be opened or there is no memory.  */
uint8_t *tool_read (const wchar_t *path, DWORD max, DWORD *n);

/* The machine of the program or DLL in the file PATH; PE_OTHER if it is neither or cannot be
   read.  */
enum pe_machine tool_file_machine (const wchar_t *path);

/* Run x64\mir-inject.exe, beside this one, with the same command line, and return its exit status.
   If it cannot be started, log that with WHY it is needed, and return FAILURE.  */
int tool_hand_over (const char *why, int failure);

/* Start PROGRAM with the command line LINE, and with the handles and the window of this process.
   FLAGS are those of CreateProcess.  The program ends when this process ends; this process ignores
   Ctrl-C and Ctrl-Break from now on, and the program gets them.  Returns 0, or -1 with the cause in
   GetLastError ().  */
int tool_start (const wchar_t *program, wchar_t *line, DWORD flags, PROCESS_INFORMATION *info);

/* Wait for the end of PROCESS and return its exit status.  */
DWORD tool_wait (HANDLE process);

#endif
