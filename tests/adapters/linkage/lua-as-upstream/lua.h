/* What mir-lua.h uses of Lua, declared as upstream's lua.h does: without extern "C".  */
#ifndef lua_h
#define lua_h

#include <stddef.h> /* size_t */

#define LUA_VERSION_NUM 504

typedef struct lua_State lua_State;
typedef void *(*lua_Alloc) (void *ud, void *ptr, size_t osize, size_t nsize);

extern lua_State *lua_newstate (lua_Alloc f, void *ud);

#endif
