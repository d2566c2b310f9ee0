/* The task "debug": hooks by which gdb and perf know generated code by its name.  */
#include <mir-code-tools.h>
#include <mir.h>

#include <stdio.h>
#include <unistd.h>

#include "support/machine-code.h" /* stands for your code generator */
#include "support/tap.h"

static void tools_know_a_context (void) {
  MIR_context_t ctx = MIR_init ();
  uint8_t bytes[CODE_LEN], *addr = NULL;
  REQUIRE (ctx != NULL);
  code_returning (bytes, 7);

  MIR_code_tools_options_t wanted = {.size = sizeof (wanted),
                                     .wanted = MIR_CODE_PERF_MAP | MIR_CODE_GDB};
  MIR_code_tools_t tools;
  REQUIRE (MIR_code_tools_create (&wanted, &tools) == MIR_CODE_TOOL_OK);

  MIR_code_space_t space = MIR_get_code_space (ctx);
  MIR_code_set_hooks (space, MIR_code_tools_hooks (tools));

  MIR_code_info_t info = {.size = sizeof (info),
                          .name = "add_two"}; /* a name for each code block */
  MIR_code_space_publish (space, bytes, sizeof (bytes), &info, &addr);
  MIR_code_tools_flush (tools); /* after a compilation */

  CHECK (addr != NULL && code_call (addr) == 7);
  MIR_finish (ctx);
  MIR_code_tools_finish (tools); /* after the spaces that use it */
}

static void a_new_space_has_hooks (void) {
  MIR_code_tools_t tools;
  MIR_code_space_t space;
  REQUIRE (MIR_code_tools_create (NULL, &tools) == MIR_CODE_TOOL_OK);
  MIR_code_options_t options = {.size = sizeof (options), .hooks = MIR_code_tools_hooks (tools)};
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  MIR_code_space_finish (space);
  MIR_code_tools_finish (tools);
}

int main (void) {
  char path[40];
  TEST_RUN (tools_know_a_context);
  TEST_RUN (a_new_space_has_hooks);
  snprintf (path, sizeof (path), "/tmp/perf-%ld.map", (long) getpid ());
  (void) unlink (path); /* which perf would read */
  return tap_done ();
}
