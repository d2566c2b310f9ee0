/* Loads a DLL in the target, by a new thread or by an APC of its first thread.  Windows only.

   remote.h says who may use a target.  */

#ifndef MIR_INJECT_PROCESS_LOAD_H
#define MIR_INJECT_PROCESS_LOAD_H

#include "inject/process/remote.h"

/* What one attempt has put into the target.  */
struct load {
  uint64_t memory;   /* address of block, path and code; 0: none */
  uint64_t function; /* address of what the thread runs: load-code.c, or LoadLibraryW itself */
  uint64_t argument; /* address of the block, or of the path */
  int tells;         /* FUNCTION is the code of load-code.c, so the block tells the result */
};

enum load_end {
  LOAD_DONE,
  LOAD_UNKNOWN,   /* the code has not told a result, or cannot */
  LOAD_FAILED,    /* the loader refused the DLL, or nothing could be started */
  LOAD_TIMED_OUT, /* the thread may still be running */
  LOAD_ENDED      /* the target has ended */
};

/* Put code and argument for loading the DLL at PATH into the target.  Returns 0, or -1 with the
   reason in CAUSE and nothing left in the target.  */
int load_prepare (const struct remote *remote, const wchar_t *path, struct load *load,
                  char cause[REASON_MAX]);

/* Run the code in a new thread and wait at most TIMEOUT milliseconds for its end.  LOAD_DONE sets
   MODULE to the address of the DLL; LOAD_FAILED, LOAD_TIMED_OUT and LOAD_ENDED set CAUSE.  Do not
   call load_remove after LOAD_TIMED_OUT.  */
enum load_end load_by_thread (const struct remote *remote, const struct load *load,
                              unsigned timeout, uint64_t *module, char cause[REASON_MAX]);

/* Queue the code as the first thing that THREAD, which has not begun, runs.  Returns 0, or -1 with
   the reason in CAUSE.  */
int load_by_call (const struct load *load, HANDLE thread, char cause[REASON_MAX]);

/* The result so far: LOAD_UNKNOWN, LOAD_DONE with MODULE, or LOAD_FAILED with CAUSE.  */
enum load_end load_end (const struct remote *remote, const struct load *load, uint64_t *module,
                        char cause[REASON_MAX]);

/* Free the memory in the target.  */
void load_remove (const struct remote *remote, struct load *load);

#endif
