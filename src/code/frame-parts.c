/* A described code block in parts, for an unwinder that loses what is registered as a whole.  */
#include "code/frame-parts.h"

#include <string.h> /* memset */

#include "code/eh-copy.h"

/* Make the copy of PART describe [START, BOUND).  */
static void set_range (struct mir_frame_part *part, uintptr_t start, uintptr_t bound) {
  part->range[0] = start;
  part->range[1] = bound - start;
}

static void show_part (struct mir_frame_part *part) {
  set_range (part, part->start, part->bound);
  mir_unwinder_add (part->section, part->own);
  set_range (part, part->function->start, part->function->bound);
}

static void hide_part (struct mir_frame_part *part) {
  set_range (part, part->start, part->bound);
  mir_unwinder_remove (part->section);
}

void mir_frame_parts_show (struct mir_described *block) {
  for (struct mir_frame_part *part = block->parts; part != NULL; part = part->next)
    show_part (part);
}

void mir_frame_parts_hide (struct mir_described *block) {
  for (struct mir_frame_part *part = block->parts; part != NULL; part = part->next)
    hide_part (part);
}

/* The function of BLOCK that is next to get a part, with the address from which on it has none in
 *START; NULL: there is none.  */
static const struct mir_frame *next_function (const struct mir_described *block, uintptr_t *start) {
  const struct mir_frame_part *last = block->parts; /* the newest one is the first */
  if (last == NULL) {
    *start = block->frames[0].start;
    return &block->frames[0];
  }
  *start = last->bound;
  if (last->bound < last->function->bound) return last->function;
  const struct mir_frame *next = last->function + 1;
  if (next == &block->frames[block->num]) return NULL;
  *start = next->start;
  return next;
}

size_t mir_frame_parts_need (struct mir_described *block) {
  const struct mir_frame *last = &block->frames[block->num - 1];
  uintptr_t start;
  size_t fde_at;
  if (!mir_unwinder_may_lose ()) return 0;
  if (!block->is_in_parts) {
    if (mir_unwinder_finds (last->bound - 1, block->frames[0].start, last->description)) return 0;
    mir_unwinder_remove (block->section);
    block->is_in_parts = 1;
  }
  const struct mir_frame *function = next_function (block, &start);
  if (function == NULL) return 0;
  return sizeof (struct mir_frame_part)
         + mir_eh_copy (block->section, block->section_len, function->description, NULL, &fde_at);
}

/* The first address of PART, which is registered, that leads nowhere; its bound if all are found, or if
   not even its start is: then something else is wrong, like what another library has left behind
   there.  */
static uintptr_t found_until (const struct mir_frame_part *part) {
  uintptr_t found = part->start, lost = part->bound;
  if (mir_unwinder_finds (lost - 1, part->start, part->fde)
      || !mir_unwinder_finds (found, part->start, part->fde))
    return lost;
  while (lost - found > 1) {
    uintptr_t middle = found + (lost - found) / 2;
    if (mir_unwinder_finds (middle, part->start, part->fde))
      found = middle;
    else
      lost = middle;
  }
  return lost;
}

void mir_frame_parts_give (struct mir_described *block, void *memory) {
  struct mir_frame_part *part = (struct mir_frame_part *) memory;
  uintptr_t start;
  size_t fde_at;
  const struct mir_frame *function = next_function (block, &start);
  memset (part, 0, sizeof (*part));
  part->size = sizeof (*part)
               + mir_eh_copy (block->section, block->section_len, function->description,
                              part->section, &fde_at);
  part->function = function;
  part->fde = (const uint8_t *) part->section + fde_at;
  part->range = (uintptr_t *) (void *) ((uint8_t *) part->section + fde_at + MIR_EH_RANGE_AT);
  part->start = start;
  part->bound = function->bound;
  show_part (part);
  uintptr_t until = found_until (part);
  if (until != part->bound) {
    hide_part (part);
    part->bound = until;
    show_part (part);
  }
  part->next = block->parts;
  block->parts = part;
}
