/* A picture, which is what a trace says about a program's memory: how one is made, and how a record
   is counted.  types.h has the words.  One thread.  */
#ifndef MIR_REPORT_PICTURE_H
#define MIR_REPORT_PICTURE_H

#include "report/types.h"

/* Make PICTURE empty.  The caller finishes PICTURE in any case and does not move it.  If memory
   runs out, the program prints a line and ends.  */
void picture_init (struct picture *picture, MIR_alloc_t alloc);
void picture_finish (struct picture *picture);

/* Free what only counting needs: nothing is counted from now on.  */
void picture_settle (struct picture *picture);

/* RECORD will be counted soon: begin to load what that needs.  */
void picture_expect (struct picture *picture, const struct record *record);
/* Count RECORD, the next one that picture->reader has read.  Returns 0; or -1 with PICTURE as it
   was if no program can have so much memory.  */
int picture_count (struct picture *picture, const struct record *record);

/* Prepare PICTURE for the second reading: forget what is live, the threads and the totals, which
   are counted again.  */
void picture_begin_second (struct picture *picture);

/* The title of the trace, or the last part of the path NAME if it has none.  */
const char *picture_title (const struct picture *picture, const char *name);

#endif /* MIR_REPORT_PICTURE_H */
