/* Finds out where a stopped thread is and where it returns to: what is common to all CPUs, and one
   file per CPU.  The other threads are stopped, so only system calls are made and no lock is taken;
   one thread at a time.  */

#ifndef MIR_UCRT_STACKS_H
#define MIR_UCRT_STACKS_H

#include <windows.h>
#include <stdint.h>

/* Code, END excluded.  */
struct ucrt_range {
  uintptr_t begin, end;
};

/* The code that no thread may be in.  All of LIST is between BEGIN and END.  */
struct ucrt_code_ranges {
  uintptr_t begin, end;
  unsigned num;
  const struct ucrt_range *list;
};

/*---------------- stacks.c -----------------------------*/

/* Whether ADDRESS is in one of RANGES.  */
int ucrt_is_inside (const struct ucrt_code_ranges *ranges, uintptr_t address);

/* The end of the readable memory from SP on, which is the stack's end or behind it; SP if there is
   none.  */
uintptr_t ucrt_stack_end (uintptr_t sp);

/* Whether a word from SP on could be a return address inside of RANGES.  Calls that ended long ago
   leave such words too.  */
int ucrt_words_lead_inside (const struct ucrt_code_ranges *ranges, uintptr_t sp);

/*---------------- stacks-CPU.c -----------------------------*/

/* Whether the thread of CONTEXT, valid for all of CONTEXT_FULL, is inside of RANGES or returns
   there.  Never 0 for a thread that is inside; a wrong 1 is possible, and costs another try.  */
int ucrt_stack_leads_inside (const struct ucrt_code_ranges *ranges, const CONTEXT *context);

#endif
