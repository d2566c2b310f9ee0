/* Kernels which restrict executable memory: code runs all the same, or there is an error, no crash.
   The restrictions last for the life of a process, hence the children.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "mir.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context/context.h" /* the name of the back end */
#include "error-trap.h"
#include "machine-code.h"
#include "tap.h"

#ifndef PR_SET_MDWE /* Linux 6.3, prctl(2) */
#define PR_SET_MDWE 65
#endif
#ifndef PR_MDWE_REFUSE_EXEC_GAIN
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

enum { PASSED = 0, FAILED = 1, NOT_HERE = 77 };

/*---------------- Restrictions: 0, or -1 where the system does not have them -------------------*/

static int nothing (void) {
  return 0;
}

static int mdwe (void) {
  return prctl (PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
}

static int no_descriptors (void) {
  struct rlimit none = {0, 0};
  return setrlimit (RLIMIT_NOFILE, &none);
}

static int no_file_growth (void) {
  struct rlimit none = {0, 0};
  return setrlimit (RLIMIT_FSIZE, &none);
}

/* Refuse the system call NR with EPERM: always, or only if its argument ARG has all bits of MASK.
 */
static int refuse_call (unsigned nr, int arg, unsigned mask) {
  /* The lower half of an argument; all CPUs this test runs on are little endian or skip it.  */
  unsigned offset = (unsigned) (offsetof (struct seccomp_data, args) + 8 * (size_t) arg);
  struct sock_filter filter[] = {
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
      BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 4),
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offset),
      BPF_STMT (BPF_ALU | BPF_AND | BPF_K, mask),
      BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, mask, 0, 1),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof (filter) / sizeof (filter[0]), filter};
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* What systemd's MemoryDenyWriteExecute= did before there was MDWE: no mapping that is writable and
   executable, and none that becomes executable.  */
static int seccomp_write_execute (void) {
  if (refuse_call (__NR_mprotect, 2, PROT_EXEC) != 0) return -1;
  return refuse_call (__NR_mmap, 2, PROT_WRITE | PROT_EXEC);
}

static int seccomp_memfd (void) {
  return refuse_call (__NR_memfd_create, 0, 0);
}

static int all_of_them (void) {
  return mdwe () != 0 || seccomp_write_execute () != 0 || seccomp_memfd () != 0
                 || no_file_growth () != 0 || no_descriptors () != 0
             ? -1
             : 0;
}

static int no_executable_mappings (void) {
  return refuse_call (__NR_mmap, 2, PROT_EXEC) != 0 ? -1
                                                    : refuse_call (__NR_mprotect, 2, PROT_EXEC);
}

static int (*restriction) (void);
static int chosen[2]; /* a pipe: the child tells which back end it got */

/*---------------- What a child does under them -----------------------------*/

/* Publish, run, change, run; PASSED if all of it works.  */
static int use_defaults (void) {
  uint8_t code[CODE_LEN];
  if (restriction () != 0) return NOT_HERE;
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return FAILED;
  code_returning (code, 1);
  uint8_t *func = _MIR_publish_code (ctx, code, CODE_LEN);
  if (code_call (func) != 1) return FAILED;
  code_returning (code, 2);
  _MIR_change_code (ctx, func, code, CODE_LEN);
  if (code_call (func) != 2) return FAILED;
  if (write (chosen[1], ctx->space.backend->name, strlen (ctx->space.backend->name)) < 0)
    return FAILED;
  MIR_finish (ctx);
  return PASSED;
}

/* MIR's own contract needs writable and executable pages: every publish is one error.  */
static int use_default_vtable (void) {
  uint8_t code[CODE_LEN];
  MIR_context_t defaults = MIR_init ();
  if (defaults == NULL) return FAILED;
  MIR_context_t ctx = MIR_init2 (NULL, MIR_get_code_alloc (defaults));
  if (ctx == NULL) return FAILED;
  MIR_set_error_func (ctx, error_trap_func);
  code_returning (code, 1);
  uint8_t *func = _MIR_publish_code (ctx, code, CODE_LEN);
  if (restriction () != 0) return NOT_HERE;
  for (int i = 1; i <= 3; i++)
    if (!ERROR_CAUGHT (_MIR_publish_code (ctx, code, CODE_LEN)) || error_trap_count != i
        || error_trap_type != MIR_alloc_error)
      return FAILED;
  code_returning (code, 2);
  if (!ERROR_CAUGHT (_MIR_change_code (ctx, func, code, CODE_LEN))) return FAILED;
  if (code_call (func) != 1) return FAILED;
  MIR_finish (ctx);
  MIR_finish (defaults);
  return PASSED;
}

static int get_no_context (void) {
  if (restriction () != 0) return NOT_HERE;
  return MIR_init () == NULL ? PASSED : FAILED;
}

static void check_in_child (int (*func) (void), int (*restrict_child) (void)) {
  int status;
  restriction = restrict_child;
  REQUIRE (pipe (chosen) == 0);
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) _exit (func ());
  close (chosen[1]);
  char name[20] = "";
  if (read (chosen[0], name, sizeof (name) - 1) > 0) tap_note ("chosen: %s", name);
  close (chosen[0]);
  REQUIRE (waitpid (pid, &status, 0) == pid);
  CHECK (WIFEXITED (status));
  if (WIFEXITED (status) && WEXITSTATUS (status) == NOT_HERE)
    tap_skip ("this kernel, or qemu-user, does not have the restriction");
  CHECK_INT (WEXITSTATUS (status), PASSED);
}

static void code_runs_unrestricted (void) {
  check_in_child (use_defaults, nothing);
}
static void code_runs_under_mdwe (void) {
  check_in_child (use_defaults, mdwe);
}
static void code_runs_without_descriptors (void) {
  check_in_child (use_defaults, no_descriptors);
}
static void code_runs_without_file_growth (void) {
  check_in_child (use_defaults, no_file_growth);
}
static void code_runs_under_seccomp (void) {
  check_in_child (use_defaults, seccomp_write_execute);
}
static void code_runs_without_memfd (void) {
  check_in_child (use_defaults, seccomp_memfd);
}
static void code_runs_under_all_of_them (void) {
  check_in_child (use_defaults, all_of_them);
}
static void the_vtable_is_refused_under_mdwe (void) {
  check_in_child (use_default_vtable, mdwe);
}
static void the_vtable_is_refused_under_seccomp (void) {
  check_in_child (use_default_vtable, seccomp_write_execute);
}
static void no_executable_memory_at_all_is_no_context (void) {
  check_in_child (get_no_context, no_executable_mappings);
}

int main (void) {
  TEST_RUN (code_runs_unrestricted);
  TEST_RUN (code_runs_under_mdwe);
  TEST_RUN (code_runs_without_descriptors);
  TEST_RUN (code_runs_without_file_growth);
  TEST_RUN (code_runs_under_seccomp);
  TEST_RUN (code_runs_without_memfd);
  TEST_RUN (code_runs_under_all_of_them);
  TEST_RUN (the_vtable_is_refused_under_mdwe);
  TEST_RUN (the_vtable_is_refused_under_seccomp);
  TEST_RUN (no_executable_memory_at_all_is_no_context);
  return tap_done ();
}
