#!/bin/sh
# Compiling with libgccjit changes the process it runs in, and nothing is put back.  The compiler driver's handler for
# SIGINT, SIGTERM, SIGHUP and SIGPIPE replaces the program's own (a signal that is ignored stays so), the soft stack
# limit becomes 64 MiB, which child processes inherit, and LC_CTYPE and LC_MESSAGES are taken from the environment.
# A server whose handler for SIGTERM shuts it down in order has that handler until the first function is compiled.
# Debian 12 (GCC 12) or 13 (GCC 14), whichever this is; GCC itself, of the same version, has to be installed.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') version=14 && unpack libgccjit0=14.2.0-19 libgccjit-14-dev=14.2.0-19 ;;
*) version=12 && unpack libgccjit0=12.2.0-14+deb12u1 libgccjit-12-dev=12.2.0-14+deb12u1 ;;
esac
cat >"$work/host.c" <<'C'
#include <libgccjit.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void own (int signal) { (void) signal; }

static void handler (const char *name, int signal) {
  struct sigaction action;
  sigaction (signal, NULL, &action);
  printf (", %s %s", name, action.sa_handler == own       ? "own"
                           : action.sa_handler == SIG_IGN ? "ignored"
                           : action.sa_handler == SIG_DFL ? "default"
                                                          : "replaced");
}

static void look (const char *when) {
  struct rlimit stack;
  getrlimit (RLIMIT_STACK, &stack);
  printf ("%s: stack %lu KiB", when, (unsigned long) stack.rlim_cur / 1024);
  handler ("SIGINT", SIGINT);
  handler ("SIGTERM", SIGTERM);
  handler ("SIGHUP", SIGHUP);
  handler ("SIGPIPE", SIGPIPE);
  handler ("SIGUSR1", SIGUSR1);
  printf ("\n%s: LC_CTYPE %s", when, setlocale (LC_CTYPE, NULL));
  printf (", LC_MESSAGES %s\n", setlocale (LC_MESSAGES, NULL));
}

static gcc_jit_result *compile (void) {
  gcc_jit_context *jit = gcc_jit_context_acquire ();
  gcc_jit_type *type = gcc_jit_context_get_type (jit, GCC_JIT_TYPE_INT);
  gcc_jit_param *x = gcc_jit_context_new_param (jit, NULL, type, "x");
  gcc_jit_function *f
    = gcc_jit_context_new_function (jit, NULL, GCC_JIT_FUNCTION_EXPORTED, type, "f", 1, &x, 0);
  gcc_jit_block *block = gcc_jit_function_new_block (f, NULL);
  gcc_jit_rvalue *sum
    = gcc_jit_context_new_binary_op (jit, NULL, GCC_JIT_BINARY_OP_PLUS, type,
                                     gcc_jit_param_as_rvalue (x), gcc_jit_context_one (jit, type));
  gcc_jit_block_end_with_return (block, NULL, sum);
  gcc_jit_result *result = gcc_jit_context_compile (jit);
  if (result == NULL || ((int (*) (int)) gcc_jit_result_get_code (result, "f")) (5) != 6) exit (3);
  gcc_jit_context_release (jit);
  return result;
}

int main (void) {
  struct rlimit stack;
  getrlimit (RLIMIT_STACK, &stack);
  stack.rlim_cur = 8192 * 1024;
  setrlimit (RLIMIT_STACK, &stack);
  signal (SIGINT, own);
  signal (SIGTERM, own);
  signal (SIGHUP, SIG_IGN);
  signal (SIGUSR1, own);
  look ("before");
  gcc_jit_result_release (compile ());
  look ("after");
}
C
cc -I"$root/usr/lib/gcc/${libraries##*/}/$version/include" -o "$work/host" "$work/host.c" "$libraries/libgccjit.so.0"
cat >"$work/expected" <<'EOF'
before: stack 8192 KiB, SIGINT own, SIGTERM own, SIGHUP ignored, SIGPIPE default, SIGUSR1 own
before: LC_CTYPE C, LC_MESSAGES C
after: stack 65536 KiB, SIGINT replaced, SIGTERM replaced, SIGHUP ignored, SIGPIPE replaced, SIGUSR1 own
after: LC_CTYPE C.UTF-8, LC_MESSAGES C.UTF-8
EOF
LC_ALL=C.UTF-8 "$work/host" | compare
