/* start MILLISECONDS [WHAT=TOOL] DLL... -- COMMAND LINE: run a program with DLLs loaded into it.

   With 0 milliseconds the program is created suspended, and the DLLs are loaded before its first
   own instruction (but after its own DLLs were initialised); else when it has run for that long.
   They are loaded by a remote thread.  TOOL is mir-inject.exe: attach=TOOL has it attach
   mir-ucrt.dll and check it, check=TOOL only check it, check-child=TOOL check it in the program
   which that one has started.  The status is the program's; 90 and a line on standard error if it
   could not be done, 91 if it had ended by then, 92 if TOOL does not end.  */

#define UNICODE
#include <windows.h>
#include <tlhelp32.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

enum { CANNOT = 90, TOO_LATE = 91, TOO_LONG = 92 };
enum { TRIES = 100, CHILD_TRIES = 1500, PAUSE = 20, LIMIT = 60000 /* milliseconds */ };

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
  if (WaitForSingleObject (child.hProcess, LIMIT) == WAIT_TIMEOUT) {
    fprintf (stderr, "start: mir-inject %s did not end in %d seconds\n", command, LIMIT / 1000);
    TerminateProcess (child.hProcess, TOO_LONG);
    return TOO_LONG;
  }
  GetExitCodeProcess (child.hProcess, &status);
  if (status != 0) fprintf (stderr, "start: mir-inject %s: status %lu\n", command, status);
  return status == 0 ? 0 : CANNOT;
}

static int has_ended (DWORD process) {
  HANDLE handle = OpenProcess (SYNCHRONIZE, FALSE, process);
  int ended = handle == NULL || WaitForSingleObject (handle, 0) == WAIT_OBJECT_0;
  if (handle != NULL) CloseHandle (handle);
  return ended;
}

/* One that has only begun may not have come to the DLL: it is asked again.  It is not held
   meanwhile: in its beginning it may have what Wine lets one process at a time have, and then TOOL
   would not start.  */
static int check (const char *tool, DWORD process) {
  int status = CANNOT;
  for (int tries = 0; status != 0 && status != TOO_LONG && tries < TRIES && process != 0; tries++) {
    if (tries > 0) Sleep (PAUSE);
    status = run_tool (tool, "check", process);
    if (status != 0 && has_ended (process)) return TOO_LATE;
  }
  return status;
}

static int attach (const char *tool, DWORD process) {
  int status = run_tool (tool, "attach", process);
  return status != 0 ? status : check (tool, process);
}

/* The process which PARENT has started; 0: there is none.  */
static DWORD find_child (DWORD parent) {
  PROCESSENTRY32W entry = {.dwSize = sizeof entry};
  HANDLE all = CreateToolhelp32Snapshot (TH32CS_SNAPPROCESS, 0);
  DWORD id = 0;
  if (all == INVALID_HANDLE_VALUE) return 0;
  for (BOOL more = Process32FirstW (all, &entry); more && id == 0;
       more = Process32NextW (all, &entry))
    if (entry.th32ParentProcessID == parent) id = entry.th32ProcessID;
  CloseHandle (all);
  return id;
}

/* Waits for it.  */
static DWORD child_of (DWORD parent) {
  DWORD id = find_child (parent);
  for (int tries = 0; id == 0 && tries < CHILD_TRIES; tries++) {
    Sleep (PAUSE);
    id = find_child (parent);
  }
  if (id == 0) fprintf (stderr, "start: there is no program that it has started\n");
  return id;
}

/* What follows NAME in WHAT; NULL: it begins otherwise.  */
static const char *tool_of (const char *what, const char *name) {
  size_t size = strlen (name);
  return strncmp (what, name, size) == 0 ? what + size : NULL;
}

static int bring (PROCESS_INFORMATION *child, const char *what) {
  wchar_t dll[MAX_PATH];
  const char *tool;
  if ((tool = tool_of (what, "attach=")) != NULL) return attach (tool, child->dwProcessId);
  if ((tool = tool_of (what, "check=")) != NULL) return check (tool, child->dwProcessId);
  if ((tool = tool_of (what, "check-child=")) != NULL)
    return check (tool, child_of (child->dwProcessId));
  if (MultiByteToWideChar (CP_UTF8, 0, what, -1, dll, MAX_PATH) == 0) return cannot ("read a name");
  return load (child->hProcess, dll);
}

int main (int argc, char **argv) {
  wchar_t *command = wcsstr (GetCommandLineW (), L" -- ");
  if (argc < 4 || command == NULL) {
    fprintf (stderr, "usage: start MILLISECONDS [WHAT=TOOL] DLL... -- COMMAND LINE\n");
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
    /* Only if it came to a good end of its own, of which the one that started it may not know yet.
     */
    DWORD end = CANNOT;
    int ended_well =
        WaitForSingleObject (child.hProcess, status == TOO_LATE ? LIMIT : 0) == WAIT_OBJECT_0
        && GetExitCodeProcess (child.hProcess, &end) && end == 0;
    if (ended_well || status == TOO_LATE) status = ended_well ? TOO_LATE : CANNOT;
    TerminateProcess (child.hProcess, (UINT) status);
    return status;
  }
  if (wait == 0) ResumeThread (child.hThread);
  WaitForSingleObject (child.hProcess, INFINITE);
  DWORD code = CANNOT;
  GetExitCodeProcess (child.hProcess, &code);
  return (int) code;
}
