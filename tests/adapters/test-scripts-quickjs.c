/* Scripts of QuickJS under a memory limit: garbage in circles is collected, and a script that hoards gets the engine's own
   error.  adapters/guests/ compares the calls with what QuickJS asks for.  */
#include "adapters/mir-quickjs.h"

#include <string.h>

#include "mir-heap.h"
#include "support/tap.h"

enum { LIMIT = 2 << 20 };

/* A runtime under LIMIT, and what it takes.  */
struct engine {
  MIR_stats_t stats;
  MIR_limit_t limit;
  JSRuntime *runtime;
  JSContext *context;
  char text[200];
};

static void start (struct engine *engine) {
  MIR_limit_options_t options = {.size = sizeof (options), .hard = LIMIT};
  *engine = (struct engine) {0};
  REQUIRE (MIR_limit_create (NULL, &options, &engine->limit) == MIR_HEAP_OK);
  REQUIRE (MIR_stats_create (&engine->limit->alloc, &engine->stats) == MIR_HEAP_OK);
  engine->runtime = MIR_quickjs_runtime (&engine->stats->alloc);
  REQUIRE (engine->runtime != NULL);
  engine->context = JS_NewContext (engine->runtime);
  REQUIRE (engine->context != NULL);
}

/* What SCRIPT evaluates to, or its error, as text; valid until the next call.  */
static const char *value_of (struct engine *engine, const char *script) {
  JSValue value = JS_Eval (engine->context, script, strlen (script), "script", JS_EVAL_TYPE_GLOBAL);
  if (JS_IsException (value)) value = JS_GetException (engine->context);
  const char *text = JS_ToCString (engine->context, value);
  strncpy (engine->text, text != NULL ? text : "no text", sizeof (engine->text) - 1);
  JS_FreeCString (engine->context, text);
  JS_FreeValue (engine->context, value);
  return engine->text;
}

/* Finish ENGINE and check that it has freed everything; what it took in all.  */
static MIR_stats_report_t stop (struct engine *engine) {
  MIR_stats_report_t report;
  JS_FreeContext (engine->context);
  JS_FreeRuntime (engine->runtime);
  MIR_stats_get (engine->stats, &report);
  CHECK_INT (report.live_blocks, 0);
  MIR_stats_finish (engine->stats);
  CHECK_INT (MIR_limit_bytes (engine->limit), 0);
  MIR_limit_finish (engine->limit);
  return report;
}

static const char circles[] =
    "var sum = 0;\n"
    "for (let i = 0; i < 100000; i++) {\n"
    "  let a = { text: 'number ' + i }, b = { a, list: [i, i] };\n"
    "  a.b = b; sum += b.a.b.list[1] - i + 1;\n"
    "}\n"
    "sum;\n";

/* References are counted, so only circles need the collector.  */
static void circles_are_collected_under_a_limit (void) {
  struct engine engine;
  start (&engine);
  CHECK_STR (value_of (&engine, circles), "100000");
  MIR_stats_report_t report = stop (&engine);
  tap_note ("%llu bytes in all, %llu at once", (unsigned long long) report.made_bytes,
            (unsigned long long) report.peak_bytes);
  CHECK (report.made_bytes > 10 * (uint64_t) LIMIT);
  CHECK_INT (report.failed, 0); /* by the books, not because memory was refused */
}

/* What happens to a host that does not keep the books: the same functions, but nothing is counted.  */
static void *bookless_malloc (JSMallocState *state, size_t size) {
  JSMallocState books = *state;
  return MIR_quickjs_malloc (&books, size);
}

static void bookless_free (JSMallocState *state, void *ptr) {
  JSMallocState books = *state;
  MIR_quickjs_free (&books, ptr);
}

static void *bookless_realloc (JSMallocState *state, void *ptr, size_t size) {
  JSMallocState books = *state;
  return MIR_quickjs_realloc (&books, ptr, size);
}

static void without_books_nothing_is_collected (void) {
  static const JSMallocFunctions bookless = {bookless_malloc, bookless_free, bookless_realloc,
                                             MIR_quickjs_size};
  struct engine engine;
  start (&engine);
  JS_FreeContext (engine.context);
  JS_FreeRuntime (engine.runtime);
  MIR_limit_set (engine.limit, 0, 0);
  engine.runtime = JS_NewRuntime2 (&bookless, &engine.stats->alloc);
  REQUIRE (engine.runtime != NULL);
  engine.context = JS_NewContext (engine.runtime);
  REQUIRE (engine.context != NULL);
  CHECK_STR (value_of (&engine, circles), "100000");
  MIR_stats_report_t report = stop (&engine);
  tap_note ("%llu bytes at once", (unsigned long long) report.peak_bytes);
  CHECK (report.peak_bytes > 10 * (uint64_t) LIMIT);
}

/* Blocks that are larger than an error: where there is no memory for that one either, QuickJS throws null.  */
static const char hoard[] =
    "(function () {\n"
    "  var all = [];\n"
    "  try { for (;;) all.push ('x'.repeat (10000) + all.length); }\n"
    "  catch (error) { all = null; return String (error); }\n"
    "}) ()\n";

/* The engine's own limit, by the books: below the allocator's, which is never met.  */
static void a_hoard_meets_the_engines_limit (void) {
  struct engine engine;
  start (&engine);
  JS_SetMemoryLimit (engine.runtime, LIMIT / 2);
  CHECK_STR (value_of (&engine, hoard), "InternalError: out of memory");
  CHECK_STR (value_of (&engine, "[1, 2, 3].join ('-')"), "1-2-3");
  MIR_stats_report_t report = stop (&engine);
  CHECK_INT (report.failed, 0);
  CHECK (report.peak_bytes <= LIMIT / 2);
}

static void a_hoard_meets_the_allocators_limit (void) {
  struct engine engine;
  start (&engine);
  CHECK_STR (value_of (&engine, hoard), "InternalError: out of memory");
  CHECK_STR (value_of (&engine, "[1, 2, 3].join ('-')"), "1-2-3");
  MIR_stats_report_t report = stop (&engine);
  CHECK (report.failed > 0);
  CHECK (report.peak_bytes <= LIMIT);
}

static void a_hoard_of_small_blocks_ends_too (void) {
  struct engine engine;
  start (&engine);
  CHECK_STR (value_of (&engine,
                       "(function () {\n"
                       "  var all = [], num;\n"
                       "  try { for (;;) all.push ({ n: all.length }); }\n"
                       "  catch (error) { num = all.length; all = null; return num > 1000; }\n"
                       "}) ()\n"),
             "true");
  CHECK_STR (value_of (&engine, "[1, 2, 3].join ('-')"), "1-2-3");
  MIR_stats_report_t report = stop (&engine);
  CHECK (report.failed > 0);
}

int main (void) {
  TEST_RUN (circles_are_collected_under_a_limit);
  TEST_RUN (without_books_nothing_is_collected);
  TEST_RUN (a_hoard_meets_the_engines_limit);
  TEST_RUN (a_hoard_meets_the_allocators_limit);
  TEST_RUN (a_hoard_of_small_blocks_ends_too);
  return tap_done ();
}
