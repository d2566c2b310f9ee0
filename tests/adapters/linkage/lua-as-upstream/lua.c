/* A Lua that is compiled as C or as C++: a state is one block.  */
#include "lua.h"

struct lua_State {
  lua_Alloc f;
  void *ud;
};

lua_State *lua_newstate (lua_Alloc f, void *ud) {
  return (lua_State *) f (ud, NULL, 8, sizeof (lua_State));
}
