/* The live blocks of a picture, and what is counted of blocks: sizes, lifetimes, reallocs.  types.h
   has the words.  One thread.

   Each function takes an event of THREAD, which is the picture's current thread.  Those that return
   an int return 0; or -1 if no program can have so many bytes.  */
#ifndef MIR_REPORT_BLOCKS_H
#define MIR_REPORT_BLOCKS_H

#include "report/types.h"

/* Make and free the table of live blocks.  */
void blocks_init (struct picture *picture);
void blocks_finish (struct picture *picture);

int blocks_on_allocation (struct picture *picture, struct thread *thread,
                          const struct record *record);
void blocks_on_free (struct picture *picture, struct thread *thread, const struct record *record);

/* A realloc begins.  From here on another thread may be given the address of the old block, which
   stays live until the realloc succeeds.  */
void blocks_on_realloc (struct picture *picture, struct thread *thread,
                        const struct record *record);
int blocks_on_realloc_done (struct picture *picture, struct thread *thread,
                            const struct record *record);
/* Nothing happens if THREAD is in no realloc.  */
void blocks_on_realloc_failed (struct picture *picture, struct thread *thread, uint64_t time);

#endif /* MIR_REPORT_BLOCKS_H */
