/* Stacks by the unwinder of Windows.  */
#include "os/stack.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

enum { STACK_FRAMES = 72 }; /* at most: a trace's 64, and its own functions before those */

size_t mir_os_stack (void **addresses, size_t max, const void *caller) {
  void *frames[STACK_FRAMES];
  size_t num = CaptureStackBackTrace (1, STACK_FRAMES, frames, NULL), first = 0, kept = 0;
  while (first < num && frames[first] != caller) first++;
  if (first == num) first = 0;
  for (; first < num && kept < max && frames[first] != NULL; first++)
    addresses[kept++] = frames[first];
  return kept;
}

/* Names are in files of symbols elsewhere.  */
int mir_os_symbol (const void *address, struct mir_os_symbol *symbol) {
  (void) address, (void) symbol;
  return 0;
}
