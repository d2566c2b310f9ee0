/* Stacks by the unwind tables that compilers emit for exceptions.  They need no frame pointers, and
   end at code without a table.  */
#define _GNU_SOURCE /* dladdr */
#include "os/stack.h"

#include <dlfcn.h>
#include <errno.h>

#include "os/unwind-functions.h"

struct stack_walk {
  const struct mir_unwind_functions *unwinder;
  void **addresses;
  size_t num, max;
  const void *caller; /* skip frames up to this address; NULL: it was met, or nothing is skipped */
  int is_outside;     /* the walk has left mir_os_stack */
};

/* Called for each frame, innermost first: add it to the walk ARG, and start anew at the caller.  */
static _Unwind_Reason_Code add_frame (struct _Unwind_Context *context, void *arg) {
  struct stack_walk *walk = (struct stack_walk *) arg;
  void *address = (void *) walk->unwinder->address (context);
  if (address == NULL) return _URC_END_OF_STACK;
  if (walk->caller != NULL && address == walk->caller) {
    walk->caller = NULL;
    walk->num = 0;
  }
  if (walk->num == walk->max) return walk->caller != NULL ? _URC_NO_REASON : _URC_END_OF_STACK;
  if (walk->is_outside) walk->addresses[walk->num++] = address;
  walk->is_outside = 1;
  return _URC_NO_REASON;
}

size_t mir_os_stack (void **addresses, size_t max, const void *caller) {
  struct stack_walk walk = {
      .unwinder = mir_os_unwind_functions (), .addresses = addresses, .max = max, .caller = caller};
  if (walk.unwinder == NULL) return 0;
  int saved = errno;
  walk.unwinder->backtrace (add_frame, &walk);
  errno = saved;
  return walk.num;
}

int mir_os_symbol (const void *address, struct mir_os_symbol *symbol) {
  Dl_info info;
  if (dladdr (address, &info) == 0 || info.dli_fname == NULL) return 0;
  symbol->module = info.dli_fname;
  symbol->name = info.dli_sname;
  symbol->base = (uintptr_t) (info.dli_sname != NULL ? info.dli_saddr : info.dli_fbase);
  return 1;
}
