/* Stacks of arm64: every word is looked at, and the link register.  */

#include "stacks.h"

int ucrt_stack_leads_inside (const ucrt_family_t *family, const CONTEXT *context) {
  return ucrt_is_inside (family, context->Pc) || ucrt_is_inside (family, context->Lr)
         || ucrt_words_lead_inside (family, context->Sp);
}
