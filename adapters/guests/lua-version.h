/* Which Lua lua.c drives.  */
#ifndef MIR_ADAPTERS_GUESTS_LUA_VERSION_H
#define MIR_ADAPTERS_GUESTS_LUA_VERSION_H

#include <lua.h>

#if LUA_VERSION_NUM == 501 /* LuaJIT's interface */
#include <luajit.h>
#define GUEST_LUA "LuaJIT"
#define GUEST_LUA_VERSION (&LUAJIT_VERSION[sizeof ("LuaJIT ") - 1])
#define GUEST_LUA_REFUSALS GUEST_NOT_ALWAYS
#define GUEST_LUA_VARIES 1 /* addresses are keys of its tables */
#else
#define GUEST_LUA "Lua"
#define GUEST_LUA_VERSION LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE
#define GUEST_LUA_REFUSALS GUEST_RECOVERS
#define GUEST_LUA_VARIES 0
#endif

#endif /* MIR_ADAPTERS_GUESTS_LUA_VERSION_H */
