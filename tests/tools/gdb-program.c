/* The program that test-gdb.sh debugs: it publishes functions, two of which call back.  With an
   argument it also gives GDB a description of their frames.  */
#include "tools/tools-fixture.h"

#include <stdio.h>

int in_callback;

void callback (void);
void callback (void) {
  in_callback++;
}

int main (int argc, char **argv) {
  unsigned wanted = argc > 1 ? MIR_CODE_GDB | MIR_CODE_FRAMES : MIR_CODE_GDB;
  MIR_code_event_t call;
  const uint8_t *addr;
  calls_back_t func;
  (void) argv;
  if (FRAME_CODE_LEN == 0 || begin (wanted, NULL, NULL) != MIR_CODE_TOOL_OK) return 77;
  publish (0, "generated_add");
  publish (1, "generated_old");
  call = piece (2, "generated_call");
  if (argc > 1) { /* GDB learns nothing from the instructions before the function */
    call.start -= 8;
    call.size += 8;
  }
  hooks->published (hooks->user_data, &call, 1);
  free_piece (1);
  publish (1, "generated_new");
  MIR_code_tools_flush (tools);
  addr = mapping + 2 * GRANULE;
  memcpy (&func, &addr, sizeof (func));
  func (callback);
  addr = mapping + GRANULE;
  memcpy (&func, &addr, sizeof (func));
  func (callback);
  end ();
  callback ();
  return in_callback == 3 ? 0 : 1;
}
