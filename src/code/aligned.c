/* Reserved blocks: room for one block and its alignment is taken, and what is not needed freed.  */
#include "code/aligned.h"

#include "code/pool.h"
#include "code/slab.h"

MIR_code_status_t mir_take_aligned (struct mir_pool *pool, uint32_t n, size_t alignment,
                                    struct mir_block *block) {
  size_t units = alignment >> pool->space->shift;
  uint32_t spare = units > 1 ? (uint32_t) units - 1 : 0;
  struct mir_placement placement;
  MIR_code_status_t status = mir_pool_find_room (pool, n + spare, MIR_NO_TABLE, &placement);
  if (status != MIR_CODE_OK && spare != 0
      && mir_pool_find_aligned (pool, n, alignment, &placement) == 0) {
    status = MIR_CODE_OK;
    spare = 0;
  }
  if (status != MIR_CODE_OK) return status;
  struct mir_slab *slab = placement.slab;
  uintptr_t addr = (uintptr_t) mir_slab_address (slab, placement.start);
  uint32_t gap = spare == 0 ? 0 : (uint32_t) (((0 - addr) & (alignment - 1)) >> slab->shift);
  mir_pool_take (&placement, gap + n);
  mir_pool_cut (slab, placement.start, gap);
  block->slab = slab;
  block->first = placement.start + gap;
  mir_granules_pin (&slab->granules, block->first + n - 1);
  return MIR_CODE_OK;
}
