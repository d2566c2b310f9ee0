/* The task "fork": parent and child go on with the same code space and heap.  */
#include <mir-code.h>
#include <mir-heap.h>

#include <sys/wait.h>
#include <unistd.h>

#include "support/machine-code.h" /* stands for your code generator */
#include "support/tap.h"

static MIR_code_space_t space;

static void *publish (unsigned value) {
  uint8_t code[CODE_LEN], *addr;
  code_returning (code, value);
  if (MIR_code_space_publish (space, code, sizeof (code), NULL, &addr) != MIR_CODE_OK) return NULL;
  return addr;
}

static int change (void *func, unsigned value) {
  uint8_t code[CODE_LEN];
  code_returning (code, value);
  return MIR_code_patch_stopped (space, func, code, sizeof (code)) == MIR_CODE_OK;
}

/* What a child may do: everything.  Nothing of it reaches the parent.  */
static int child (void *inherited) {
  int is_good = code_call (inherited) == 1; /* code of the parent runs here too */
  is_good &= change (inherited, 2);         /* changed in the child alone */
  is_good &= code_call (inherited) == 2;
  void *own = publish (3);
  is_good &= own != NULL && code_call (own) == 3;
  void *block = MIR_malloc (MIR_default_alloc (), 1000); /* no lock was left taken */
  MIR_free (MIR_default_alloc (), block);
  return is_good && block != NULL ? 0 : 1;
}

static void a_child_changes_nothing_of_its_parent (void) {
  int status;
  void *func = publish (1);
  REQUIRE (func != NULL);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) _exit (child (func));
  REQUIRE (waitpid (pid, &status, 0) == pid);
  CHECK_INT (status, 0);
  CHECK_INT (code_call (func), 1);
}

int main (void) {
  REQUIRE (MIR_code_space_create (NULL, &space) == MIR_CODE_OK);
  TEST_RUN (a_child_changes_nothing_of_its_parent);
  MIR_code_space_finish (space);
  return tap_done ();
}
