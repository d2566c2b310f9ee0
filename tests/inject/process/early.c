/* Processes that have not begun, or whose loader is busy, to check and attach to.

   early start PROGRAM       start PROGRAM, print its process id, and end it when standard input ends
   early suspended PROGRAM   the same, suspended before it has loaded a DLL
   early locked              print the process id, hold the loader lock and compute until there is a
                             file called release; end when standard input ends
   early                     do nothing for a minute  */

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdio.h>
#include <string.h>

static int print_id (unsigned long id) {
  printf ("%lu\n", id);
  return fflush (stdout);
}

static void wait_for_end_of_input (void) {
  char c;
  DWORD n;
  while (ReadFile (GetStdHandle (STD_INPUT_HANDLE), &c, 1, &n, NULL) && n == 1) continue;
}

static int start (const char *program, DWORD flags) {
  STARTUPINFOA startup = {.cb = sizeof (startup)};
  PROCESS_INFORMATION info;
  if (!CreateProcessA (program, NULL, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &info))
    return 1;
  print_id (info.dwProcessId);
  wait_for_end_of_input ();
  return !TerminateProcess (info.hProcess, 0);
}

typedef LONG (NTAPI *lock_t) (ULONG, ULONG *, ULONG_PTR *);
typedef LONG (NTAPI *unlock_t) (ULONG, ULONG_PTR);

static int locked (void) {
  HMODULE ntdll = GetModuleHandleA ("ntdll.dll");
  lock_t lock = (lock_t) (void (*) (void)) GetProcAddress (ntdll, "LdrLockLoaderLock");
  unlock_t unlock = (unlock_t) (void (*) (void)) GetProcAddress (ntdll, "LdrUnlockLoaderLock");
  ULONG_PTR cookie;
  if (lock == NULL || unlock == NULL || lock (0, NULL, &cookie) < 0) return 1;
  print_id (GetCurrentProcessId ());
  while (GetFileAttributesA ("release") == INVALID_FILE_ATTRIBUTES) continue;
  unlock (0, cookie);
  wait_for_end_of_input ();
  return 0;
}

int main (int argc, char **argv) {
  if (argc == 1) Sleep (60000);
  if (argc == 2 && strcmp (argv[1], "locked") == 0) return locked ();
  if (argc == 3 && strcmp (argv[1], "start") == 0) return start (argv[2], 0);
  if (argc == 3 && strcmp (argv[1], "suspended") == 0) return start (argv[2], CREATE_SUSPENDED);
  return 2;
}
