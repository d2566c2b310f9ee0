/* Forks while other threads allocate, and create and finish allocators, contexts, traces and spaces
   of code: the child can use everything.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "heap/forks-fixture.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "mir-code-tools.h"
#include "mir-trace.h"
#include "mir.h"

#include "heap/heap-makers.h"
#include "support/machine-code.h"
#include "support/probe-alloc.h"

static char trace_dir[] = "/tmp/test-heap-forks-XXXXXX";

/*---------------- What all threads share -----------------------------*/

static struct probe_alloc probe; /* used by one thread at a time, through this: */
static MIR_locked_t locked_probe;
/* Each stands over the one before it.  */
static MIR_locked_t inner;
static MIR_checking_t checking;
static MIR_locked_t outer;
static MIR_trace_t trace; /* over `outer` */
static MIR_locked_t top;  /* over the trace, and where code spaces and tools get memory */
static MIR_code_tools_t tools;
static MIR_code_space_t space;

static void make_path (char *path, size_t size) {
  static atomic_uint number;
  snprintf (path, size, "%s/%ld-%u", trace_dir, (long) getpid (), atomic_fetch_add (&number, 1));
}

static MIR_trace_status_t make_trace (MIR_alloc_t below, const MIR_code_hooks_t *hooks,
                                      MIR_trace_t *res) {
  char path[100];
  make_path (path, sizeof (path));
  MIR_trace_options_t options = {.size = sizeof (options),
                                 .file = path,
                                 .alloc = below,
                                 .own = below,
                                 .stack_depth = 4,
                                 .hooks = hooks};
  MIR_trace_status_t status = MIR_trace_create (&options, res);
  remove (path); /* the trace has it open */
  return status;
}

static void make_shared (void) {
  MIR_checking_options_t checks = {.size = sizeof (checks), .frames = 4};
  REQUIRE (mkdtemp (trace_dir) != NULL);
  probe_alloc_init (&probe);
  REQUIRE (MIR_locked_create (&probe.alloc, &locked_probe) == MIR_HEAP_OK);
  REQUIRE (MIR_locked_create (NULL, &inner) == MIR_HEAP_OK);
  REQUIRE (MIR_checking_create (&inner->alloc, &checks, &checking) == MIR_HEAP_OK);
  REQUIRE (MIR_locked_create (&checking->alloc, &outer) == MIR_HEAP_OK);
  REQUIRE (make_trace (&outer->alloc, NULL, &trace) == MIR_TRACE_OK);
  REQUIRE (MIR_locked_create (MIR_trace_alloc (trace), &top) == MIR_HEAP_OK);
  MIR_code_tools_options_t wanted = {
      .size = sizeof (wanted), .alloc = &top->alloc, .wanted = MIR_CODE_GDB | MIR_CODE_FRAMES};
  REQUIRE (MIR_code_tools_create (&wanted, &tools) == MIR_CODE_TOOL_OK);
  MIR_code_options_t options = {
      .size = sizeof (options), .alloc = &top->alloc, .hooks = MIR_code_tools_hooks (tools)};
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
}

/* Frames of generated code, which change what unwinders do from now on.  */
static void publish_frames (void) {
  uint8_t bytes[CODE_LEN], *func;
  MIR_code_writer_t writer;
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  code_returning (bytes, 1);
  for (int i = 0; i < 200; i++)
    CHECK_INT (MIR_code_publish (writer, bytes, CODE_LEN, NULL, &func), MIR_CODE_OK);
  MIR_code_writer_finish (writer);
}

static void finish_shared (void) {
  MIR_code_space_finish (space);
  MIR_code_tools_finish (tools);
  MIR_locked_finish (top);
  CHECK_INT (MIR_trace_finish (trace), MIR_TRACE_OK);
  MIR_locked_finish (outer);
  CHECK_INT (MIR_checking_finish (checking), 0);
  MIR_locked_finish (inner);
  MIR_locked_finish (locked_probe);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  rmdir (trace_dir);
}

/*---------------- What threads do, and children -----------------------------*/

static int use_default (void) {
  void *large = MIR_malloc (MIR_default_alloc (), 300000);
  int failures = large == NULL;
  MIR_free (MIR_default_alloc (), large);
  return failures + use_alloc (MIR_default_alloc ());
}

static void *use_default_once (void *arg) {
  (void) arg;
  return (void *) (intptr_t) use_default ();
}

static int bear_threads (void) {
  pthread_t thread;
  void *failures = NULL;
  if (pthread_create (&thread, NULL, use_default_once, NULL) != 0) return 1;
  pthread_join (thread, &failures);
  return (int) (intptr_t) failures;
}

static int use_heaps (void) {
  MIR_heap_t heap;
  MIR_heap_status_t status = MIR_heap_create (&heap);
  if (status != MIR_HEAP_OK) return status != MIR_HEAP_NOT_SUPPORTED;
  int failures = use_alloc (&heap->alloc);
  for (size_t i = 0; i < 20; i++) failures += MIR_malloc (&heap->alloc, 1000 + i * 2000) == NULL;
  MIR_heap_finish (heap);
  return failures;
}

static int use_shared_probe (void) {
  return use_alloc (&locked_probe->alloc);
}

static int use_shared_checking (void) {
  return use_alloc (&checking->alloc);
}

/* The stack with the trace on top.  */
static int use_shared_stack (void) {
  return use_alloc (&top->alloc);
}

static int use_new_allocators (void) {
  int failures = 0;
  for (const struct heap_maker *maker = heap_makers; maker->name != NULL; maker++) {
    MIR_alloc_t alloc = maker->make (NULL);
    failures += alloc == NULL;
    if (alloc == NULL) continue;
    failures += use_alloc (alloc);
    maker->finish (alloc);
  }
  return failures;
}

static int use_new_traces (void) {
  MIR_trace_t made;
  if (make_trace (NULL, NULL, &made) != MIR_TRACE_OK) return 1;
  int failures = use_alloc (MIR_trace_alloc (made));
  return failures + (MIR_trace_finish (made) != MIR_TRACE_OK);
}

static int use_contexts (void) {
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return 1;
  MIR_finish (ctx);
  return 0;
}

/* Code in the shared space, whose memory and hooks come from the shared allocators.  */
static int use_code (void) {
  uint8_t bytes[CODE_LEN], *func;
  MIR_code_writer_t writer;
  if (MIR_code_writer_create (space, &writer) != MIR_CODE_OK) return 1;
  code_returning (bytes, 42);
  int failures = MIR_code_publish (writer, bytes, CODE_LEN, NULL, &func) != MIR_CODE_OK;
  if (failures == 0) failures += code_call (func) != 42;
  if (failures == 0) failures += MIR_code_free_now (space, func) != MIR_CODE_OK;
  MIR_code_writer_finish (writer);
  return failures;
}

static const busy_func_t all_uses[] = {
    use_default,      bear_threads,       use_heaps,      use_shared_probe, use_shared_checking,
    use_shared_stack, use_new_allocators, use_new_traces, use_contexts,     use_code,
};
enum { USES = sizeof (all_uses) / sizeof (all_uses[0]) };

static int use_any (void) {
  static _Thread_local unsigned next;
  return all_uses[next++ % USES]();
}

static int use_everything (void) {
  int failures = 0;
  for (int i = 0; i < USES; i++) failures += all_uses[i]();
  return failures;
}

/*---------------- A heap that others use -----------------------------*/

static MIR_heap_t shared_heap;

static int use_shared_heap (void) {
  return use_alloc (&shared_heap->alloc);
}

/* In a child: the heap ends with what threads had in it that the child does not have.  */
static int use_and_finish_shared_heap (void) {
  int failures = use_shared_heap ();
  MIR_heap_finish (shared_heap);
  return failures + use_heaps ();
}

/*---------------- Forks -----------------------------*/

/* Fork while NUM threads call FUNC.  */
static void fork_while (int num, busy_func_t func) {
  if (!can_fork ()) tap_skip ("no forks");
  start_busy (num, &func);
  fork_children (tap_scaled (25), use_everything);
  stop_busy ();
}

static void threads_use_the_default_heap (void) {
  fork_while (3, use_default);
}

static void threads_come_and_go (void) {
  if (!CAN_FORK_BESIDE_BIRTHS) tap_skip ("a checker's own lock");
  fork_while (3, bear_threads);
}

static void threads_use_heaps_of_their_own (void) {
  fork_while (3, use_heaps);
}

static void threads_use_a_heap_that_a_child_finishes (void) {
  busy_func_t func = use_shared_heap;
  if (!can_fork ()) tap_skip ("no forks");
  MIR_heap_status_t status = MIR_heap_create (&shared_heap);
  if (status == MIR_HEAP_NOT_SUPPORTED) tap_skip ("this mimalloc has no heaps for threads");
  REQUIRE (status == MIR_HEAP_OK);
  start_busy (3, &func);
  fork_children (tap_scaled (25), use_and_finish_shared_heap);
  stop_busy ();
  MIR_heap_finish (shared_heap);
}

static void threads_use_a_locked_allocator (void) {
  fork_while (3, use_shared_probe);
}

static void threads_use_a_checking_allocator (void) {
  fork_while (3, use_shared_checking);
}

static void threads_use_a_stack_of_allocators (void) {
  fork_while (3, use_shared_stack);
}

static void threads_create_and_finish_allocators (void) {
  fork_while (3, use_new_allocators);
}

static void threads_create_and_finish_traces (void) {
  fork_while (3, use_new_traces);
}

static void threads_create_and_finish_contexts (void) {
  fork_while (3, use_contexts);
}

static void threads_publish_code (void) {
  fork_while (3, use_code);
}

static void threads_do_all_of_this (void) {
  if (!CAN_FORK_BESIDE_BIRTHS) tap_skip ("a checker's own lock");
  fork_while (4, use_any);
}

int main (void) {
  make_shared ();
  publish_frames ();
  TEST_RUN (threads_use_the_default_heap);
  TEST_RUN (threads_come_and_go);
  TEST_RUN (threads_use_heaps_of_their_own);
  TEST_RUN (threads_use_a_heap_that_a_child_finishes);
  TEST_RUN (threads_use_a_locked_allocator);
  TEST_RUN (threads_use_a_checking_allocator);
  TEST_RUN (threads_use_a_stack_of_allocators);
  TEST_RUN (threads_create_and_finish_allocators);
  TEST_RUN (threads_create_and_finish_traces);
  TEST_RUN (threads_create_and_finish_contexts);
  TEST_RUN (threads_publish_code);
  TEST_RUN (threads_do_all_of_this);
  finish_shared ();
  return tap_done ();
}
