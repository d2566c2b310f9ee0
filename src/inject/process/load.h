/* Load a DLL into another process: by a thread there, or before its own first thread begins.
   Windows only. Contracts as in remote.h.  */

#ifndef INJECT_LOAD_H
#define INJECT_LOAD_H

#include "inject/process/remote.h"

/* What is in the target for one attempt.  */
typedef struct {
  uint64_t memory;   /* block, path and code; 0: none */
  uint64_t function; /* what a thread runs: our code, or LoadLibraryW itself */
  uint64_t argument; /* the block, or the path */
  int tells;         /* our code runs, and tells how it went */
} load_t;

typedef enum { LOAD_DONE, LOAD_UNKNOWN, LOAD_FAILED, LOAD_TIMED_OUT, LOAD_ENDED } load_end_t;

/* Put what loads the DLL at PATH into the target.  0, or -1 with the reason in CAUSE and nothing
 * left there.  */
int load_prepare (const remote_t *remote, const wchar_t *path, load_t *load,
                  char cause[REASON_MAX]);

/* Run it in a new thread, for at most TIMEOUT milliseconds.  LOAD_UNKNOWN: the thread ended and
   could not tell. With a text in CAUSE for the last three, and where the DLL is in MODULE for the
   first.  After LOAD_TIMED_OUT it may still be running: leave it there.  */
load_end_t load_by_thread (const remote_t *remote, const load_t *load, unsigned timeout,
                           uint64_t *module, char cause[REASON_MAX]);

/* Have THREAD, which has not begun, run it first.  0, or -1 with the reason in CAUSE.  */
int load_by_call (const load_t *load, HANDLE thread, char cause[REASON_MAX]);

/* How it went so far; LOAD_UNKNOWN: it has not said.  MODULE is where the DLL is after LOAD_DONE.
 */
load_end_t load_end (const remote_t *remote, const load_t *load, uint64_t *module,
                     char cause[REASON_MAX]);

/* Take it out of the target.  */
void load_remove (const remote_t *remote, load_t *load);

#endif
