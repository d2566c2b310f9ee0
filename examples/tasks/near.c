/* The task "near ranges": code within direct-call range of itself and of the program.  */
#include <mir-code-object.h>

#include "support/machine-code.h" /* stands for your code generator */
#include "support/tap.h"

static void helper (void) {} /* which generated code calls */

/* A space whose code is in reach of HELPER, or at least of all other code in it.  *IS_NEAR tells which.  */
static MIR_code_status_t create_near (MIR_code_space_t *space, int *is_near) {
  MIR_code_options_t options = {.size = sizeof (options), .reserve = 64 << 20};
  options.near_addr = (const void *) (uintptr_t) helper;
  MIR_code_status_t status = MIR_code_space_create (&options, space);
  *is_near = status == MIR_CODE_OK;
  if (status != MIR_CODE_NO_RANGE) return status;
  options.near_addr = NULL; /* calls to HELPER load its address from a cell or a register */
  return MIR_code_space_create (&options, space);
}

/* Whether a direct call at FROM reaches TO.  */
static int reaches (const void *from, const void *to) {
  uintptr_t a = (uintptr_t) from, b = (uintptr_t) to;
  return (a < b ? b - a : a - b) < MIR_code_reach ();
}

static void code_is_in_reach (void) {
  MIR_code_space_t space;
  uint8_t code[CODE_LEN], *start, *first, *second;
  MIR_code_cell_t *cell;
  void *counter;
  size_t len;
  int is_near;
  code_returning (code, 1);
  REQUIRE (create_near (&space, &is_near) == MIR_CODE_OK);
  MIR_code_range (space, &start, &len);
  CHECK (len >= 64 << 20);
  REQUIRE (MIR_code_space_publish (space, code, sizeof (code), NULL, &first) == MIR_CODE_OK);
  REQUIRE (MIR_code_space_publish (space, code, sizeof (code), NULL, &second) == MIR_CODE_OK);
  CHECK (reaches (first, second));
  CHECK (!is_near || reaches (first, (const void *) (uintptr_t) helper));
  /* A cell, and data of your own, lie in the range too: pc-relative addressing reaches them.  */
  CHECK (MIR_code_cell_new (space, (void *) (uintptr_t) helper, &cell) == MIR_CODE_OK);
  CHECK (MIR_code_data_new (space, sizeof (uint64_t), 0, &counter) == MIR_CODE_OK);
  CHECK (reaches (first, cell) && reaches (first, counter));
  MIR_code_space_finish (space);
}

static void a_full_range_says_so (void) {
  MIR_code_options_t options = {.size = sizeof (options), .reserve = 1 << 20};
  MIR_code_space_t space;
  uint8_t code[4096] = {0}, *addr;
  MIR_code_status_t status;
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  do status = MIR_code_space_publish (space, code, sizeof (code), NULL, &addr);
  while (status == MIR_CODE_OK);
  CHECK_INT (status, MIR_CODE_LIMIT);
  MIR_code_space_finish (space);
}

int main (void) {
  TEST_RUN (code_is_in_reach);
  TEST_RUN (a_full_range_says_so);
  return tap_done ();
}
