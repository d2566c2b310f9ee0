/* Drives Lua, or LuaJIT: a script with tables, strings, closures and a coroutine.  */
#include "adapters/mir-lua.h"

#include <lauxlib.h>
#include <lualib.h>

#include "guests/guest.h"
#include "guests/lua-version.h"
#include "guests/record.h"

static const char script[] =
    "local all, sum = {}, 0\n"
    "for i = 1, 1000 do all['key ' .. i] = { i, tostring (i):rep (3) } end\n"
    "for i = 1, 500 do all['key ' .. i] = nil end\n"
    "local function adder (n) return function (x) return x + n end end\n"
    "for _, pair in pairs (all) do sum = adder (#pair[2]) (sum) end\n"
    "local walk = coroutine.wrap (function () for i = 1, 100 do coroutine.yield (i) end end)\n"
    "for i = 1, 100 do sum = sum + walk () end\n"
    "collectgarbage ()\n"
    "return sum\n";

/* The old size of a new object is a tag, none of a block's.  */
static void *record_lua (void *user_data, void *ptr, size_t old_size, size_t size) {
  (void) user_data;
  if (size != 0) return ptr == NULL ? record_malloc (size) : record_resize (ptr, old_size, size);
  record_free_sized (ptr, old_size);
  return NULL;
}

static int run_protected (lua_State *state) {
  luaL_openlibs (state);
  if (luaL_loadstring (state, script) != 0) return lua_error (state);
  lua_call (state, 0, 1);
  return 1;
}

static enum guest_result run_script (MIR_alloc_t alloc) {
  lua_State *state =
      alloc != NULL ? lua_newstate (MIR_lua_alloc, alloc) : lua_newstate (record_lua, NULL);
  if (state == NULL) return GUEST_NO_MEMORY;
  enum guest_result res;
  lua_pushcfunction (state, run_protected); /* allocates nothing */
  int status = lua_pcall (state, 0, 1, 0);
  if (status == 0)
    res = lua_tointeger (state, -1) == 499 * 9 + 12 + 5050 ? GUEST_RIGHT : GUEST_WRONG;
  else
    res = status == LUA_ERRMEM ? GUEST_NO_MEMORY : GUEST_WRONG;
  lua_close (state);
  return res;
}

const char *guest_version (void) {
  return GUEST_LUA_VERSION;
}

const struct guest guests[] = {
    {.name = GUEST_LUA,
     .run = run_script,
     .refusals = GUEST_LUA_REFUSALS,
     .varies = GUEST_LUA_VARIES},
    {.name = NULL},
};
