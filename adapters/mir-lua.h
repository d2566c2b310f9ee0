/* An adapter in both directions between MIR_alloc and Lua's lua_Alloc (Lua 5.4 Reference Manual,
   4.6).

   Lua 5.4.7 frees NULL through the function and makes blocks smaller; a refused shrink is an error.  It
   passes old sizes, all of them right, but as that of a new object what kind it is.  When memory is
   refused it collects garbage and tries again; what stays refused is LUA_ERRMEM, and nothing is lost.
   LuaJIT 2.1 survives neither every refused allocation nor a refused shrink.  Nothing goes around but
   LuaJIT's machine code.  (2026-12)

   Lua's headers do not say how Lua was compiled.  In C++ this one takes Lua compiled as C, through
   lua.hpp; for Lua compiled as C++, include lua.h before it.  */
#ifndef MIR_LUA_H
#define MIR_LUA_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#ifndef LUA_VERSION_NUM /* the program has not included its Lua */
#ifdef __cplusplus
#include <lua.hpp>
#else
#include <lua.h>
#endif
#endif
#include <string.h> /* memset */

#include "mir-alloc.h"
#include "mir-size-header.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Make a Lua state over a MIR_alloc_t with lua_newstate (MIR_lua_alloc, alloc); Lua passes the old
   sizes itself.  ALLOC must outlive the state.  One thread at a time in one state, as in Lua.  */
static inline void *MIR_lua_alloc (void *alloc, void *ptr, size_t old_size, size_t new_size) {
  MIR_alloc_t to = (MIR_alloc_t) alloc;
  if (ptr == NULL)
    return new_size == 0 ? NULL : MIR_malloc (to, new_size); /* then OLD_SIZE is a type of Lua's */
  if (new_size != 0) return MIR_realloc (to, ptr, old_size, new_size);
  MIR_free (to, ptr);
  return NULL;
}

/* A MIR_alloc over a lua_Alloc, for example the one from lua_getallocf: pass &from.alloc.  FUNC and
   UD must outlive it.  It allows the threads and gives the alignment that FUNC does.  */
typedef struct MIR_from_lua {
  struct MIR_alloc alloc;
  lua_Alloc func;
  void *ud;
} MIR_from_lua_t;

static inline void *mir_from_lua_malloc (size_t size, void *user_data) {
  MIR_from_lua_t *from = (MIR_from_lua_t *) user_data;
  size_t len = mir_with_header (size);
  return len == 0 ? NULL : mir_set_size_header (from->func (from->ud, NULL, 0, len), size);
}

static inline void *mir_from_lua_calloc (size_t num, size_t size, void *user_data) {
  size_t len;
  if (mir_product_overflows (num, size, &len)) return NULL;
  void *res = mir_from_lua_malloc (len, user_data);
  if (res != NULL) memset (res, 0, len);
  return res;
}

static inline void *mir_from_lua_realloc (void *ptr, size_t old_size, size_t new_size,
                                          void *user_data) {
  MIR_from_lua_t *from = (MIR_from_lua_t *) user_data;
  size_t len = mir_with_header (new_size);
  if (ptr == NULL) return mir_from_lua_malloc (new_size, user_data);
  if (len == 0) return NULL;
  return mir_set_size_header (
      from->func (from->ud, mir_size_header_of (ptr), old_size + MIR_SIZE_HEADER, len), new_size);
}

static inline void mir_from_lua_free (void *ptr, void *user_data) {
  MIR_from_lua_t *from = (MIR_from_lua_t *) user_data;
  if (ptr != NULL)
    from->func (from->ud, mir_size_header_of (ptr), mir_size_in_header (ptr) + MIR_SIZE_HEADER, 0);
}

static inline void MIR_from_lua_init (MIR_from_lua_t *from, lua_Alloc func, void *ud) {
  from->alloc.malloc = mir_from_lua_malloc;
  from->alloc.calloc = mir_from_lua_calloc;
  from->alloc.realloc = mir_from_lua_realloc;
  from->alloc.free = mir_from_lua_free;
  from->alloc.user_data = from;
  from->func = func;
  from->ud = ud;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_LUA_H */
