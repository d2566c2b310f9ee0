/* Whether the default heap should get huge pages: decided by what page faults cost where the process
   runs.  Nothing here calls the system.  One thread at a time.

   A huge page costs one page fault instead of 512, but its memory may be more expensive than that of
   small pages: the kernel may have to move other memory first, and under a hypervisor it often has
   never been touched, so that the host has to provide it page by page.  So the first step that could
   have a huge page is a trial.  While huge pages pay, each further one is timed; once they do not,
   the next trial is when the heap has doubled: all trials together cost a small part of the faults
   in between.  */
#ifndef MIR_HEAP_HUGE_PAGES_H
#define MIR_HEAP_HUGE_PAGES_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint64_t */

#include "mir-heap.h"

struct mir_huge_pages {
  MIR_heap_pages_t asked; /* by the embedder */
  int pay;                /* the last ones did */
  int slow;               /* of these, in a row, that did not */
  uint64_t small_cost; /* nanoseconds for the memory of a huge page in small ones; 0: not known */
  size_t next_trial;   /* when the heap has this many bytes; 0: the first has not been yet */
};

/* Whether a new step, when the heap has USED bytes, should have a huge page.  */
int mir_huge_pages_are_wanted (const struct mir_huge_pages *pages, size_t used);
/* Note what LEN bytes of small pages cost, and what a step with a huge page did, when the heap has USED
   bytes; IS_HUGE: whether the system gave one.  */
void mir_huge_pages_note_small (struct mir_huge_pages *pages, size_t len, uint64_t nanoseconds);
void mir_huge_pages_note_huge (struct mir_huge_pages *pages, size_t used, uint64_t nanoseconds,
                               int is_huge);

#endif /* MIR_HEAP_HUGE_PAGES_H */
