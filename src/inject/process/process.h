/* What the commands run, attach and check have in common: options and exit statuses.

   The commands work on Windows; elsewhere each prints an error and fails.  Texts are UTF-8.  One
   thread at a time.

   target     the process that is examined, or that gets the DLL
   remote     a target with an open handle, and access to its memory
   image      a program or DLL that the loader has mapped in the target
   facts      what prevents loading a DLL into the target, e.g. a policy
   presence   whether mir-ucrt.dll is in the target, and its status
   way        how `run` loads the DLL: a first import, an APC, or a thread
   load       one attempt to load the DLL by code that is put into the target
   gate       an endless loop at the entry point of the target, until --require is satisfied
   tool       a file of ours beside mir-inject.exe: the DLL, or mir-inject.exe for another CPU
   cause      the text of a failure, REASON_MAX bytes with its 0  */

#ifndef MIR_INJECT_PROCESS_PROCESS_H
#define MIR_INJECT_PROCESS_PROCESS_H

/* In the order in which they are tried.  */
enum process_way { PROCESS_ANY_WAY, PROCESS_IMPORTS, PROCESS_APC, PROCESS_THREAD };

struct process_options {
  const char *dll; /* --dll=FILE; NULL: mir-ucrt.dll for the CPU of the target, beside mir-inject */
  unsigned timeout;     /* --timeout=SECONDS, in milliseconds: how long to wait for the DLL */
  int verbose;          /* --verbose: say on standard error what is done */
  int json;             /* --json: print the status as JSON */
  int force;            /* --force: try even if it is known to fail */
  int require;          /* --require: end a program that is not taken over */
  enum process_way way; /* --via=imports|apc|thread: try only this way */
};

/* Exit statuses.  `run` passes on that of the program; its own are those of env(1) and
   timeout(1).  */
enum {
  PROCESS_TAKEN = 0,      /* active, and every function still leads to the DLL */
  PROCESS_NOT_LOADED = 1, /* the DLL is not in the process */
  PROCESS_NOT_TAKEN = 2, /* the DLL waits, is disabled, has refused or failed, or was overwritten */
  PROCESS_UNKNOWN = 3,   /* the process could not be examined, or the arguments are wrong */
  PROCESS_RUN_FAILED = 125,
  PROCESS_RUN_REFUSED = 126, /* the program exists but cannot be started */
  PROCESS_RUN_NOTHING = 127  /* there is no such program */
};

#endif
