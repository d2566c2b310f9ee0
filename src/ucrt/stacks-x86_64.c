/* Stacks of x86-64, by the unwind tables.

   Words on the stack are not enough here: a thread which ends, or starts, waits for the loader lock
   that we hold, and old return addresses are in the holes of its frames; it would seem to be inside
   for as long as we wait.  So frames are walked.  Where no table tells how, in generated code,
   words are looked at from there on.

   RtlVirtualUnwind takes no lock and calls nothing; finding the table's entry is done here, because
   the system's function for that has locks.  What it reads is on the stack, but for what a frame
   register says: that is looked at before.  */

#include "ucrt/stacks.h"
#include "ucrt/crt-image.h"
#include "ucrt/nt.h"

enum { FRAMES_MAX = 4096 };

/* The registers as RtlVirtualUnwind numbers them are one after another in a context.  */
static uintptr_t register_of (const CONTEXT *context, unsigned number) {
  return (uintptr_t) (&context->Rax)[number];
}

/* Whether the function at ENTRY may be unwound: its frame register, if it has one, leads to the
 * stack.  */
static int is_safe (const struct ucrt_image *image, uint32_t entry, const CONTEXT *context,
                    uintptr_t end) {
  int frame = ucrt_unwind_frame (image, entry);
  if (frame <= 0) return frame == 0;
  uintptr_t value = register_of (context, (unsigned) frame);
  /* The register is set within the prologue: before that it is the caller's, and above.  */
  return value >= context->Rsp - 0x100 && value < end;
}

/* To the caller's frame.  0, or -1 where it is not known how.  FIRST: the function has called
 * nobody.  */
static int step (CONTEXT *context, uintptr_t end, int first) {
  struct ucrt_image image;
  void *handler_data;
  DWORD64 frame, sp = context->Rsp;
  const struct ucrt_nt_module *module = ucrt_module_at (context->Rip);
  if (module == NULL || ucrt_open_image (&image, module->base, module->size) != 0) return -1;
  if (image.unwind_size == 0 || context->Rsp > end - 8) return -1;
  uint32_t entry = ucrt_unwind_entry (&image, (uint32_t) (context->Rip - (uintptr_t) module->base));
  if (entry == 0) { /* a leaf, which has not changed the stack */
    if (!first) return -1;
    context->Rip = *(const volatile DWORD64 *) context->Rsp;
    context->Rsp += 8;
  } else {
    if (!is_safe (&image, entry, context, end)) return -1;
    ucrt_nt.unwind (0, (uintptr_t) module->base, context->Rip,
                    (void *) (uintptr_t) (image.base + entry), context, &handler_data, &frame,
                    NULL);
  }
  return context->Rsp > sp && context->Rsp <= end ? 0 : -1;
}

int ucrt_stack_leads_inside (const struct ucrt_code_ranges *ranges, const CONTEXT *context) {
  static CONTEXT at; /* one thread at a time; its alignment is the type's */
  at = *context;
  uintptr_t end = ucrt_stack_end (at.Rsp);
  for (int frames = 0; frames < FRAMES_MAX; frames++) {
    uintptr_t sp = at.Rsp;
    if (ucrt_is_inside (ranges, at.Rip)) return 1;
    if (at.Rip == 0 && frames > 0) return 0; /* nobody called the first function */
    if (step (&at, end, frames == 0) != 0) return ucrt_words_lead_inside (ranges, sp);
  }
  return 1;
}
