/* The live blocks of a picture, and what is counted of blocks: sizes, lifetimes, reallocs.  types.h
   has the words.  One thread.

   The functions for events take one of THREAD, which is the picture's current thread.  */
#ifndef MIR_REPORT_BLOCKS_H
#define MIR_REPORT_BLOCKS_H

#include "report/types.h"

/* Whether a program can have so many bytes that one more block of SIZE can be made.  To be asked
   before an event that makes one.  */
int blocks_have_room (const struct picture *picture, uint64_t size);

void blocks_on_allocation (struct picture *picture, struct thread *thread,
                           const struct record *record);
void blocks_on_free (struct picture *picture, struct thread *thread, const struct record *record);

/* A realloc begins.  From here on another thread may be given the address of the old block, which
   stays live until the realloc succeeds.  */
void blocks_on_realloc (struct picture *picture, struct thread *thread,
                        const struct record *record);
void blocks_on_realloc_done (struct picture *picture, struct thread *thread,
                             const struct record *record);
/* Nothing happens if THREAD is in no realloc.  */
void blocks_on_realloc_failed (struct picture *picture, struct thread *thread, uint64_t time);

/* At the end of the second reading, count in the matrix what is left.  */
void blocks_count_left (struct picture *picture);

#endif /* MIR_REPORT_BLOCKS_H */
