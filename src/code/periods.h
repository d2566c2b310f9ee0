/* The grace periods that things in a queue wait for: each with the position behind its last thing.

     queue     a b c d e f g h i        periods   3 up to d, 4 up to h, 7 up to i

   Positions count up, modulo 2^32.  One thread at a time.  Nothing here allocates or fails.  */
#ifndef MIR_CODE_PERIODS_H
#define MIR_CODE_PERIODS_H

#include <stdint.h>
#include <string.h> /* memmove */

enum { MIR_PERIODS = 16 }; /* grace periods that are told apart */

struct mir_period {
  uint64_t grace; /* grace periods begun before the things were freed: one begun later must end */
  uint32_t bound; /* position behind the last thing */
};

struct mir_periods {
  uint32_t num; /* the oldest first */
  struct mir_period at[MIR_PERIODS];
};

/* The thing before position BOUND, the newest, was freed when GRACE had begun.  If all periods are in
   use it joins the last one, which then waits for the later end.  */
static inline void mir_periods_add (struct mir_periods *periods, uint64_t grace, uint32_t bound) {
  uint32_t num = periods->num;
  if (num == 0 || periods->at[num - 1].grace < grace) {
    if (num < MIR_PERIODS) num = ++periods->num;
    periods->at[num - 1].grace = grace;
  }
  periods->at[num - 1].bound = bound;
}

/* The oldest thing is now the one at POSITION.  */
static inline void mir_periods_pass (struct mir_periods *periods, uint32_t position) {
  struct mir_period *first = &periods->at[0];
  if (position != first->bound) return;
  periods->num--;
  memmove (first, first + 1, periods->num * sizeof (*first));
}

#endif /* MIR_CODE_PERIODS_H */
