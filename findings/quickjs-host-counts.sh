#!/bin/sh
# QuickJS 2025-04-26 given allocator functions (JS_NewRuntime2) that only allocate never removes a cycle, and its memory
# limit limits nothing.  It neither counts nor checks: the functions are to add to malloc_size of the JSMallocState that
# they are passed, and to refuse what would come above its malloc_limit.  Cycles are removed when malloc_size has grown,
# so that all garbage in cycles stays until JS_RunGC is called or the runtime ends, JS_SetMemoryLimit has no effect, and
# JS_ComputeMemoryUsage answers 0 bytes.  Of the functions the manual says that they "can be provided with
# JS_NewRuntime2()", of cycles that their removal "is automatically started when needed"; the header has the fields and
# no comment.  rquickjs had it wrong until 2024 (DelSkayn/rquickjs on GitHub, issue 251).
# x86-64; a package of Debian 13, which Debian 12 does not have.
. "$(dirname "$0")/unpack.sh"
unpack libquickjs=2025.04.26-1
cat >"$work/counts.c" <<'C'
#include <malloc.h>
#include <quickjs/quickjs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_counting;   /* whether the functions count and check */
static size_t live, peak; /* bytes */

static size_t size_of (const void *block) { return block == NULL ? 0 : malloc_usable_size ((void *) block); }

static void *resize (JSMallocState *state, void *block, size_t size) {
  size_t old = size_of (block);
  if (is_counting && size > old && state->malloc_size + (size - old) > state->malloc_limit) return NULL;
  void *new = NULL;
  if (size == 0) free (block);
  else if ((new = realloc (block, size)) == NULL) return NULL;
  live += size_of (new) - old;
  if (live > peak) peak = live;
  if (is_counting) {
    state->malloc_size += size_of (new) - old;
    state->malloc_count += (new != NULL) - (block != NULL);
  }
  return new;
}

static void *take (JSMallocState *state, size_t size) { return resize (state, NULL, size); }
static void give (JSMallocState *state, void *block) { resize (state, block, 0); }

static const char *amount (size_t bytes) {
  fprintf (stderr, "%zu bytes\n", bytes);
  return bytes == 0 ? "none" : bytes < 1000000 ? "less than 1 MB" : bytes < 3000000 ? "1 to 3 MB" : "more than 10 MB";
}

/* Run SCRIPT, which WHAT describes, with a limit of LIMIT bytes; 0 is none.  */
static void run (const char *what, const char *script, size_t limit) {
  static const JSMallocFunctions functions = {take, give, resize, size_of};
  JSMemoryUsage usage;
  live = peak = 0;
  JSRuntime *runtime = JS_NewRuntime2 (&functions, NULL);
  if (limit != 0) JS_SetMemoryLimit (runtime, limit);
  JSContext *context = JS_NewContext (runtime);
  JSValue value = JS_Eval (context, script, strlen (script), "script", JS_EVAL_TYPE_GLOBAL);
  if (peak >= 3000000 && peak <= 10000000) exit (3);
  printf ("%s%s: %s, peak ", what, limit == 0 ? "" : ", limit 2 MB", JS_IsException (value) ? "an exception" : "done");
  printf ("%s", amount (peak));
  JS_ComputeMemoryUsage (runtime, &usage);
  printf (", JS_ComputeMemoryUsage: %s", amount (usage.malloc_size));
  JS_FreeValue (context, value);
  JS_RunGC (runtime);
  printf (", after JS_RunGC: %s\n", amount (live));
  JS_FreeContext (context);
  JS_FreeRuntime (runtime);
  if (live != 0) exit (4);
}

int main (void) {
  static const char cycles[] = "for (let i = 0; i < 200000; i++) { const a = {}; a.itself = a; }";
  static const char arrays[] = "globalThis.all = []; for (let i = 0; i < 100000; i++) all.push ([i]);";
  for (is_counting = 0; is_counting < 2; is_counting++) {
    printf ("functions that %s\n", is_counting ? "count and check" : "only allocate");
    run ("  200000 cycles", cycles, 0);
    run ("  100000 arrays", arrays, 2000000);
  }
}
C
cc -w -I"$root/usr/include" -o "$work/counts" "$work/counts.c" "$libraries/quickjs/libquickjs.a" -lm -lpthread -ldl
cat >"$work/expected" <<'EOF'
functions that only allocate
  200000 cycles: done, peak more than 10 MB, JS_ComputeMemoryUsage: none, after JS_RunGC: less than 1 MB
  100000 arrays, limit 2 MB: done, peak more than 10 MB, JS_ComputeMemoryUsage: none, after JS_RunGC: more than 10 MB
functions that count and check
  200000 cycles: done, peak less than 1 MB, JS_ComputeMemoryUsage: less than 1 MB, after JS_RunGC: less than 1 MB
  100000 arrays, limit 2 MB: an exception, peak 1 to 3 MB, JS_ComputeMemoryUsage: 1 to 3 MB, after JS_RunGC: 1 to 3 MB
EOF
"$work/counts" | compare
