/* The memory of the default heap: address space without memory, which mimalloc gets in steps, and
   which it returns.  The build picks supply.c or, where mimalloc asks the system itself,
   supply-none.c.  Any thread.  */
#ifndef MIR_HEAP_SUPPLY_H
#define MIR_HEAP_SUPPLY_H

#include <stddef.h> /* size_t */

#include "mir-heap.h"

/* Done once, before the default heap is used; any number of times.  If a step fails, the heap works
   as it would without it.  */
void mir_supply_prepare (void);

/* Look for room for a block of LEN bytes, and reserve some if there is none: mimalloc on its own would
   reserve it in its way.  A hint.  */
void mir_supply_make_room (size_t len);

/* [START, START + LEN) of a live block has lost its memory, by mir_os_move: its owner is about to free
   it.  */
void mir_supply_emptied (const void *start, size_t len);

/* Give free memory back until at most KEEP bytes of it are left.  Returns the bytes given back.  */
size_t mir_supply_trim (size_t keep);

/* Whether the default heap's memory is from ranges of supply.c.  */
int mir_supply_is_own (void);

/* As MIR_heap_use_pages.  */
void mir_supply_use_pages (MIR_heap_pages_t pages);

#endif /* MIR_HEAP_SUPPLY_H */
