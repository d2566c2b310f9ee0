/* Thunks: published with a cell of their own, redirected through it.  */
#include <string.h> /* memcpy */

#include "mir-code.h"
#include "code/cpu.h"
#include "code/publish.h"
#include "code/space.h"
#include "code/types.h"

MIR_code_status_t MIR_code_thunk_new (MIR_code_space_t space, void *target, void **thunk) {
  uint8_t bytes[MIR_CPU_THUNK_MAX_LEN];
  MIR_code_cell_t *cell;
  uint8_t *addr;
  if (mir_cpu.thunk_cell == 0) return MIR_CODE_NO_THUNKS;
  MIR_code_status_t status = MIR_code_cell_new (space, target, &cell);
  if (status != MIR_CODE_OK) return status;
  memcpy (bytes, mir_cpu.thunk, sizeof (bytes));
  memcpy (bytes + mir_cpu.thunk_cell, &cell, sizeof (cell));
  status = mir_publish_with (&space->first, bytes, mir_cpu.thunk_cell + sizeof (cell), MIR_THUNKS,
                             (uintptr_t) cell, &addr);
  if (status == MIR_CODE_OK)
    *thunk = addr;
  else
    MIR_code_cell_free (space, cell);
  return status;
}

void *MIR_code_thunk_get (const void *thunk) {
  const MIR_code_cell_t *cell;
  memcpy (&cell, (const uint8_t *) thunk + mir_cpu.thunk_cell, sizeof (cell));
  return MIR_code_cell_get (cell);
}

MIR_code_status_t MIR_code_thunk_set (MIR_code_space_t space, void *thunk, void *target) {
  struct mir_slab *slab = mir_space_lock_slab (space, thunk);
  if (slab == NULL) return MIR_CODE_NOT_OURS;
  struct mir_tag *tag = mir_tags_find (&slab->pool->thunks, (uintptr_t) thunk);
  if (tag != NULL) MIR_code_cell_set ((MIR_code_cell_t *) (uintptr_t) tag->value, target);
  mir_os_unlock (&slab->pool->lock);
  return tag != NULL ? MIR_CODE_OK : MIR_CODE_NOT_OURS;
}
