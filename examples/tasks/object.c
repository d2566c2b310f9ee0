/* The task "code with its data": what a linker places as one thing.  */
#include <mir-code-object.h>

#include <string.h>

#include "support/machine-code.h" /* stands for your code generator */
#include "support/tap.h"

static void an_object_is_linked (void) {
  size_t code_len = CODE_LEN, constants_len = 16, variables_len = 8;
  MIR_code_space_t space;
  MIR_code_object_t object;

  MIR_code_options_t options = {.size = sizeof (options), .reserve = 64 << 20};
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);

  MIR_code_segment_t segments[] = {
      {.size = sizeof (MIR_code_segment_t),
       .access = MIR_CODE_READ_EXEC,
       .len = code_len,
       .alignment = 64},
      {.size = sizeof (MIR_code_segment_t), .access = MIR_CODE_READ_ONLY, .len = constants_len},
      {.size = sizeof (MIR_code_segment_t), .access = MIR_CODE_READ_WRITE, .len = variables_len}};
  REQUIRE (MIR_code_object_reserve (space, segments, 3, &object) == MIR_CODE_OK);
  /* Relocate: segments[i].addr is where the program will find it, segments[i].buffer where you write it.  */
  code_returning (segments[0].buffer, 7);
  memcpy (segments[1].buffer, "a constant", 11);
  MIR_code_info_t info = {.size = sizeof (info), .name = "module"};
  REQUIRE (MIR_code_object_commit (space, object, &info) == MIR_CODE_OK);

  CHECK_INT (code_call (segments[0].addr), 7);
  CHECK_STR ((char *) segments[1].addr, "a constant");
  segments[2].addr[0] = 1; /* variables are writable */
  CHECK (MIR_code_object_free_now (space, object) == MIR_CODE_OK);
  MIR_code_space_finish (space);
}

int main (void) {
  TEST_RUN (an_object_is_linked);
  return tap_done ();
}
