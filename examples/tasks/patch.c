/* The task "patch": a thunk that is redirected, a call site that is patched, code that is changed.  */
#include <mir-code.h>

#include "support/machine-code.h" /* stands for your code generator */
#include "support/tap.h"

static MIR_code_space_t space;

static void *publish (unsigned value) {
  uint8_t code[CODE_LEN], *addr;
  code_returning (code, value);
  REQUIRE (MIR_code_space_publish (space, code, sizeof (code), NULL, &addr) == MIR_CODE_OK);
  return addr;
}

static void a_thunk_is_redirected (void) {
  void *interpret = publish (1), *compiled = publish (2), *thunk;
  MIR_code_status_t status = MIR_code_thunk_new (space, interpret, &thunk);
  if (status == MIR_CODE_NO_THUNKS) return; /* this CPU has none */
  REQUIRE (status == MIR_CODE_OK);
  CHECK_INT (code_call (thunk), 1);
  /* Callers have the address of the thunk; now they reach other code, without a system call.  */
  CHECK (MIR_code_thunk_set (space, thunk, compiled) == MIR_CODE_OK);
  CHECK_INT (code_call (thunk), 2);
}

/* Replace a whole function, which no thread is running: any bytes of one code block.  */
static MIR_code_status_t change (void *func, unsigned value) {
  uint8_t code[CODE_LEN];
  code_returning (code, value);
  return MIR_code_patch_stopped (space, func, code, sizeof (code));
}

static void a_stopped_function_is_changed (void) {
  void *func = publish (3);
  CHECK (change (func, 4) == MIR_CODE_OK);
  CHECK_INT (code_call (func), 4);
}

#if defined(__x86_64__)
/* Change the constant of `mov eax, VALUE` at FUNC while threads run it: the old one or the new one.  */
static MIR_code_status_t change_constant (void *func, uint32_t value) {
  return MIR_code_patch (space, (uint8_t *) func + 1, &value, sizeof (value));
}

static void a_running_function_is_changed (void) {
  void *func = publish (5);
  CHECK (change_constant (func, 6) == MIR_CODE_OK);
  CHECK_INT (code_call (func), 6);
}
#else
static void a_running_function_is_changed (void) {
  tap_skip ("the instruction is x86's");
}
#endif

static void what_would_not_be_whole_is_refused (void) {
  uint8_t *func = (uint8_t *) publish (7), bytes[CODE_LEN];
  code_returning (bytes, 8);
  /* Threads could see a part of it: more than one aligned word of 8 bytes.  */
  CHECK (CODE_LEN <= 8 || MIR_code_patch (space, func, bytes, CODE_LEN) == MIR_CODE_NOT_ATOMIC);
  CHECK (MIR_code_patch_stopped (space, bytes, bytes, 4) == MIR_CODE_NOT_OURS);
  CHECK_INT (code_call (func), 7);
}

int main (void) {
  REQUIRE (MIR_code_space_create (NULL, &space) == MIR_CODE_OK);
  TEST_RUN (a_thunk_is_redirected);
  TEST_RUN (a_stopped_function_is_changed);
  TEST_RUN (a_running_function_is_changed);
  TEST_RUN (what_would_not_be_whole_is_refused);
  MIR_code_space_finish (space);
  return tap_done ();
}
