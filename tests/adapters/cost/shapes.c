/* The functions that adapters hand to libraries, as a library calls them: by pointer.  test-cost.py counts their
   instructions in the object code.  */
#include "adapters/mir-callbacks.h"

#include <stdlib.h>

#include "adapters/mir-globals.h"

/* mir-lua.h needs this much of Lua's headers.  */
#define LUA_VERSION_NUM 504
typedef void *(*lua_Alloc) (void *ud, void *ptr, size_t old_size, size_t new_size);
#include "adapters/mir-lua.h"

MIR_HEADED_GLOBALS (global)
MIR_FROM_GLOBALS (libc, malloc, calloc, realloc, free)

/* The allocator without an adapter, its arguments where it wants them.  */
static void *direct_malloc (size_t size, void *unused, MIR_alloc_t alloc) {
  (void) unused;
  return MIR_malloc (alloc, size);
}

/* Any function; what is stored here is compiled, and not known to be called with anything.  */
static void (*volatile taken) (void);
#define TAKE(FUNCTION) taken = (void (*) (void)) (FUNCTION)

int main (int argc, char **argv) {
  global_alloc = argc > 1 ? (MIR_alloc_t) (void *) argv : NULL;
  TAKE (direct_malloc);
  TAKE (MIR_opaque_malloc);
  TAKE (MIR_opaque_free);
  TAKE (MIR_opaque_array);
  TAKE (MIR_lua_alloc);
  TAKE (libc.malloc);
  TAKE (libc.calloc);
  TAKE (libc.realloc);
  TAKE (MIR_opaque_headed_malloc);
  TAKE (MIR_opaque_headed_calloc);
  TAKE (MIR_opaque_headed_realloc);
  TAKE (MIR_opaque_headed_free);
  TAKE (MIR_last_headed_malloc);
  TAKE (MIR_last_headed_calloc);
  TAKE (MIR_last_headed_realloc);
  TAKE (MIR_last_headed_free);
  TAKE (global_malloc);
  TAKE (global_calloc);
  TAKE (global_realloc);
  TAKE (global_free);
  TAKE (global_strdup);
  return taken == NULL;
}
