/* Decides between huge and small pages.  One thread at a time.  */
#include "heap/huge-pages.h"

#include "heap/slices.h" /* MIR_STEP */

enum {
  FIRST_TRIAL = 32 * 1024 * 1024, /* bytes: a smaller heap pays for megabytes that it never uses */
  MAX_SLOW = 2,                   /* huge pages in a row that did not pay... */
  MUCH_PERCENT = 200,             /* ...or one that cost so much more */
  /* A huge page must cost at most this part of what small ones do; a sample counts as one part in
     this many of their average.  */
  WORTH_PERCENT = 80,
  SAMPLE_PART = 16
};

int mir_huge_pages_are_wanted (const struct mir_huge_pages *pages, size_t used) {
  if (pages->asked != MIR_HEAP_PAGES_MEASURED) return pages->asked == MIR_HEAP_PAGES_HUGE;
  if (pages->small_cost == 0) return 0;
  if (pages->next_trial == 0) return used >= FIRST_TRIAL;
  return pages->pay || used >= pages->next_trial;
}

void mir_huge_pages_note_small (struct mir_huge_pages *pages, size_t len, uint64_t nanoseconds) {
  uint64_t cost = nanoseconds * MIR_STEP / len;
  if (pages->small_cost == 0)
    pages->small_cost = cost;
  else
    pages->small_cost += cost / SAMPLE_PART - pages->small_cost / SAMPLE_PART;
}

void mir_huge_pages_note_huge (struct mir_huge_pages *pages, size_t used, uint64_t nanoseconds,
                               int is_huge) {
  int pays = is_huge && nanoseconds <= pages->small_cost * WORTH_PERCENT / 100;
  int is_trial = !pages->pay, is_much = nanoseconds > pages->small_cost * MUCH_PERCENT / 100;
  pages->slow = pays ? 0 : pages->slow + 1;
  pages->pay = pays || (!is_trial && !is_much && pages->slow < MAX_SLOW);
  pages->next_trial = used > SIZE_MAX / 2 ? SIZE_MAX : used * 2;
}
