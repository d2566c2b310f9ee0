/* The Lua adapter: Lua on a MIR_alloc, with a limit and with every refusal; a MIR_alloc on Lua's
   allocator.  */
#include "mir.h"
#include "adapters/mir-lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "mir-heap.h"
#include "support/conformance.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

static const char script[] =
    "local t = {}\n"
    "for i = 1, 200 do t[i] = 'item ' .. i; t['k' .. i] = { i, tostring (i) } end\n"
    "for i = 1, 100 do t[i] = nil end\n"
    "local parts = {}\n"
    "for i = 101, 200 do parts[#parts + 1] = t[i]:upper () end\n"
    "local co = coroutine.wrap (function () for i = 1, 10 do coroutine.yield (i) end end)\n"
    "local sum = 0\n"
    "for i = 1, 10 do sum = sum + co () end\n"
    "return #table.concat (parts, ','), sum\n";

/* Loading and running Lua code may fail anywhere, so lua_pcall calls all of it.  */
static int prepare_and_run (lua_State *state) {
  luaL_requiref (state, "_G", luaopen_base, 1);
  luaL_requiref (state, "string", luaopen_string, 1);
  luaL_requiref (state, "table", luaopen_table, 1);
  luaL_requiref (state, "coroutine", luaopen_coroutine, 1);
  lua_settop (state, 0);
  if (luaL_loadstring (state, script) != LUA_OK) return lua_error (state);
  lua_call (state, 0, 2);
  return 2;
}

/* Run the script in a new state.  1: right results; 0: out of memory; -1: anything else.  */
static int run_script (MIR_alloc_t alloc) {
  lua_State *state = lua_newstate (MIR_lua_alloc, alloc);
  if (state == NULL) return 0;
  lua_pushcfunction (state, prepare_and_run);
  int status = lua_pcall (state, 0, 2, 0);
  const char *message = status == LUA_OK ? NULL : lua_tostring (state, -1);
  int is_memory = status == LUA_ERRMEM /* or the error of the load, passed on */
                  || (message != NULL && strcmp (message, "not enough memory") == 0);
  int res = is_memory ? 0 : -1;
  if (status == LUA_OK && lua_tointeger (state, -2) == 899 && lua_tointeger (state, -1) == 55)
    res = 1;
  lua_close (state);
  return res;
}

static void script_runs_and_passes_right_sizes (void) {
  struct probe_alloc probe;
  probe_alloc_init (&probe);
  CHECK_INT (run_script (&probe.alloc), 1);
  CHECK (probe.calls > 500);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void script_runs_on_a_stack_of_allocators (void) {
  MIR_arena_t arena;
  MIR_checking_t checking;
  REQUIRE (MIR_arena_create (NULL, 0, &arena) == MIR_HEAP_OK);
  REQUIRE (MIR_checking_create (&arena->alloc, NULL, &checking) == MIR_HEAP_OK);
  CHECK_INT (run_script (&checking->alloc), 1);
  CHECK_INT (MIR_checking_finish (checking), 0);
  MIR_arena_finish (arena);
}

/* A script that allocates too much gets an error it can catch; the state remains usable.  */
static void limit_is_an_error_inside_lua (void) {
  static const char greedy[] =
      "local ok, message = pcall (function ()\n"
      "  local t = {}\n"
      "  while true do t[#t + 1] = ('x'):rep (1000) .. #t end\n"
      "end)\n"
      "collectgarbage ()\n"
      "return ok, message, #('y'):rep (100000)\n";
  struct probe_alloc probe;
  MIR_limit_options_t options = {.size = sizeof (options), .hard = 1000 * 1000};
  MIR_limit_t limit;
  probe_alloc_init (&probe);
  REQUIRE (MIR_limit_create (&probe.alloc, &options, &limit) == MIR_HEAP_OK);
  lua_State *state = lua_newstate (MIR_lua_alloc, &limit->alloc);
  REQUIRE (state != NULL);
  luaL_openlibs (state);
  REQUIRE (luaL_loadstring (state, greedy) == LUA_OK);
  REQUIRE (lua_pcall (state, 0, 3, 0) == LUA_OK);
  CHECK (!lua_toboolean (state, -3));
  CHECK_STR (lua_tostring (state, -2), "not enough memory");
  CHECK_INT (lua_tointeger (state, -1), 100000);
  CHECK (MIR_limit_bytes (limit) > 100000);
  lua_close (state);
  CHECK_INT (MIR_limit_bytes (limit), 0);
  CHECK (probe.peak_bytes < 1100 * 1000);
  MIR_limit_finish (limit);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* Lua collects garbage and retries after a refusal, so a single refusal may have no effect.  */
static void every_refusal_is_survived (void) {
  size_t step = tap_scaled (100) == 100 ? 1 : 13;
  for (int forever = 0; forever < 2; forever++)
    for (size_t n = 0, failed = 1; failed != 0; n += step) {
      struct probe_alloc probe;
      probe_alloc_init (&probe);
      probe_alloc_fail_after (&probe, (long) n, forever);
      int res = run_script (&probe.alloc);
      failed = probe.failed;
      CHECK (res >= 0 && (failed != 0 || res == 1));
      CHECK_INT (probe_alloc_finish (&probe), 0);
      REQUIRE (n < 10000);
    }
}

static void lua_allocator_conforms_as_ours (void) {
  struct probe_alloc probe;
  MIR_from_lua_t from;
  probe_alloc_init (&probe);
  MIR_from_lua_init (&from, MIR_lua_alloc, &probe.alloc);
  conformance_run (&from.alloc, CONFORM_ALL);
  for (long n = 0, failed = 1; failed != 0; n++) {
    size_t before = probe.failed;
    probe_alloc_fail_after (&probe, n, 0);
    CHECK_INT (conformance_scenario (&from.alloc), 0);
    failed = (long) (probe.failed - before);
  }
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void a_context_runs_on_the_allocator_of_a_state (void) {
  lua_State *state = luaL_newstate ();
  MIR_from_lua_t from;
  void *ud;
  REQUIRE (state != NULL);
  lua_Alloc func = lua_getallocf (state, &ud);
  MIR_from_lua_init (&from, func, ud);
  MIR_context_t ctx = MIR_init2 (&from.alloc, NULL);
  CHECK (ctx != NULL);
  MIR_finish (ctx);
  lua_close (state);
}

int main (void) {
  TEST_RUN (script_runs_and_passes_right_sizes);
  TEST_RUN (script_runs_on_a_stack_of_allocators);
  TEST_RUN (limit_is_an_error_inside_lua);
  TEST_RUN (every_refusal_is_survived);
  TEST_RUN (lua_allocator_conforms_as_ours);
  TEST_RUN (a_context_runs_on_the_allocator_of_a_state);
  return tap_done ();
}
