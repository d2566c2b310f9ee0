/* Where a stopped thread is, and where it will return to; one file per CPU.  */

#ifndef MIR_UCRT_STACKS_H
#define MIR_UCRT_STACKS_H

#include <windows.h>
#include <stdint.h>

#include "ucrt/threads.h"

/* Whether the thread of CONTEXT, of which all of CONTEXT_FULL is valid, is inside of FAMILY, or
   will return there. It is not told that a thread is outside if it is not; the other error is
   possible, and costs another try.  */
int ucrt_stack_leads_inside (const struct ucrt_code_ranges *ranges, const CONTEXT *context);

/*---------------- threads.c -----------------------------*/

int ucrt_is_inside (const struct ucrt_code_ranges *ranges, uintptr_t address);

/* The end of the memory that can be read from SP on, which is the stack's, or behind it; SP if
 * there is none.  */
uintptr_t ucrt_stack_end (uintptr_t sp);

/* Whether a word from SP on could be an address inside of FAMILY to return to.  Calls that ended
   long ago leave such words, too.  */
int ucrt_words_lead_inside (const struct ucrt_code_ranges *ranges, uintptr_t sp);

#endif
