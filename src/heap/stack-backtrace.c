#include "heap/stack.h"

#include <execinfo.h>
#include <string.h>
#include <unistd.h> /* STDERR_FILENO */

enum { MAX_FRAMES = 32, OWN = 1 };

size_t mir_stack_take (void **frames, size_t max) {
  void *all[MAX_FRAMES];
  int num = backtrace (all, max + OWN < MAX_FRAMES ? (int) (max + OWN) : MAX_FRAMES);
  size_t taken = num > OWN ? (size_t) (num - OWN) : 0;
  memcpy (frames, all + OWN, taken * sizeof (frames[0]));
  return taken;
}

void mir_stack_print (void *const *frames, size_t num) {
  backtrace_symbols_fd (frames, (int) num, STDERR_FILENO);
}
