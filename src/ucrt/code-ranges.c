/* The code that no other thread may be in while jumps are written.

   First, the bytes that a jump replaces, except the first byte: a thread there would continue in
   the middle of the jump.  Second, the aligned functions as a whole.  _aligned_malloc calls malloc
   and returns an address inside of the block.  A thread that began in the old _aligned_malloc and
   calls the new malloc would return an address inside of a block of ours, which our _aligned_free
   could not free.  The same holds for the functions without a name at the end of the aligned
   functions' jumps.  Functions that they call return to them, so a thread in there is found by its
   return address.

   Threads may be inside all other functions: old or new, those take blocks of both heaps.  */

#include "ucrt/code-ranges.h"

#include "ucrt/hooks.h"

/* Add the code from the offset BEGIN to END, excluded.  0, or -1 if there is no room.  */
static int add_range (struct ucrt_plan *plan, uint32_t begin, uint32_t end) {
  if (plan->ranges_num == UCRT_RANGES_MAX) return -1;
  uintptr_t base = (uintptr_t) plan->crt->base;
  plan->ranges[plan->ranges_num++] = (struct ucrt_range) {.begin = base + begin, .end = base + end};
  return 0;
}

/* Where the aligned functions, and those that they jump to, begin: offsets, each once.  */
struct aligned {
  unsigned num;
  uint32_t begins[UCRT_ENTRIES_MAX * 2];
};

/* Add BEGIN unless it is there; what does not fit is left out.  */
static void add_member (struct aligned *aligned, uint32_t begin) {
  for (unsigned i = 0; i < aligned->num; i++)
    if (aligned->begins[i] == begin) return;
  if (aligned->num < sizeof (aligned->begins) / sizeof (aligned->begins[0]))
    aligned->begins[aligned->num++] = begin;
}

/* Add the functions without a name that jumps out of EXTENT lead to.  On x86 every byte is tried:
   some are not the beginning of an instruction, but such a false jump hardly ever leads to the
   beginning of a function, and then it only costs time.  */
static void add_targets (const struct ucrt_plan *plan, struct aligned *aligned,
                         struct ucrt_extent extent) {
  const struct ucrt_image *image = &plan->image;
  unsigned size = UCRT_CPU.jump_size, step = size == 4 ? 4 : 1;
  for (uint32_t at = extent.begin; at + size <= extent.end; at += step) {
    if (step == 1 && image->base[at] != 0xe9) continue;
    struct ucrt_span code = {.bytes = image->base + at, .size = size, .address = at};
    struct ucrt_code found = UCRT_CPU.decode (&code);
    uint32_t target = (uint32_t) found.target;
    if (found.kind != UCRT_CODE_JUMP || found.target >= image->size) continue;
    if (target - extent.begin < extent.end - extent.begin) continue;
    int begins = image->wide ? ucrt_begins_function (image, target) : target % 16 == 0;
    if (begins && !ucrt_is_exported (image, target)) add_member (aligned, target);
  }
}

int ucrt_find_code_ranges (struct ucrt_plan *plan) {
  static struct aligned aligned; /* guarded by the loader lock */
  struct ucrt_extent part;
  plan->ranges_num = aligned.num = 0;
  for (unsigned i = 0; i < plan->patches_num; i++) {
    const struct ucrt_patch *patch = &plan->patches[i];
    uint32_t at = (uint32_t) (patch->at - plan->crt->base);
    if (add_range (plan, at + 1, at + UCRT_CPU.jump_size) != 0) return -1;
    if (ucrt_hooks[patch->function].flags & UCRT_HOOK_ALIGNED)
      add_member (&aligned, (uint32_t) (patch->entry - plan->crt->base));
  }
  unsigned entries_num = aligned.num;
  for (unsigned i = 0; i < aligned.num; i++) { /* the list grows */
    struct ucrt_extent extent = ucrt_function_at (&plan->image, aligned.begins[i]);
    /* A thread at an entry has executed nothing of the function yet, and will execute the jump.  */
    if (add_range (plan, extent.begin + (i < entries_num), extent.end) != 0) return -1;
    add_targets (plan, &aligned, extent);
  }
  for (uint32_t at = 0; ucrt_next_far_part (&plan->image, aligned.begins, aligned.num, &at, &part);)
    if (add_range (plan, part.begin, part.end) != 0) return -1;
  return 0;
}
