/* Load a DLL into another process: by a thread there, or before its own first thread begins.
   Windows only. Contracts as in remote.h.  */

#ifndef MIR_INJECT_PROCESS_LOAD_H
#define MIR_INJECT_PROCESS_LOAD_H

#include "inject/process/remote.h"

/* What is in the target for one attempt.  */
struct load {
  uint64_t memory;   /* block, path and code; 0: none */
  uint64_t function; /* what a thread runs: our code, or LoadLibraryW itself */
  uint64_t argument; /* the block, or the path */
  int tells;         /* our code runs, and tells how it went */
};

enum load_end { LOAD_DONE, LOAD_UNKNOWN, LOAD_FAILED, LOAD_TIMED_OUT, LOAD_ENDED };

/* Put what loads the DLL at PATH into the target.  0, or -1 with the reason in CAUSE and nothing
   left there.  */
int load_prepare (const struct remote *remote, const wchar_t *path, struct load *load,
                  char cause[REASON_MAX]);

/* Run it in a new thread, for at most TIMEOUT milliseconds.  LOAD_UNKNOWN: the thread ended and
   could not tell. With a text in CAUSE for the last three, and where the DLL is in MODULE for the
   first.  After LOAD_TIMED_OUT it may still be running: leave it there.  */
enum load_end load_by_thread (const struct remote *remote, const struct load *load,
                              unsigned timeout, uint64_t *module, char cause[REASON_MAX]);

/* Have THREAD, which has not begun, run it first.  0, or -1 with the reason in CAUSE.  */
int load_by_call (const struct load *load, HANDLE thread, char cause[REASON_MAX]);

/* How it went so far; LOAD_UNKNOWN: it has not said.  MODULE is where the DLL is after LOAD_DONE.  */
enum load_end load_end (const struct remote *remote, const struct load *load, uint64_t *module,
                        char cause[REASON_MAX]);

/* Take it out of the target.  */
void load_remove (const struct remote *remote, struct load *load);

#endif
