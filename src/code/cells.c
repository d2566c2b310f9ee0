/* Cells: taken from the free list of a space, which grows by a unit of its range or by a group.
   Any thread; the functions of mir-code.h take the lock of the space.  */
#include "code/cells.h"

#include "mir-code.h"
#include "code/status.h"
#include "code/types.h"

/* Put the NUM cells from FIRST on into the free list.  The lock of the space is held.  */
static void add_free (struct MIR_code_space *space, struct MIR_code_cell *first, size_t num) {
  for (size_t i = num; i > 0; i--) {
    atomic_store_explicit (&first[i - 1].target, space->cells.free, memory_order_relaxed);
    space->cells.free = &first[i - 1];
  }
}

/* Turn a unit of the range into cells.  The lock of the space is held.  */
static MIR_code_status_t add_unit (struct MIR_code_space *space) {
  uint8_t *unit = mir_range_take (&space->range, MIR_RANGE_UNIT, MIR_RANGE_UNIT);
  if (unit == NULL) return MIR_CODE_LIMIT;
  if (mir_os_commit_data (unit, MIR_RANGE_UNIT) != 0) {
    MIR_code_status_t status = mir_status_of_refusal (MIR_CODE_NO_MEMORY, MIR_RANGE_UNIT);
    mir_range_release (&space->range, unit);
    return status;
  }
  space->cells.fresh = (struct MIR_code_cell *) (void *) unit;
  space->cells.fresh_bound = space->cells.fresh + MIR_RANGE_UNIT / sizeof (struct MIR_code_cell);
  return MIR_CODE_OK;
}

/* Allocate a group of cells.  The lock is not held.  */
static MIR_code_status_t add_group (struct MIR_code_space *space) {
  struct mir_cell_group *group =
      (struct mir_cell_group *) MIR_malloc (space->alloc, sizeof (struct mir_cell_group));
  if (group == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&space->lock);
  group->next = space->cells.groups;
  space->cells.groups = group;
  add_free (space, group->cells, sizeof (group->cells) / sizeof (group->cells[0]));
  mir_os_unlock (&space->lock);
  return MIR_CODE_OK;
}

/* Take a cell.  NULL: there is none left.  The lock of the space is held.  */
static struct MIR_code_cell *take_cell (struct mir_cells *cells) {
  struct MIR_code_cell *cell = cells->free;
  if (cell != NULL)
    cells->free =
        (struct MIR_code_cell *) atomic_load_explicit (&cell->target, memory_order_relaxed);
  else if (cells->fresh != cells->fresh_bound)
    cell = cells->fresh++;
  return cell;
}

MIR_code_status_t MIR_code_cell_new (MIR_code_space_t space, void *target, MIR_code_cell_t **cell) {
  MIR_code_status_t status = MIR_CODE_OK;
  struct MIR_code_cell *found;
  mir_os_lock (&space->lock);
  while ((found = take_cell (&space->cells)) == NULL && status == MIR_CODE_OK) {
    if (space->range.len != 0) {
      status = add_unit (space);
    } else {
      mir_os_unlock (&space->lock);
      status = add_group (space);
      mir_os_lock (&space->lock);
    }
  }
  mir_os_unlock (&space->lock);
  if (found == NULL) return status;
  MIR_code_cell_set (found, target);
  *cell = found;
  return MIR_CODE_OK;
}

void MIR_code_cell_set (MIR_code_cell_t *cell, void *target) {
  atomic_store_explicit (&cell->target, target, memory_order_release);
}

void *MIR_code_cell_get (const MIR_code_cell_t *cell) {
  return atomic_load_explicit (&cell->target, memory_order_acquire);
}

void MIR_code_cell_free (MIR_code_space_t space, MIR_code_cell_t *cell) {
  if (cell == NULL) return;
  mir_os_lock (&space->lock);
  add_free (space, cell, 1);
  mir_os_unlock (&space->lock);
}
