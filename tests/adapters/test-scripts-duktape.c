/* The adapter to Duktape, and scripts under a memory limit: garbage in circles is collected, and a script that hoards gets
   the engine's own error.  adapters/guests/ compares the calls with what Duktape asks for.  */
#include "adapters/mir-duktape.h"

#include <stdlib.h>
#include <string.h>

#include "mir-heap.h"
#include "support/tap.h"

enum { LIMIT = 1 << 20 };

/* A heap of Duktape's under LIMIT, and what it takes.  */
struct engine {
  MIR_stats_t stats;
  MIR_limit_t limit;
  duk_context *context;
};

/* Nothing here may lead there: tests call Duktape in protected calls only.  */
static void end (void *user_data, const char *text) {
  (void) user_data;
  tap_check (0, __FILE__, __LINE__, text);
  abort ();
}

static struct engine start (void) {
  MIR_limit_options_t options = {.size = sizeof (options), .hard = LIMIT};
  struct engine res = {0};
  REQUIRE (MIR_limit_create (NULL, &options, &res.limit) == MIR_HEAP_OK);
  REQUIRE (MIR_stats_create (&res.limit->alloc, &res.stats) == MIR_HEAP_OK);
  res.context = MIR_duktape_heap (&res.stats->alloc, end);
  REQUIRE (res.context != NULL);
  return res;
}

/* What SCRIPT evaluates to, or its error, as text; valid until the next call.  */
static const char *value_of (struct engine *engine, const char *script) {
  duk_pop_n (engine->context, duk_get_top (engine->context));
  duk_peval_string (engine->context, script);
  return duk_safe_to_string (engine->context, -1);
}

/* Finish ENGINE and check that it has freed everything; what it took in all.  */
static MIR_stats_report_t stop (struct engine *engine) {
  MIR_stats_report_t report;
  duk_destroy_heap (engine->context);
  MIR_stats_get (engine->stats, &report);
  CHECK_INT (report.live_blocks, 0);
  MIR_stats_finish (engine->stats);
  CHECK_INT (MIR_limit_bytes (engine->limit), 0);
  MIR_limit_finish (engine->limit);
  return report;
}

/* References are counted, so only circles need the collector.  */
static void circles_are_collected_under_a_limit (void) {
  static const char script[] =
      "var sum = 0, i, a, b;\n"
      "for (i = 0; i < 100000; i++) {\n"
      "  a = { text: 'number ' + i }; b = { a: a, list: [i, i] }; a.b = b;\n"
      "  sum += b.a.b.list[1] - i + 1;\n"
      "}\n"
      "sum;\n";
  struct engine engine = start ();
  CHECK_STR (value_of (&engine, script), "100000");
  MIR_stats_report_t report = stop (&engine);
  tap_note ("%llu bytes in all, %llu at once", (unsigned long long) report.made_bytes,
            (unsigned long long) report.peak_bytes);
  CHECK (report.made_bytes > 20 * (uint64_t) LIMIT);
  CHECK (report.peak_bytes <= LIMIT);
}

static void a_hoard_is_an_error_of_the_engine (void) {
  struct engine engine = start ();
  const char *error = value_of (&engine, "var all = []; for (;;) all.push ({ n: all.length });");
  CHECK (strstr (error, "alloc failed") != NULL);
  MIR_stats_report_t report;
  MIR_stats_get (engine.stats, &report);
  CHECK (report.failed > 0);
  /* The hoard is live, so not even a script that drops it can be compiled: the host has to.  */
  duk_push_global_object (engine.context);
  duk_del_prop_string (engine.context, -1, "all");
  duk_gc (engine.context, 0);
  CHECK (MIR_limit_bytes (engine.limit) < LIMIT / 2);
  CHECK_STR (value_of (&engine, "[1, 2, 3].join ('-')"), "1-2-3");
  stop (&engine);
}

static void a_script_can_catch_the_error (void) {
  struct engine engine = start ();
  CHECK_STR (value_of (&engine,
                       "(function () {\n"
                       "  var all = [];\n"
                       "  try { for (;;) all.push ('text ' + all.length); }\n"
                       "  catch (error) { return all.length > 1000 && error instanceof Error; }\n"
                       "}) ()\n"),
             "true");
  /* What it had hoarded can be had again.  */
  CHECK_STR (value_of (&engine,
                       "var all = []; for (var i = 0; i < 5000; i++) all.push ('x' + i);\n"
                       "all.length"),
             "5000");
  stop (&engine);
}

int main (void) {
  TEST_RUN (circles_are_collected_under_a_limit);
  TEST_RUN (a_hoard_is_an_error_of_the_engine);
  TEST_RUN (a_script_can_catch_the_error);
  return tap_done ();
}
