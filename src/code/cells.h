/* The cells of a space: words of private memory with the addresses to which code jumps.  Guarded by
   the lock of the space.  */
#ifndef MIR_CODE_CELLS_H
#define MIR_CODE_CELLS_H

#include <stdatomic.h>
#include <stddef.h> /* size_t */

struct MIR_code_cell {
  _Atomic (void *) target; /* of a free cell: the next free cell */
};

/* One allocation of cells.  */
struct mir_cell_group {
  struct mir_cell_group *next;
  struct MIR_code_cell cells[511];
};

struct mir_cells {
  struct mir_cell_group *groups; /* general memory, for a space without a range; never shrinks */
  struct MIR_code_cell *free;    /* a list, through `target` */
  /* Cells of a unit of the range, and their end, that were never used and are in no list: so memory is
     taken page by page.  */
  struct MIR_code_cell *fresh, *fresh_bound;
};

#endif /* MIR_CODE_CELLS_H */
