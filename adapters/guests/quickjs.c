/* Drives QuickJS: a script with objects, strings, a regular expression and many cycles, and one that
   meets a memory limit.  */
#include "adapters/mir-quickjs.h"

#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

static const char script[] =
    "var all = {}, i, text = '';\n"
    "for (i = 0; i < 300; i++) all['k' + i] = { n: i, list: [i, i + 1, String (i)] };\n"
    "for (i = 0; i < 100; i++) delete all['k' + i];\n"
    "for (i in all) text += all[i].list.join (',') + ';';\n"
    "var fs = [1, 2, 3].map (x => y => x * y);\n"
    "text.replace (/[0-9]+/g, '').length + fs[2] (5) + JSON.parse (JSON.stringify (all)).k200.n;\n";
static const char cycles[] =
    "for (var j = 0; j < 10000; j++) { let a = { room: 'x' + j }, b = { a }; a.b = b; } j;\n";
static const char large[] =
    "try { 'y'.repeat (1 << 26).length; }\n"
    "catch (error) { String (error.message).includes ('memory') ? 1 : 2; }\n";

enum { MANY = 1 << 20 }; /* bytes: a fraction of what the cycles take together */

static int is_too_much (const JSMallocState *state, size_t size) {
  return size > state->malloc_limit || state->malloc_size > state->malloc_limit - size;
}

/* With the same books as the adapter's, so that garbage is collected at the same time.  */
static void *record_quickjs_malloc (JSMallocState *state, size_t size) {
  if (is_too_much (state, size + MIR_SIZE_HEADER)) return NULL;
  void *res = record_malloc (size);
  if (res == NULL) return NULL;
  state->malloc_count++;
  state->malloc_size += size + MIR_SIZE_HEADER;
  return res;
}

static void record_quickjs_free (JSMallocState *state, void *ptr) {
  if (ptr != NULL) {
    state->malloc_count--;
    state->malloc_size -= record_size (ptr) + MIR_SIZE_HEADER;
  }
  record_free (ptr);
}

static void *record_quickjs_realloc (JSMallocState *state, void *ptr, size_t size) {
  const size_t old_size = record_size (ptr), header = ptr == NULL ? MIR_SIZE_HEADER : 0;
  if (size > old_size && is_too_much (state, size - old_size + header)) return NULL;
  if (ptr == NULL && size == 0) return NULL;
  void *res = record_realloc (ptr, size);
  if (res == NULL && size != 0) return NULL;
  if (ptr == NULL) state->malloc_count++;
  if (size == 0) state->malloc_count--;
  state->malloc_size += size - old_size + header - (size == 0 ? MIR_SIZE_HEADER : 0);
  return res;
}

static JSRuntime *runtime_on (MIR_alloc_t alloc) {
  static const JSMallocFunctions recorder = {record_quickjs_malloc, record_quickjs_free,
                                             record_quickjs_realloc, record_size};
  return alloc != NULL ? MIR_quickjs_runtime (alloc) : JS_NewRuntime2 (&recorder, NULL);
}

/* Run TEXT, which has to give the number RIGHT.  */
static enum guest_result evaluate (JSContext *context, const char *text, int32_t right) {
  int32_t number = 0;
  JSValue value = JS_Eval (context, text, strlen (text), "script", JS_EVAL_TYPE_GLOBAL);
  if (!JS_IsException (value)) {
    JS_ToInt32 (context, &number, value);
    JS_FreeValue (context, value);
    return number == right ? GUEST_RIGHT : GUEST_WRONG;
  }
  JSValue exception = JS_GetException (context);
  const char *said = JS_ToCString (context, exception);
  enum guest_result res =
      said == NULL || strstr (said, "out of memory") != NULL ? GUEST_NO_MEMORY : GUEST_WRONG;
  JS_FreeCString (context, said);
  JS_FreeValue (context, exception);
  return res;
}

static int64_t bytes_in (JSRuntime *runtime) {
  JSMemoryUsage usage;
  JS_ComputeMemoryUsage (runtime, &usage);
  return usage.malloc_size;
}

static enum guest_result run_scripts (JSRuntime *runtime, JSContext *context) {
  enum guest_result res = evaluate (context, script, 200 * 3 + 15 + 200);
  if (res != GUEST_RIGHT) return res;
  int64_t before = bytes_in (runtime);
  res = evaluate (context, cycles, 10000);
  if (res != GUEST_RIGHT) return res;
  if (bytes_in (runtime) - before > MANY) return GUEST_WRONG; /* nothing was collected */
  JS_SetMemoryLimit (runtime, (size_t) bytes_in (runtime) + MANY);
  res = evaluate (context, large, 1);
  JS_SetMemoryLimit (runtime, (size_t) -1);
  return res;
}

static enum guest_result work (MIR_alloc_t alloc) {
  JSRuntime *runtime = runtime_on (alloc);
  if (runtime == NULL) return GUEST_NO_MEMORY;
  JSContext *context = JS_NewContext (runtime);
  enum guest_result res = context == NULL ? GUEST_NO_MEMORY : run_scripts (runtime, context);
  if (context != NULL) JS_FreeContext (context);
  JS_FreeRuntime (runtime);
  return res;
}

const char *guest_version (void) {
  return ""; /* the library does not tell */
}

const struct guest guests[] = {
    {.name = "QuickJS", .run = work, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
