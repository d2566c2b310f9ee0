/* Tells memory checkers which bytes of a chunk are blocks.  The build picks one of the files
   annotate-*.h, each of which defines

   MIR_NOTE_GAP                        bytes left unused after each block, so that overruns show
   mir_note_is_heard ()                whether a checker runs this program; without one the other notes
                                       cost time, but do nothing
   mir_note_pool (pool)                POOL, an address, will contain blocks
   mir_note_closed (start, len)        these bytes must not be accessed
   mir_note_open (start, len)          these bytes may be accessed; their contents are undefined
   mir_note_known (start, len)         these bytes may be accessed; their contents are what was stored
   mir_note_block (pool, block, size)  POOL has a new block
   mir_note_gone (pool, block)         a block of POOL is freed; for ASan also close its bytes
   mir_note_resized (pool, block, old_size, new_size)  a block is resized in place
   mir_note_trim (pool, start, len)    all blocks outside [START, START + LEN) are freed
   mir_note_end (pool)                 all blocks of POOL are freed
   mir_note_heap_gone (block, size)    a block that mimalloc told the checker of is freed

   No other thread uses the bytes meanwhile.  None of them fails, and none has an effect in a
   program that no checker runs.  */
#ifndef MIR_HEAP_ANNOTATE_H
#define MIR_HEAP_ANNOTATE_H

#include MIR_ANNOTATE_FILE /* -DMIR_ANNOTATE_FILE: one of these files, in quotes */

#endif /* MIR_HEAP_ANNOTATE_H */
