/* Stacks of ARM64: every word is scanned, and the link register.  */

#include "ucrt/stacks.h"

int ucrt_stack_leads_inside (const struct ucrt_code_ranges *ranges, const CONTEXT *context) {
  return ucrt_is_inside (ranges, context->Pc) || ucrt_is_inside (ranges, context->Lr)
         || ucrt_words_lead_inside (ranges, context->Sp);
}
