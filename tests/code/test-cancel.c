/* Thread cancellation: no function of the library is a cancellation point, except where the user's
   MIR_alloc is one, and then nothing is lost either.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "interrupted.h"

#include <dirent.h>
#include <stdlib.h>

#include "mir-code-tools.h"
#include "mir-heap.h"
#include "mir-trace.h"
#include "mir.h"

static const struct configuration *configuration;
static pthread_t worker;
static int armed;      /* the worker is in an operation */
static int returned;   /* the operation has returned */
static int outlived;   /* the thread was not even cancelled after it */
static long cancel_in; /* calls of the allocator until one is cancelled; < 0: none is */

/* AddressSanitizer, if it is there: frames will be left without a return.  */
extern void __asan_handle_no_return (void) __attribute__ ((weak));

static void test_for_request (void) {
  if (__asan_handle_no_return != NULL) __asan_handle_no_return ();
  pthread_testcancel ();
}

/* Hooks and a MIR_code_alloc may call what they like; their thread's request waits.  */
static void reached (enum user_function where) {
  if (!armed || !pthread_equal (pthread_self (), worker)) return;
  if (where == IN_MALLOC || where == IN_FREE) {
    if (cancel_in < 0 || cancel_in-- != 0) return;
    (void) pthread_cancel (pthread_self ());
  }
  test_for_request ();
}

static size_t count_descriptors (void) {
  size_t num = 0;
  DIR *dir = opendir ("/proc/self/fd");
  REQUIRE (dir != NULL);
  while (readdir (dir) != NULL) num++;
  closedir (dir);
  return num;
}

/*---------------- A pending request -----------------------------*/

static void *run_with_request (void *arg) {
  worker = pthread_self ();
  armed = 1;
  if (cancel_in < 0) (void) pthread_cancel (pthread_self ());
  ((const struct operation *) arg)->run ();
  returned = 1;
  test_for_request ();
  outlived = 1;
  return NULL;
}

/* Run WHAT in a thread and wait for its end.  Returns whether the thread was cancelled.  */
static int was_cancelled (const struct operation *what) {
  pthread_t thread;
  void *result;
  returned = outlived = 0;
  REQUIRE (pthread_create (&thread, NULL, run_with_request, (void *) (uintptr_t) what) == 0);
  REQUIRE (pthread_join (thread, &result) == 0);
  armed = 0;
  return result == PTHREAD_CANCELED;
}

/* The request, pending all the time, acts at the first cancellation point behind WHAT.  */
static void check_request_waits (const struct operation *what) {
  cancel_in = -1;
  int cancelled = was_cancelled (what);
  if (!returned) tap_note ("cancelled within %s", what->name);
  CHECK (returned);
  CHECK (cancelled && !outlived);
}

static void a_request_waits_for_the_end_of_an_operation (void) {
  for (size_t i = 0; i < OPERATIONS; i++) {
    start_configuration (configuration);
    size_t descriptors = count_descriptors ();
    check_request_waits (&operations[i]);
    CHECK_INT (count_descriptors (), descriptors);
    CHECK_INT (empty_and_refill (), 0);
    CHECK_INT (probe_alloc_finish (&data), 0);
  }
}

/*---------------- In an allocator -----------------------------*/

static void an_operation_cancelled_in_an_allocator_loses_nothing (void) {
  for (size_t i = 0; i < OPERATIONS; i++) {
    int cancelled = 1;
    for (long calls = 0; cancelled; calls++) {
      start_configuration (configuration);
      size_t descriptors = count_descriptors ();
      cancel_in = calls;
      cancelled = was_cancelled (&operations[i]);
      CHECK (cancelled || outlived);
      CHECK_INT (count_descriptors (), descriptors);
      int step = empty_and_refill ();
      if (step != 0) tap_note ("%s, call %ld", operations[i].name, calls);
      CHECK_INT (step, 0);
      CHECK_INT (probe_alloc_finish (&data), 0);
    }
  }
}

/*---------------- Other headers -----------------------------*/

static MIR_code_alloc_t context_code_alloc;

/* Every function of mir.h.  */
static void use_context (void) {
  uint8_t bytes[CODE_LEN], *func, *place;
  MIR_code_reloc_t reloc = {.offset = 0, .value = bytes};
  MIR_context_t ctx = MIR_init2 (&user_alloc, context_code_alloc);
  if (ctx == NULL) return;
  code_returning (bytes, 1);
  MIR_set_error_func (ctx, MIR_get_error_func (ctx));
  func = _MIR_publish_code (ctx, bytes, CODE_LEN);
  place = _MIR_get_new_code_addr (ctx, 300000);
  (void) _MIR_publish_code_by_addr (ctx, place, bytes, CODE_LEN);
  (void) _MIR_publish_code_by_addr (ctx, func, bytes, CODE_LEN);
  uint8_t *pointers = _MIR_publish_code (ctx, (const uint8_t *) operations, 2 * sizeof (void *));
  _MIR_change_code (ctx, func, bytes, CODE_LEN);
  _MIR_update_code_arr (ctx, pointers, 1, &reloc);
  _MIR_update_code (ctx, pointers, 1, (size_t) 0, (void *) bytes);
  _MIR_flush_code_cache (func, func + CODE_LEN);
  void *thunk = _MIR_get_thunk (ctx);
  _MIR_redirect_thunk (ctx, thunk, func);
  (void) _MIR_get_thunk_addr (ctx, thunk);
  (void) MIR_code_free_now (MIR_get_code_space (ctx), thunk);
  MIR_finish (ctx);
}

static char directory[] = "/tmp/mir-cancel-XXXXXX";
static char trace_file[sizeof (directory) + 10];

/* Tools with files, and a trace, from their beginning to their end.  */
static void use_tools_and_trace (void) {
  MIR_code_tools_options_t wanted = {.size = sizeof (wanted),
                                     .alloc = &user_alloc,
                                     .wanted = MIR_CODE_ALL_TOOLS,
                                     .jitdump_dir = directory};
  MIR_code_tools_t tools;
  MIR_trace_t trace;
  if (MIR_code_tools_create (&wanted, &tools) != MIR_CODE_TOOL_OK) return;
  MIR_trace_options_t traced = {.size = sizeof (traced),
                                .file = trace_file,
                                .alloc = &user_alloc,
                                .own = &user_alloc,
                                .stack_depth = 4,
                                .hooks = MIR_code_tools_hooks (tools)};
  for (int i = 0; i < 2; i++) { /* the second one replaces the file of the first */
    if (MIR_trace_create (&traced, &trace) != MIR_TRACE_OK) continue;
    MIR_code_options_t options = {.size = sizeof (options), .hooks = MIR_trace_hooks (trace)};
    MIR_code_writer_t w;
    options.alloc = MIR_trace_alloc (trace);
    MIR_trace_push (trace, "scope");
    if (MIR_code_space_create (&options, &other_space) == MIR_CODE_OK
        && MIR_code_writer_create (other_space, &w) == MIR_CODE_OK)
      for (unsigned j = 0; j < 100; j++) (void) publish_in (w, j, 3000, NULL);
    MIR_code_space_finish (other_space);
    MIR_trace_pop (trace);
    (void) MIR_code_tools_flush (tools);
    (void) MIR_trace_flush (trace);
    (void) MIR_trace_finish (trace);
  }
  MIR_code_tools_finish (tools);
}

static MIR_locked_t locked;

static void use_locked (void) {
  void *block = MIR_malloc (&locked->alloc, 10);
  block = MIR_realloc (&locked->alloc, block, 10, 20);
  MIR_free (&locked->alloc, block);
  MIR_free (&locked->alloc, MIR_calloc (&locked->alloc, 3, 3));
}

/* Run WHAT, which leaves nothing behind, with a pending request.  */
static void check_request_waits_without_space (const char *name, void (*what) (void)) {
  struct operation one = {name, what};
  probe_alloc_init (&data);
  user_alloc = (struct MIR_alloc) {user_malloc, user_calloc, user_realloc, user_free, NULL};
  size_t descriptors = count_descriptors ();
  check_request_waits (&one);
  CHECK_INT (count_descriptors (), descriptors);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

static void a_request_waits_for_the_functions_of_a_context (void) {
  context_code_alloc = NULL;
  check_request_waits_without_space ("mir.h", use_context);
  context_code_alloc = &user_code_alloc;
  check_request_waits_without_space ("mir.h over a MIR_code_alloc", use_context);
}

static void a_request_waits_for_tools_and_traces (void) {
  REQUIRE (mkdtemp (directory) != NULL);
  snprintf (trace_file, sizeof (trace_file), "%s/trace", directory);
  check_request_waits_without_space ("tools and traces", use_tools_and_trace);
  char dump[sizeof (directory) + 40];
  snprintf (dump, sizeof (dump), "%s/jit-%ld.dump", directory, (long) getpid ());
  (void) unlink (dump);
  CHECK (unlink (trace_file) == 0);
  CHECK (rmdir (directory) == 0);
}

static void a_request_waits_while_the_locked_allocator_has_its_lock (void) {
  const struct operation one = {"locked", use_locked};
  probe_alloc_init (&data);
  user_alloc = (struct MIR_alloc) {user_malloc, user_calloc, user_realloc, user_free, NULL};
  REQUIRE (MIR_locked_create (&user_alloc, &locked) == MIR_HEAP_OK);
  for (long calls = 0; calls < 5; calls++) {
    cancel_in = calls;
    CHECK (was_cancelled (&one));
    CHECK (returned);
    use_locked (); /* the lock is free */
  }
  MIR_locked_finish (locked);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

int main (void) {
  for (size_t i = 0; i < CONFIGURATIONS; i++) {
    char name[100];
    configuration = &configurations[i];
    snprintf (name, sizeof (name), "%s_a_request_waits_for_the_end_of_an_operation",
              configuration->name);
    tap_run (name, a_request_waits_for_the_end_of_an_operation);
    snprintf (name, sizeof (name), "%s_an_operation_cancelled_in_an_allocator_loses_nothing",
              configuration->name);
    if (configuration->forks) tap_run (name, an_operation_cancelled_in_an_allocator_loses_nothing);
  }
  TEST_RUN (a_request_waits_for_the_functions_of_a_context);
  TEST_RUN (a_request_waits_for_tools_and_traces);
  TEST_RUN (a_request_waits_while_the_locked_allocator_has_its_lock);
  return tap_done ();
}
