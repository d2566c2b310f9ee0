/* The commands on systems other than Windows: each prints an error.  */
#include "inject/process/commands.h"

#include "inject/process/log.h"

char **process_arguments (int *argc, char **argv) {
  (void) argc;
  return argv;
}

static int needs_windows (const char *command, int status) {
  process_log ("%s needs Windows and mir-inject.exe: here mir-inject only edits files", command);
  return status;
}

int process_run (const struct process_options *options, char **argv) {
  (void) options;
  (void) argv;
  return needs_windows ("run", PROCESS_RUN_FAILED);
}

int process_attach (const struct process_options *options, unsigned long id) {
  (void) options;
  (void) id;
  return needs_windows ("attach", PROCESS_UNKNOWN);
}

int process_check (const struct process_options *options, unsigned long id) {
  (void) options;
  (void) id;
  return needs_windows ("check", PROCESS_UNKNOWN);
}
