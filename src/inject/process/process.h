/* mir-inject's commands about processes: run, attach and check.

   They exist in the Windows build; elsewhere each says so and fails.  Texts are UTF-8 throughout.
   One thread at a time.

   target    the process that is looked at, or which the DLL is put into
   gate      the target's entry point, held in a loop of two bytes until the DLL has been looked at  */

#ifndef MIR_INJECT_PROCESS_PROCESS_H
#define MIR_INJECT_PROCESS_PROCESS_H

enum process_way { PROCESS_ANY_WAY, PROCESS_IMPORTS, PROCESS_APC, PROCESS_THREAD };

struct process_options {
  const char *dll; /* --dll=FILE; NULL: mir-ucrt.dll for the target's CPU, beside this tool */
  unsigned
      timeout; /* --timeout=SECONDS, here milliseconds: to wait for the DLL, not for the program */
  int verbose; /* --verbose: say what is done, on standard error */
  int json;    /* --json: the status as JSON on standard output */
  int force;   /* --force: try even where it is known not to work */
  int require; /* --require: a program that was not taken over does not run */
  enum process_way way; /* --via=imports|apc|thread: this way and no other */
};

/* The commands' exit statuses.  `run` gives the program's own; its failures are those of env and
   timeout.  */
enum {
  PROCESS_TAKEN = 0,      /* active, and every function still goes to the DLL */
  PROCESS_NOT_LOADED = 1, /* the DLL is not in the process */
  PROCESS_NOT_TAKEN =
      2, /* it is there, but waits, is disabled, refused, failed, or was overwritten */
  PROCESS_UNKNOWN = 3, /* could not be looked at, or the arguments were wrong */
  PROCESS_RUN_FAILED = 125,
  PROCESS_RUN_REFUSED = 126, /* the program is there and cannot be started */
  PROCESS_RUN_NOTHING = 127  /* there is no such program */
};

#endif
