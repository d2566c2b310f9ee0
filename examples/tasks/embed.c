/* The task "embed": a runtime with a context, a budget, and failures that end no process.  */
#include <mir.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <mir-heap.h>

#include "support/machine-code.h" /* stands for your code generator */
#include "support/tap.h"

struct runtime {
  MIR_zone_t zone;   /* the heap of this runtime: ends as a whole */
  MIR_limit_t limit; /* its budget */
  MIR_context_t ctx;
  jmp_buf recover;
  char message[200];
};

static _Thread_local struct runtime *running;

static void MIR_NO_RETURN on_error (MIR_error_type_t type, const char *format, ...) {
  va_list args;
  (void) type;
  va_start (args, format);
  vsnprintf (running->message, sizeof (running->message), format, args);
  va_end (args);
  longjmp (running->recover, 1);
}

static void runtime_finish (struct runtime *rt) {
  MIR_finish (rt->ctx); /* each of the three takes NULL */
  MIR_limit_finish (rt->limit);
  MIR_zone_finish (rt->zone);
}

static int runtime_init (struct runtime *rt, size_t data_bytes, size_t code_bytes) {
  MIR_limit_options_t limits = {.size = sizeof (limits), .hard = data_bytes};
  MIR_code_options_t code = {.size = sizeof (code), .max_bytes = code_bytes};
  MIR_context_options_t options = {.size = sizeof (options), .code = &code};
  *rt = (struct runtime) {0};
  if (MIR_zone_create (NULL, &rt->zone) != MIR_HEAP_OK
      || MIR_limit_create (&rt->zone->alloc, &limits, &rt->limit) != MIR_HEAP_OK)
    goto fail;
  options.alloc = &rt->limit->alloc;
  if (MIR_init_with (&options, &rt->ctx) != MIR_CODE_OK) goto fail; /* its status says why */
  MIR_set_error_func (rt->ctx, on_error);
  return 0;
fail:
  runtime_finish (rt);
  return -1;
}

/* Compile one function.  NULL: RT->message says why, and everything is as before.  */
static void *runtime_compile (struct runtime *rt, unsigned value) {
  uint8_t code[CODE_LEN];
  code_returning (code, value);
  running = rt;
  if (setjmp (rt->recover) != 0) return NULL;
  return _MIR_publish_code (rt->ctx, code, sizeof (code));
}

/*---------------- The test -----------------------------*/

static void a_runtime_compiles (void) {
  struct runtime rt;
  REQUIRE (runtime_init (&rt, 1 << 20, 1 << 20) == 0);
  void *func = runtime_compile (&rt, 42);
  REQUIRE (func != NULL);
  CHECK_INT (code_call (func), 42);
  runtime_finish (&rt);
}

static void a_failure_is_a_message (void) {
  struct runtime rt;
  void *func, *last = NULL;
  REQUIRE (runtime_init (&rt, 64 << 20, 1 << 20) == 0);
  for (unsigned n = 0; (func = runtime_compile (&rt, n)) != NULL; n++) last = func;
  CHECK (last != NULL && strlen (rt.message) > 0);
  CHECK (code_call (last) > 0);
  runtime_finish (&rt);
}

static void a_runtime_without_memory_is_not_created (void) {
  struct runtime rt;
  CHECK_INT (runtime_init (&rt, 100, 1 << 20), -1);
}

int main (void) {
  TEST_RUN (a_runtime_compiles);
  TEST_RUN (a_failure_is_a_message);
  TEST_RUN (a_runtime_without_memory_is_not_created);
  return tap_done ();
}
