/* The guest Lua: fails cleanly wherever it is refused memory, as long as every call is a protected one.  */
#include "guest.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <string.h>

#include "adapters/mir-lua.h"

static lua_State *state;

static const char work_script[] =
    "local words, count = {}, {}\n"
    "for i = 1, 2000 do words[i] = 'word ' .. (i * 7919) % 1009 end\n"
    "for _, word in ipairs (words) do count[word] = (count[word] or 0) + 1 end\n"
    "table.sort (words)\n"
    "local sum = 0\n"
    "for _, n in pairs (count) do sum = sum + n end\n"
    "kept = words\n" /* until the next time */
    "return sum == 2000 and words[1] == 'word 0'\n";

static const char hoard_script[] =
    "hoard = {}\n"
    "for i = 1, math.huge do hoard[i] = { number = i, text = 'number ' .. i } end\n";

static enum guest_result failure (struct memory *memory, int status) {
  const char *text = lua_tostring (state, -1);
  int is_memory = status == LUA_ERRMEM /* or the error of a load, passed on */
                  || (text != NULL && strcmp (text, "not enough memory") == 0);
  return guest_says (memory, is_memory ? GUEST_REFUSED : GUEST_WRONG, text);
}

/* Loading may fail for want of memory as running may, so both are protected.  */
static int load_and_run (lua_State *in) {
  if (luaL_loadstring (in, (const char *) lua_touserdata (in, 1)) != LUA_OK) return lua_error (in);
  lua_call (in, 0, 1);
  return 1;
}

static int open_libraries (lua_State *in) {
  luaL_openlibs (in);
  return 0;
}

static enum guest_result run (struct memory *memory, const char *script) {
  lua_settop (state, 0);
  lua_pushcfunction (state, load_and_run);
  lua_pushlightuserdata (state, (void *) (uintptr_t) script);
  int status = lua_pcall (state, 1, 1, 0);
  if (status != LUA_OK) return failure (memory, status);
  return lua_toboolean (state, -1) ? GUEST_DONE
                                   : guest_says (memory, GUEST_WRONG, "a wrong result");
}

static enum guest_result start (struct memory *memory) {
  state = lua_newstate (MIR_lua_alloc, memory->alloc);
  if (state == NULL) return guest_says (memory, GUEST_REFUSED, "no memory for a state");
  lua_pushcfunction (state, open_libraries);
  int status = lua_pcall (state, 0, 0, 0);
  return status == LUA_OK ? GUEST_DONE : failure (memory, status);
}

static enum guest_result work (struct memory *memory) {
  return run (memory, work_script);
}

static enum guest_result hoard (struct memory *memory) {
  return run (memory, hoard_script);
}

static void stop (struct memory *memory) {
  (void) memory;
  if (state != NULL) lua_close (state);
  state = NULL;
}

const struct guest lua_guest = {
    .name = "lua",
    .version = LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE,
    .start = start,
    .work = work,
    .hoard = hoard,
    .stop = stop};
