/* Finding the unwinder: refused, in several threads, in a child, from inside the loader.  The program is in C
   and needs none itself; each test has a process of its own.  Linked with -rdynamic: the loader finds the dlopen
   of this file first.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include "os/unwind-functions.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mir-code-tools.h"
#include "os/stack.h"

#include "support/child.h"
#include "support/tap.h"

enum { THREADS = 8, DEPTH = 16 };

static int is_alone;          /* nothing else in this program needs an unwinder */
static atomic_int is_refused; /* dlopen fails */
static atomic_int loads;      /* calls of dlopen that may load something */
static int asks_inside;       /* dlopen takes a stack, as malloc may that it calls */
static size_t inside_num = 1; /* what it got */
static int makes_tools;       /* dlopen makes tools, as the constructor of a library may */

/* The state of the tool of frames among tools that are made here; -1: they are not made.  */
static int state_of_new_frames (void) {
  MIR_code_tools_options_t options = {.size = sizeof (options), .wanted = MIR_CODE_FRAMES};
  MIR_code_tool_state_t state = {0};
  MIR_code_tools_t tools;
  if (MIR_code_tools_create (&options, &tools) != MIR_CODE_TOOL_OK) return -1;
  MIR_code_tool_status_t status = MIR_code_tools_get_state (tools, MIR_CODE_FRAMES, &state);
  MIR_code_tools_finish (tools);
  return status == MIR_CODE_TOOL_OK ? (int) state.status : -1;
}

static void *load_really (const char *name, int mode) {
  void *symbol = dlsym (RTLD_NEXT, "dlopen");
  void *(*func) (const char *, int);
  memcpy (&func, &symbol, sizeof (func));
  return func (name, mode);
}

void *dlopen (const char *name, int mode) {
  void *addresses[DEPTH];
  if ((mode & RTLD_NOLOAD) == 0) loads++;
  if (asks_inside) inside_num = mir_os_stack (addresses, DEPTH, NULL);
  if (makes_tools) (void) state_of_new_frames ();
  return is_refused ? load_really ("/nowhere/of/that/name", mode) : load_really (name, mode);
}

/* Whether mir_os_stack finds this function.  */
static __attribute__ ((noinline)) int finds_this_function (void) {
  void *addresses[DEPTH];
  size_t num = mir_os_stack (addresses, DEPTH, NULL);
  uintptr_t here = (uintptr_t) finds_this_function;
  return num > 1 && (uintptr_t) addresses[0] - here < 500;
}

static int is_complete (void) {
  const struct mir_unwind_functions *unwinder = mir_os_unwind_functions ();
  return unwinder != NULL && unwinder->backtrace != NULL && unwinder->address != NULL
         && unwinder->add_frame != NULL && unwinder->remove_frame != NULL && unwinder->find != NULL;
}

/*---------------- In a process of its own -----------------------------*/

/* One copy in the process: what others load by its name is what was found.  */
static int finds_the_copy_of_others (void) {
  if (!is_complete ()) return 1;
  void *library = load_really ("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return 0; /* a system with LLVM's unwinder */
  void *theirs = dlsym (library, "_Unwind_Backtrace");
  mir_unwind_backtrace_t *ours = mir_os_unwind_functions ()->backtrace;
  if (memcmp (&ours, &theirs, sizeof (theirs)) != 0) return 2;
  return loads == is_alone && finds_this_function () ? 0 : 3;
}

static int survives_a_refusal (void) {
  errno = 5;
  is_refused = 1;
  if (mir_os_unwind_functions () != NULL || finds_this_function ()) return 1;
  if (errno != 5) return 2;
  if (dlerror () != NULL) return 3;
  is_refused = 0;
  if (!finds_this_function () || errno != 5) return 4;
  return is_complete () ? 0 : 5;
}

static int stops_searching (void) {
  is_refused = 1;
  for (int i = 0; i < 100; i++)
    if (finds_this_function ()) return 1;
  return loads < 20 ? 0 : 2;
}

static int the_tool_is_refused (void) {
  is_refused = 1;
  return state_of_new_frames () == MIR_CODE_TOOL_UNSUPPORTED ? 0 : 1;
}

/* With a lock of the tools held, this would wait for ever.  */
static int loads_without_a_lock (void) {
  alarm (20);
  makes_tools = 1;
  int state = state_of_new_frames ();
  makes_tools = 0;
  return state == state_of_new_frames () && loads == is_alone ? 0 : 1;
}

static int comes_back_while_it_searches (void) {
  asks_inside = 1;
  int found = finds_this_function ();
  asks_inside = 0;
  return found && inside_num == (size_t) !is_alone ? 0 : 1;
}

static void *search (void *arg) {
  (void) arg;
  return is_complete () && finds_this_function () ? (void *) mir_os_unwind_functions () : NULL;
}

static int is_found_by_threads_at_once (void) {
  pthread_t threads[THREADS];
  void *found[THREADS];
  for (int i = 0; i < THREADS; i++)
    if (pthread_create (&threads[i], NULL, search, NULL) != 0) return 1;
  for (int i = 0; i < THREADS; i++) pthread_join (threads[i], &found[i]);
  for (int i = 0; i < THREADS; i++)
    if (found[i] == NULL || found[i] != found[0]) return 2;
  return 0;
}

/* The parent's is used on, and a child may be the first that asks.  */
static int is_found_in_a_child (void) {
  for (int asked = 0; asked < 2; asked++) {
    if (asked && !finds_this_function ()) return 1;
    pid_t child = fork ();
    if (child == 0) _exit (is_complete () && finds_this_function () ? 0 : 1);
    int status;
    if (child < 0 || waitpid (child, &status, 0) != child || status != 0) return 2;
  }
  return 0;
}

/*---------------- The tests -----------------------------*/

static void expect_success (int (*func) (void)) {
  struct child_end end = run_child (func, NULL, 0);
  CHECK_INT (end.signal, 0);
  CHECK_INT (end.status, 0);
}

static void skip_unless_alone (void) {
  if (!is_alone) tap_skip ("the program has an unwinder: a sanitizer's");
}

static void the_copy_is_the_one_of_others (void) {
  expect_success (finds_the_copy_of_others);
}

static void a_refusal_may_be_transient (void) {
  skip_unless_alone ();
  expect_success (survives_a_refusal);
}

static void the_search_ends (void) {
  skip_unless_alone ();
  expect_success (stops_searching);
}

static void frames_are_refused_without_an_unwinder (void) {
  skip_unless_alone ();
  expect_success (the_tool_is_refused);
}

static void the_loader_may_come_back (void) {
  skip_unless_alone ();
  expect_success (comes_back_while_it_searches);
}

static void constructors_may_make_tools (void) {
  skip_unless_alone ();
  expect_success (loads_without_a_lock);
}

static void threads_find_the_same (void) {
  expect_success (is_found_by_threads_at_once);
}

static void a_child_finds_it (void) {
  expect_success (is_found_in_a_child);
}

int main (int argc, char **argv) {
  is_alone = argc > 2 && strcmp (argv[2], "alone") == 0;
  TEST_RUN (the_copy_is_the_one_of_others);
  TEST_RUN (a_refusal_may_be_transient);
  TEST_RUN (the_search_ends);
  TEST_RUN (frames_are_refused_without_an_unwinder);
  TEST_RUN (the_loader_may_come_back);
  TEST_RUN (constructors_may_make_tools);
  TEST_RUN (threads_find_the_same);
  TEST_RUN (a_child_finds_it);
  return tap_done ();
}
