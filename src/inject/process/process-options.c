/* The command lines of run, attach and check, and their help.  */
#include "inject/process/process-options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/process/commands.h"
#include "inject/process/log.h"
#include "inject/process/process.h"

#define DEFAULT_TIMEOUT 10000u /* milliseconds */
#define MAX_TIMEOUT 86400ul    /* seconds */

static const char usage[] =
    "usage: mir-inject run [OPTION...] [--] PROGRAM [ARGUMENT...]\n"
    "       mir-inject attach [OPTION...] PID\n"
    "       mir-inject check [OPTION...] PID\n"
    "\n"
    "run     start PROGRAM with the DLL loaded first; the exit status is the program's\n"
    "attach  load the DLL into a running process\n"
    "check   print the status of the DLL in a process; the exit status is 0 if it is active and\n"
    "        intact, 1 not loaded, 2 not active or overwritten, 3 not known\n"
    "\n"
    "--dll=FILE         the DLL; by default mir-ucrt.dll beside mir-inject.exe, or in the folder\n"
    "                   x64, x86 or arm64 there\n"
    "--timeout=SECONDS  how long to wait for the DLL; 10 by default\n"
    "--via=WAY          run: only try imports, apc or thread; by default the first that works\n"
    "--require          run: end the program if it is not taken over\n"
    "--json             attach, check: print the status as JSON\n"
    "-f --force         try even if it is known to fail\n"
    "-v --verbose       say what is done\n"
    "-h --help          show this help\n";

/* The number TEXT in BASE, at most MAX; -1 if TEXT is anything else.  */
static int64_t number_of (const char *text, unsigned base, uint64_t max) {
  uint64_t number = 0;
  if (*text == 0) return -1;
  for (; *text != 0; text++) {
    unsigned digit = *text >= '0' && *text <= '9'   ? (unsigned) (*text - '0')
                     : *text >= 'a' && *text <= 'f' ? (unsigned) (*text - 'a') + 10
                     : *text >= 'A' && *text <= 'F' ? (unsigned) (*text - 'A') + 10
                                                    : 99;
    if (digit >= base) return -1;
    number = number * base + digit; /* cannot overflow: MAX is below 2^32 */
    if (number > max) return -1;
  }
  return (int64_t) number;
}

unsigned long process_id_of (const char *text) {
  int hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  int64_t id = number_of (text + (hexadecimal ? 2 : 0), hexadecimal ? 16 : 10, UINT32_MAX);
  return id > 0 ? (unsigned long) id : 0;
}

int process_is_command (const char *name) {
  return strcmp (name, "run") == 0 || strcmp (name, "attach") == 0 || strcmp (name, "check") == 0;
}

/* The value of the option NAME if argument *I is that option: the text behind =, or the next
   argument; "" if there is none.  NULL if argument *I is another option.  */
static const char *value_of (const char *name, int argc, char **argv, int *i) {
  size_t len = strlen (name);
  if (strncmp (argv[*i], name, len) != 0) return NULL;
  if (argv[*i][len] == '=') return argv[*i] + len + 1;
  if (argv[*i][len] != 0) return NULL;
  return *i + 1 < argc ? argv[++*i] : "";
}

/* The set functions take the text of one option.  0, or -1 after a message.  */

static int set_way (struct process_options *options, const char *way) {
  static const char *const names[] = {"", "imports", "apc", "thread"}; /* by process_way */
  for (unsigned i = 1; i < sizeof (names) / sizeof (*names); i++)
    if (strcmp (way, names[i]) == 0) {
      options->way = (enum process_way) i;
      return 0;
    }
  return process_log ("--via must be imports, apc or thread, not '%s'", way);
}

static int set_timeout (struct process_options *options, const char *seconds) {
  int64_t number = number_of (seconds, 10, MAX_TIMEOUT);
  if (number < 0)
    return process_log ("--timeout must be a number of seconds from 0 to %lu, not '%s'",
                        MAX_TIMEOUT, seconds);
  options->timeout = (unsigned) number * 1000;
  return 0;
}

static int set_dll (struct process_options *options, const char *file) {
  if (*file == 0) return process_log ("--dll needs the name of a file");
  options->dll = file;
  return 0;
}

/* Set the option ARG that takes no value.  1 if COMMAND has such an option.  */
static int set_flag (struct process_options *options, const char *command, const char *arg) {
  int runs = strcmp (command, "run") == 0;
  if (strcmp (arg, "-v") == 0 || strcmp (arg, "--verbose") == 0)
    options->verbose = 1;
  else if (strcmp (arg, "-f") == 0 || strcmp (arg, "--force") == 0)
    options->force = 1;
  else if (strcmp (arg, "--require") == 0 && runs)
    options->require = 1;
  else if (strcmp (arg, "--json") == 0
           && !runs) /* standard output of `run` belongs to the program */
    options->json = 1;
  else
    return 0;
  return 1;
}

/* The index of the first operand, 0 if help was requested, -1 if an option is wrong.  */
static int read_options (struct process_options *options, int argc, char **argv) {
  int i;
  for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] != 0; i++) {
    const char *value;
    int status, runs = strcmp (argv[0], "run") == 0;
    if (strcmp (argv[i], "--") == 0) return i + 1;
    if (strcmp (argv[i], "-h") == 0 || strcmp (argv[i], "--help") == 0) return 0;
    if (set_flag (options, argv[0], argv[i])) continue;
    if ((value = value_of ("--dll", argc, argv, &i)) != NULL)
      status = set_dll (options, value);
    else if ((value = value_of ("--timeout", argc, argv, &i)) != NULL)
      status = set_timeout (options, value);
    else if (runs && (value = value_of ("--via", argc, argv, &i)) != NULL)
      status = set_way (options, value);
    else
      status = process_log ("%s has no option '%s'", argv[0], argv[i]);
    if (status != 0) return -1;
  }
  return i;
}

int process_main (int argc, char **argv) {
  struct process_options options = {.timeout = DEFAULT_TIMEOUT};
  int runs = strcmp (argv[0], "run") == 0;
  int wrong = runs ? PROCESS_RUN_FAILED : PROCESS_UNKNOWN;
  int first = read_options (&options, argc, argv);
  if (first < 0) return wrong;
  if (first == 0) {
    fputs (usage, stdout);
    return 0;
  }
  if (runs) {
    if (first < argc && argv[first][0] != 0) return process_run (&options, argv + first);
    process_log ("run needs the name of a program (mir-inject run --help)");
    return wrong;
  }
  if (argc - first != 1) {
    process_log ("%s needs one process id (mir-inject %s --help)", argv[0], argv[0]);
    return wrong;
  }
  unsigned long id = process_id_of (argv[first]);
  if (id == 0) {
    process_log ("'%s' is not a process id", argv[first]);
    return wrong;
  }
  return strcmp (argv[0], "attach") == 0 ? process_attach (&options, id)
                                         : process_check (&options, id);
}
