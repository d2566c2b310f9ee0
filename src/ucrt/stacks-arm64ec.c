/* Stacks of ARM64EC: every word is scanned, and the link register.  x64 code and ARM64 code share one
   stack, and a context is x64's: it has the link register in place of the first x87 register.  */

#include "ucrt/stacks.h"

int ucrt_stack_leads_inside (const struct ucrt_code_ranges *ranges, const CONTEXT *context) {
  const ARM64EC_NT_CONTEXT *both = (const ARM64EC_NT_CONTEXT *) context;
  return ucrt_is_inside (ranges, both->Pc) || ucrt_is_inside (ranges, both->Lr)
         || ucrt_words_lead_inside (ranges, both->Sp);
}
