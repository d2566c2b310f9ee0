/* Lua under a memory limit: a script that takes too much gets Lua's own error, and the program goes on.

       cc lua.c -o lua $(pkg-config --cflags --libs mir-alloc lua5.4)  */
#include <adapters/mir-lua.h>
#include <mir-heap.h>

#include <lauxlib.h>
#include <stdio.h>

/* Run SCRIPT and print its result or its error.  */
static void run (lua_State *state, const char *script) {
  const char *kind = luaL_dostring (state, script) == LUA_OK ? "" : "error: ";
  const char *text = lua_tostring (state, -1);
  printf ("%s\n  %s%s\n", script, kind, text == NULL ? "no result" : text);
  lua_settop (state, 0);
}

int main (void) {
  MIR_limit_t limit;
  MIR_limit_options_t options = {.size = sizeof (options), .hard = 1024 * 1024}; /* bytes */
  MIR_heap_status_t status = MIR_limit_create (NULL, &options, &limit);
  if (status != MIR_HEAP_OK) {
    fprintf (stderr, "lua: %s\n", MIR_heap_status_text (status));
    return 1;
  }
  lua_State *state = lua_newstate (MIR_lua_alloc, &limit->alloc);
  if (state == NULL) {
    fputs ("lua: no memory for a state\n", stderr);
    return 1;
  }
  run (state, "return 6 * 7");
  run (state, "local t = {} for i = 1, 1e9 do t[i] = i end");
  run (state, "return 'still here'");
  lua_close (state);
  printf ("%zu bytes live\n", MIR_limit_bytes (limit));
  MIR_limit_finish (limit);
  return 0;
}
