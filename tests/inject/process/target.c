/* A program to run, attach to and check.

   target args ARGUMENT...   print each argument on a line of its own, as UTF-8 in [ ]
   target argv ARGUMENT...   the same, as the C runtime has split them
   target exit STATUS        end with STATUS
   target echo               copy standard input to standard output
   target status LINE...     run the rest of the command line and print its exit status, all 32 bits
   target spin               print the process id, then allocate and free until standard input ends
   target stopped            print the process id of a child that was started suspended; end the
                             child when standard input ends
   target gone               the same with a child that has ended, and whose handle stays open  */

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_args (void) {
  int n;
  wchar_t **args = CommandLineToArgvW (GetCommandLineW (), &n);
  for (int i = 2; i < n; i++) {
    char text[4096];
    WideCharToMultiByte (CP_UTF8, 0, args[i], -1, text, sizeof (text), NULL, NULL);
    printf ("[%s]\n", text);
  }
  return 0;
}

/* The C runtime and CommandLineToArgvW may split differently.  */
static int print_argv (int argc, char **argv) {
  for (int i = 2; i < argc; i++) printf ("[%s]\n", argv[i]);
  return 0;
}

static int echo (void) {
  int c;
  while ((c = getchar ()) != EOF) putchar (c);
  return 0;
}

/* A shell of another system only sees 8 bits of an exit status.  */
static int print_status (void) {
  STARTUPINFOW startup = {.cb = sizeof (startup)};
  PROCESS_INFORMATION info;
  DWORD status = 0;
  wchar_t *line = wcsstr (GetCommandLineW (), L" status ");
  if (line == NULL
      || !CreateProcessW (NULL, line + wcslen (L" status "), NULL, NULL, TRUE, 0, NULL, NULL,
                          &startup, &info))
    return 1;
  WaitForSingleObject (info.hProcess, INFINITE);
  GetExitCodeProcess (info.hProcess, &status);
  printf ("0x%lx\n", (unsigned long) status);
  return 0;
}

static volatile LONG stop;

static DWORD WINAPI wait_for_end (void *arg) {
  char c;
  DWORD n;
  (void) arg;
  while (ReadFile (GetStdHandle (STD_INPUT_HANDLE), &c, 1, &n, NULL) && n == 1) continue;
  InterlockedExchange (&stop, 1);
  return 0;
}

static void print_id (unsigned long id) {
  printf ("%lu\n", id);
  fflush (stdout);
}

static int spin (void) {
  void *blocks[64] = {NULL};
  CreateThread (NULL, 0, wait_for_end, NULL, 0, NULL);
  print_id (GetCurrentProcessId ());
  for (unsigned i = 0; !stop; i++) {
    free (blocks[i % 64]);
    blocks[i % 64] = malloc (16 + i % 1000);
    if (blocks[i % 64] == NULL) return 1;
    memset (blocks[i % 64], (int) i, 16);
    if (i % 64 == 0) Sleep (1);
  }
  return 0;
}

static int child (int ends) {
  wchar_t self[MAX_PATH];
  STARTUPINFOW startup = {.cb = sizeof (startup)};
  PROCESS_INFORMATION info;
  GetModuleFileNameW (NULL, self, MAX_PATH);
  if (!CreateProcessW (self, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup,
                       &info))
    return 1;
  if (ends) {
    ResumeThread (info.hThread);
    TerminateProcess (info.hProcess, 0); /* does not wait for the end */
  }
  print_id (info.dwProcessId);
  wait_for_end (NULL);
  return !ends && !TerminateProcess (info.hProcess, 0);
}

int main (int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp (what, "args") == 0) return print_args ();
  if (strcmp (what, "argv") == 0) return print_argv (argc, argv);
  if (strcmp (what, "exit") == 0 && argc > 2) return (int) strtoul (argv[2], NULL, 0);
  if (strcmp (what, "echo") == 0) return echo ();
  if (strcmp (what, "status") == 0) return print_status ();
  if (strcmp (what, "spin") == 0) return spin ();
  if (strcmp (what, "stopped") == 0) return child (0);
  if (strcmp (what, "gone") == 0) return child (1);
  fprintf (stderr, "target: args, argv, exit, echo, status, spin, stopped or gone\n");
  return 2;
}
