/* start MILLISECONDS [WHAT=TOOL] DLL... -- COMMAND LINE: runs a program and loads DLLs into it.

   With 0 milliseconds the program is created suspended, and a remote thread loads the DLLs before
   its first own instruction, but after its own DLLs are initialised; otherwise after that time.
   TOOL is mir-inject.exe: attach=TOOL attaches mir-ucrt.dll and checks it, check=TOOL only checks
   it, check-child=TOOL checks it in the program that the first one has started.  The exit status is
   that of the program; 90 with a line on standard error on failure, 91 if the program ended too
   early, 92 if TOOL does not end.  */

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

/* kernel32 has the same address in every process until Windows restarts.  */
static int load (HANDLE process, const wchar_t *dll) {
  size_t size = (wcslen (dll) + 1) * sizeof (*dll);
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

/* The exit status of TOOL must be 0.  Its output goes to standard error, not into that of the
   program.  */
static int run_tool (const char *tool, const char *command, DWORD process) {
  char line[2 * MAX_PATH];
  HANDLE errors = GetStdHandle (STD_ERROR_HANDLE);
  STARTUPINFOA startup = {.cb = sizeof (startup),
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdOutput = errors,
                          .hStdError = errors};
  PROCESS_INFORMATION child;
  DWORD status = 1;
  snprintf (line, sizeof (line), "\"%s\" %s %lu", tool, command, process);
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

/* Retry: a process that has just begun may not have loaded the DLL yet.  It is not suspended
   meanwhile, because at its start it may hold what Wine grants to one process at a time, and then
   TOOL would not start.  */
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

/* The id of a process that PARENT has started; 0 if there is none.  */
static DWORD find_child (DWORD parent) {
  PROCESSENTRY32W entry = {.dwSize = sizeof (entry)};
  HANDLE all = CreateToolhelp32Snapshot (TH32CS_SNAPPROCESS, 0);
  DWORD id = 0;
  if (all == INVALID_HANDLE_VALUE) return 0;
  for (BOOL more = Process32FirstW (all, &entry); more && id == 0;
       more = Process32NextW (all, &entry))
    if (entry.th32ParentProcessID == parent) id = entry.th32ProcessID;
  CloseHandle (all);
  return id;
}

/* The same, waiting for it to appear.  */
static DWORD child_of (DWORD parent) {
  DWORD id = find_child (parent);
  for (int tries = 0; id == 0 && tries < CHILD_TRIES; tries++) {
    Sleep (PAUSE);
    id = find_child (parent);
  }
  if (id == 0) fprintf (stderr, "start: there is no program that it has started\n");
  return id;
}

/* The text behind NAME at the start of WHAT; NULL if WHAT begins otherwise.  */
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
  STARTUPINFOW startup = {.cb = sizeof (startup)};
  PROCESS_INFORMATION child;
  int wait = atoi (argv[1]), status = 0;
  DWORD flags = wait == 0 ? CREATE_SUSPENDED : 0;
  if (!CreateProcessW (NULL, command + 4, NULL, NULL, TRUE, flags, NULL, NULL, &startup, &child))
    return cannot ("start the program");
  if (wait > 0 && WaitForSingleObject (child.hProcess, (DWORD) wait) == WAIT_OBJECT_0)
    status = TOO_LATE;
  for (int i = 2; status == 0 && strcmp (argv[i], "--") != 0; i++) status = bring (&child, argv[i]);
  if (status != 0) {
    /* Only if the program ended by itself and well; its parent may not know that yet.  */
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
