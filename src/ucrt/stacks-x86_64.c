/* Stacks of x86-64, by the unwind tables.

   Scanning the words of a stack is not enough here: a thread that starts or ends waits for the
   loader lock that we hold, and old return addresses remain in the holes of its frames, so it would
   seem to be inside for as long as we wait.  Therefore frames are walked.  In generated code, which
   has no tables, the words are scanned from there on.

   RtlVirtualUnwind takes no lock and calls nothing.  The system's function that finds the unwind
   entry does take locks, so the entry is found here.  RtlVirtualUnwind reads the stack only, and
   where a frame register leads, which is checked before.  */

#include "ucrt/stacks.h"
#include "ucrt/crt-image.h"
#include "ucrt/nt.h"

enum { FRAMES_MAX = 4096 }; /* a deeper thread counts as inside */

/* A context has the registers in the order in which RtlVirtualUnwind numbers them.  */
static uintptr_t register_of (const CONTEXT *context, unsigned number) {
  return (uintptr_t) (&context->Rax)[number];
}

/* Whether the function at ENTRY may be unwound: a frame register, if any, must lead to the
   stack.  */
static int is_safe (const struct ucrt_image *image, uint32_t entry, const CONTEXT *context,
                    uintptr_t end) {
  int frame = ucrt_unwind_frame (image, entry);
  if (frame <= 0) return frame == 0;
  uintptr_t value = register_of (context, (unsigned) frame);
  /* The prologue sets the register; before that it is the caller's, which is above.  */
  return value >= context->Rsp - 0x100 && value < end;
}

/* Move CONTEXT to the caller's frame, without running exception handlers.  Returns 0, or -1 if it is
   not known how.  FIRST: this is the innermost function.  */
static int step (CONTEXT *context, uintptr_t end, int first) {
  struct ucrt_image image;
  void *handler_data;
  DWORD64 frame, sp = context->Rsp;
  const struct ucrt_nt_module *module = ucrt_module_at (context->Rip);
  if (module == NULL || ucrt_open_image (&image, module->base, module->size) != 0) return -1;
  if (image.unwind_size == 0 || context->Rsp > end - 8) return -1;
  uint32_t entry = ucrt_unwind_entry (&image, (uint32_t) (context->Rip - (uintptr_t) module->base));
  if (entry == 0) { /* a leaf: the stack is unchanged */
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
  static CONTEXT at; /* one thread at a time; too large for our stack */
  at = *context;
  uintptr_t end = ucrt_stack_end (at.Rsp);
  for (int frames = 0; frames < FRAMES_MAX; frames++) {
    uintptr_t sp = at.Rsp;
    if (ucrt_is_inside (ranges, at.Rip)) return 1;
    if (at.Rip == 0 && frames > 0) return 0; /* the first function has no caller */
    if (step (&at, end, frames == 0) != 0) return ucrt_words_lead_inside (ranges, sp);
  }
  return 1;
}
