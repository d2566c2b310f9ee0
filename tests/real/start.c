/* start MILLISECONDS [attach=TOOL] DLL... -- COMMAND LINE: run a program with DLLs loaded into it.

   With 0 milliseconds the program is created suspended, and the DLLs are loaded before its first
   own instruction (but after its own DLLs were initialised); else when it has run for that long.
   They are loaded by a remote thread; with TOOL, mir-inject.exe, it attaches mir-ucrt.dll before,
   and checks it.  The status is the program's; 90 and a line on standard error if it could not be
   done, 91 if it had ended by then.  */

#define UNICODE
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { CANNOT = 90, TOO_LATE = 91 };

static int cannot (const char *what) {
  fprintf (stderr, "start: cannot %s: error %lu\n", what, GetLastError ());
  return CANNOT;
}

/* kernel32 is where it is here in every process of one boot.  */
static int load (HANDLE process, const wchar_t *dll) {
  size_t size = (wcslen (dll) + 1) * sizeof *dll;
  void *remote = VirtualAllocEx (process, NULL, size, MEM_COMMIT, PAGE_READWRITE);
  if (remote == NULL || !WriteProcessMemory (process, remote, dll, size, NULL))
    return cannot ("write");
  LPTHREAD_START_ROUTINE start = (LPTHREAD_START_ROUTINE) (void *) LoadLibraryW;
  HANDLE thread = CreateRemoteThread (process, NULL, 0, start, remote, 0, NULL);
  if (thread == NULL) return cannot ("make a thread");
  if (WaitForSingleObject (thread, 60000) != WAIT_OBJECT_0) return cannot ("wait for LoadLibrary");
  DWORD low_bits_of_handle = 0;
  GetExitCodeThread (thread, &low_bits_of_handle);
  CloseHandle (thread);
  if (low_bits_of_handle == 0) return cannot ("load the DLL");
  return 0;
}

/* Its result must be 0; what it says must not come between what the program says.  */
static int run_tool (const char *tool, const char *command, DWORD process) {
  char line[2 * MAX_PATH];
  HANDLE errors = GetStdHandle (STD_ERROR_HANDLE);
  STARTUPINFOA startup = {.cb = sizeof startup,
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdOutput = errors,
                          .hStdError = errors};
  PROCESS_INFORMATION child;
  DWORD status = 1;
  snprintf (line, sizeof line, "\"%s\" %s %lu", tool, command, process);
  if (!CreateProcessA (NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &child))
    return cannot ("start mir-inject");
  WaitForSingleObject (child.hProcess, INFINITE);
  GetExitCodeProcess (child.hProcess, &status);
  if (status != 0) fprintf (stderr, "start: mir-inject %s: status %lu\n", command, status);
  return status == 0 ? 0 : CANNOT;
}

static int attach (const char *tool, DWORD process) {
  int status = run_tool (tool, "attach", process);
  return status != 0 ? status : run_tool (tool, "check", process);
}

static int bring (PROCESS_INFORMATION *child, const char *what) {
  static const char by_tool[] = "attach=";
  wchar_t dll[MAX_PATH];
  if (strncmp (what, by_tool, sizeof by_tool - 1) == 0)
    return attach (what + sizeof by_tool - 1, child->dwProcessId);
  if (MultiByteToWideChar (CP_UTF8, 0, what, -1, dll, MAX_PATH) == 0) return cannot ("read a name");
  return load (child->hProcess, dll);
}

int main (int argc, char **argv) {
  wchar_t *command = wcsstr (GetCommandLineW (), L" -- ");
  if (argc < 4 || command == NULL) {
    fprintf (stderr, "usage: start MILLISECONDS [attach=TOOL] DLL... -- COMMAND LINE\n");
    return CANNOT;
  }
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION child;
  int wait = atoi (argv[1]), status = 0;
  DWORD flags = wait == 0 ? CREATE_SUSPENDED : 0;
  if (!CreateProcessW (NULL, command + 4, NULL, NULL, TRUE, flags, NULL, NULL, &startup, &child))
    return cannot ("start the program");
  if (wait > 0 && WaitForSingleObject (child.hProcess, (DWORD) wait) == WAIT_OBJECT_0)
    status = TOO_LATE;
  for (int i = 2; status == 0 && strcmp (argv[i], "--") != 0; i++) status = bring (&child, argv[i]);
  if (status != 0) {
    TerminateProcess (child.hProcess, (UINT) status);
    return status;
  }
  if (wait == 0) ResumeThread (child.hThread);
  WaitForSingleObject (child.hProcess, INFINITE);
  DWORD code = CANNOT;
  GetExitCodeProcess (child.hProcess, &code);
  return (int) code;
}
