/* Child processes on Windows: there is no fork, so the tests are skipped.  */
#include "support/child.h"

#include "support/tap.h"

struct child_end run_child (int (*func) (void), char *text, size_t text_size) {
  struct child_end none = {-1, 0};
  (void) func;
  (void) text;
  (void) text_size;
  tap_skip ("there is no fork");
  return none;
}

int refuse_address_space (void) {
  return -1;
}

int is_trap (struct child_end end) {
  (void) end;
  return 0;
}
