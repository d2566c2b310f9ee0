/* Stacks of x86: nothing says where a function keeps its return address, so every word is
   scanned.  */

#include "ucrt/stacks.h"

int ucrt_stack_leads_inside (const struct ucrt_code_ranges *ranges, const CONTEXT *context) {
  return ucrt_is_inside (ranges, context->Eip) || ucrt_words_lead_inside (ranges, context->Esp);
}
