/* Stacks by the unwinder of Windows.  */
#include "os/stack.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

enum { STACK_FRAMES = 72 }; /* at most: 64 for a trace, and the trace's own functions before them */

size_t mir_os_stack (void **addresses, size_t max, const void *caller) {
  void *frames[STACK_FRAMES];
  size_t num = CaptureStackBackTrace (1, STACK_FRAMES, frames, NULL), first = 0, kept = 0;
  while (caller != NULL && first < num && frames[first] != caller) first++;
  if (first == num) first = 0;
  for (; first < num && kept < max && frames[first] != NULL; first++)
    addresses[kept++] = frames[first];
  return kept;
}

/* Symbols are in separate files, which this does not read.  */
int mir_os_symbol (const void *address, struct mir_os_symbol *symbol) {
  (void) address, (void) symbol;
  return 0;
}
