/* By the tables which compilers make for exceptions: right without frame pointers too, and it stops
   at code that has no table.  */
#define _GNU_SOURCE /* dladdr */
#include "trace/trace-file.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h> /* PRIxPTR */
#include <stdio.h>
#include <string.h>
#include <unwind.h>

struct walk {
  uintptr_t *addresses;
  size_t num, max;
  uintptr_t caller;
  int below_caller; /* it has not been met: these are the trace's own functions */
};

static _Unwind_Reason_Code add_frame (struct _Unwind_Context *context, void *arg) {
  struct walk *walk = (struct walk *) arg;
  uintptr_t address = (uintptr_t) _Unwind_GetIP (context);

  if (address == 0) return _URC_END_OF_STACK;
  if (walk->below_caller && address == walk->caller) {
    walk->below_caller = 0;
    walk->num = 0;
  }
  if (walk->num == walk->max) return walk->below_caller ? _URC_NO_REASON : _URC_END_OF_STACK;
  walk->addresses[walk->num++] = address;
  return _URC_NO_REASON;
}

size_t mir_trace_stack (uintptr_t *addresses, size_t max, uintptr_t caller) {
  struct walk walk = {addresses, 0, max, caller, 1};
  int saved = errno;

  _Unwind_Backtrace (add_frame, &walk);
  errno = saved;
  return walk.num;
}

/* Names that a module exports, and for others where to look them up: addr2line -e MODULE OFFSET. */
int mir_trace_symbol (uintptr_t address, char *text, size_t size) {
  Dl_info info;
  const char *module;

  if (dladdr ((void *) (address - 1), &info) == 0 || info.dli_fname == NULL) return 0;
  if (info.dli_sname != NULL) {
    snprintf (text, size, "%s", info.dli_sname);
  } else {
    module = strrchr (info.dli_fname, '/');
    snprintf (text, size, "%s+0x%" PRIxPTR, module == NULL ? info.dli_fname : module + 1,
              address - 1 - (uintptr_t) info.dli_fbase);
  }
  return 1;
}
