/* Parts: spaces inside a space, for its objects' code and data.  */
#include "code/part.h"

#include "code/fork.h"
#include "code/space.h"

/* The options of the part of SPACE for ACCESS.  Hooks and poison are for code; what is written to
   directly has no alias to protect.  */
static MIR_code_options_t options_of (const struct MIR_code_space *space,
                                      MIR_code_access_t access) {
  MIR_code_options_t options = space->options;
  options.reserve = 0;
  options.near_addr = NULL;
  options.hooks = space->hooks;
  if (access == MIR_CODE_READ_EXEC) return options;
  options.hooks = NULL;
  options.poison = MIR_CODE_KEEP;
  options.max_bytes = 0;
  options.huge_pages = 0;
  options.landing_pads = 0;
  if (access == MIR_CODE_READ_WRITE) options.protection = MIR_CODE_OPEN_ALIAS;
  return options;
}

/* Make a part of SPACE, which another thread may be making, too.  */
static MIR_code_status_t make_part (struct MIR_code_space *space, MIR_code_access_t access,
                                    struct MIR_code_space **part) {
  MIR_code_options_t options = options_of (space, access);
  const struct mir_backend *backend =
      access == MIR_CODE_READ_WRITE ? &mir_backend_data : space->backend;
  struct MIR_code_space *made = (struct MIR_code_space *) MIR_malloc (space->alloc, sizeof (*made));
  if (made == NULL) return MIR_CODE_NO_MEMORY;
  MIR_code_status_t status = mir_space_init_part (made, space, access, &options, backend);
  if (status == MIR_CODE_OK && (status = mir_watch_forks (made)) != MIR_CODE_OK)
    mir_space_destroy (made);
  if (status != MIR_CODE_OK) {
    MIR_free (space->alloc, made);
    return status;
  }
  struct MIR_code_space *first = NULL;
  if (atomic_compare_exchange_strong (&space->parts[access], &first, made)) {
    *part = made;
    return MIR_CODE_OK;
  }
  mir_unwatch_forks (made);
  mir_space_destroy (made);
  MIR_free (space->alloc, made);
  *part = first;
  return MIR_CODE_OK;
}

MIR_code_status_t mir_part_ensure (struct MIR_code_space *space, MIR_code_access_t access,
                                   struct MIR_code_space **part) {
  *part = mir_part (space, access);
  if (*part != NULL) return MIR_CODE_OK;
  if (space->range.len == 0) return MIR_CODE_BAD_OPTION;
  return mir_backend_data.map != NULL ? make_part (space, access, part) : MIR_CODE_NO_BACKEND;
}

struct mir_slab *mir_part_lock_code (struct MIR_code_space *space, const void *addr) {
  struct mir_slab *slab = mir_space_lock_slab (space, addr);
  if (slab != NULL) return slab;
  struct MIR_code_space *part = mir_part (space, MIR_CODE_READ_EXEC);
  return part != NULL ? mir_space_lock_slab (part, addr) : NULL;
}
