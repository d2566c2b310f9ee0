/* start MILLISECONDS DLL... -- COMMAND LINE: run a program with DLLs loaded into it by a remote
   thread.

   With 0 milliseconds the program is created suspended, and the DLLs are loaded before its first
   own instruction (but after its own DLLs were initialised); else when it has run for that long.
   The status is the program's; 90 and a line on standard error if it could not be done, 91 if it
   had ended by then.  */

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

int main (int argc, char **argv) {
  wchar_t *command = wcsstr (GetCommandLineW (), L" -- ");
  if (argc < 4 || command == NULL) {
    fprintf (stderr, "usage: start MILLISECONDS DLL... -- COMMAND LINE\n");
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
  for (int i = 2; status == 0 && strcmp (argv[i], "--") != 0; i++) {
    wchar_t dll[MAX_PATH];
    if (MultiByteToWideChar (CP_UTF8, 0, argv[i], -1, dll, MAX_PATH) == 0)
      status = cannot ("read a name");
    if (status == 0) status = load (child.hProcess, dll);
  }
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
