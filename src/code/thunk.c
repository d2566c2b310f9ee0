/* Thunks: published with a cell of their own, redirected through it.  */
#include "code/thunk.h"

#include <string.h> /* memcpy */

#include "code/cpu.h"
#include "code/publish.h"
#include "code/space.h"
#include "code/types.h"

MIR_code_status_t mir_thunk_new (struct mir_pool *pool, uint8_t **res) {
  uint8_t bytes[MIR_CPU_THUNK_MAX_LEN];
  MIR_code_cell_t *cell;
  MIR_code_status_t status = MIR_code_cell_new (pool->space, NULL, &cell);
  if (status != MIR_CODE_OK) return status;
  memcpy (bytes, mir_cpu.thunk, sizeof (bytes));
  memcpy (bytes + mir_cpu.thunk_cell, &cell, sizeof (cell));
  status = mir_publish_with (pool, bytes, mir_cpu.thunk_cell + sizeof (cell), MIR_THUNKS,
                             (uintptr_t) cell, res);
  if (status != MIR_CODE_OK) MIR_code_cell_free (pool->space, cell);
  return status;
}

void *mir_thunk_target (const void *thunk) {
  const MIR_code_cell_t *cell;
  memcpy (&cell, (const uint8_t *) thunk + mir_cpu.thunk_cell, sizeof (cell));
  return MIR_code_cell_get (cell);
}

MIR_code_status_t mir_thunk_redirect (struct MIR_code_space *space, const void *addr,
                                      void *target) {
  struct mir_slab *slab = mir_space_lock_slab (space, addr);
  if (slab == NULL) return MIR_CODE_NOT_OURS;
  struct mir_tag *thunk = mir_tags_find (&slab->pool->thunks, (uintptr_t) addr);
  if (thunk != NULL) MIR_code_cell_set ((MIR_code_cell_t *) (uintptr_t) thunk->value, target);
  mir_os_unlock (&slab->pool->lock);
  return thunk != NULL ? MIR_CODE_OK : MIR_CODE_NOT_OURS;
}
