/* The library's only copy of the default vtables.  */
#include "mir-code-alloc-default.c" /* first: see there */
#include "mir-alloc-default.c"

#include "defaults.h"

#include <stdint.h> /* SIZE_MAX */

#include "heap/large.h"
#include "heap/supply.h"

/* Large blocks need room first; the others are the vtable's.  */

static void *roomy_malloc (size_t size, void *user_data) {
  if (size > MIR_LARGE) mir_supply_make_room (size);
  return default_malloc (size, user_data);
}

static void *roomy_calloc (size_t num, size_t size, void *user_data) {
  if (size != 0 && num > MIR_LARGE / size && num <= SIZE_MAX / size)
    mir_supply_make_room (num * size);
  return default_calloc (num, size, user_data);
}

/* The caller's old size is no more trusted than mimalloc's realloc trusts it.  */
static void *grow_large (void *ptr, size_t new_size, void *user_data) {
  size_t usable = mi_usable_size (ptr);
  if (new_size <= usable) return default_realloc (ptr, usable, new_size, user_data);
  void *res = default_malloc (new_size, user_data);
  if (res == NULL || mir_large_move (ptr, res, usable) != 0) return NULL;
  default_free (ptr, user_data);
  return res;
}

static void *roomy_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  if (new_size > MIR_LARGE && new_size > old_size) mir_supply_make_room (new_size);
  if (mir_large_is_moved (old_size, new_size) && ptr != NULL)
    return grow_large (ptr, new_size, user_data);
  return default_realloc (ptr, old_size, new_size, user_data);
}

static struct MIR_alloc roomy_alloc = {
    .malloc = roomy_malloc, .calloc = roomy_calloc, .realloc = roomy_realloc, .free = default_free};

MIR_alloc_t mir_default_alloc (void) {
  mir_supply_prepare ();
  return &roomy_alloc;
}

MIR_code_alloc_t mir_default_code_alloc (void) {
  return &default_code_alloc;
}
