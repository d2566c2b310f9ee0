/* The parts of a space, which hold its objects: one for code, one for read-only and one for writable
   data.  Each is made when it is first needed and lives as long as the space.  Any thread; no lock is
   held.  */
#ifndef MIR_CODE_PART_H
#define MIR_CODE_PART_H

#include "mir-code-object.h"
#include "code/types.h"

/* Set *PART to the part of SPACE for ACCESS.  MIR_CODE_BAD_OPTION: SPACE has no range.  */
MIR_code_status_t mir_part_ensure (struct MIR_code_space *space, MIR_code_access_t access,
                                   struct MIR_code_space **part);

/* That part; NULL: there is none yet.  */
static inline struct MIR_code_space *mir_part (struct MIR_code_space *space,
                                               MIR_code_access_t access) {
  return atomic_load_explicit (&space->parts[access], memory_order_acquire);
}

/* The slab which holds ADDR among the code of SPACE, its objects' included, with its pool locked.
   NULL: there is none, and nothing is locked.  */
struct mir_slab *mir_part_lock_code (struct MIR_code_space *space, const void *addr);

#endif /* MIR_CODE_PART_H */
