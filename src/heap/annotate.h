/* Telling memory checkers which bytes of a chunk are blocks.  The build picks one of the files
   annotate-*.h, which defines

   MIR_NOTE_GAP                     bytes left out behind each block, so that an overrun shows
   mir_note_pool (pool)             POOL, an address, will have blocks
   mir_note_closed (start, len)     nobody may touch these bytes
   mir_note_open (start, len)       they may be touched; what was in them is undefined
   mir_note_block (pool, block, size)
   mir_note_gone (pool, block)      this block of POOL is no more; ASan wants its bytes closed, too
   mir_note_resized (pool, block, old_size, new_size)   it stays where it is
   mir_note_trim (pool, start, len) nor is any of its blocks outside [START, START + LEN)
   mir_note_end (pool)              nor any at all
   mir_note_heap_gone (block, size) the same for a block of mimalloc's own, which tells the checker
   of its blocks

   None of them does anything in a program which no checker runs, and none fails.  */
#ifndef MIR_HEAP_ANNOTATE_H
#define MIR_HEAP_ANNOTATE_H

#include MIR_ANNOTATE_FILE /* -DMIR_ANNOTATE_FILE: one of them, in quotes */

#endif /* MIR_HEAP_ANNOTATE_H */
