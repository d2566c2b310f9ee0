/* Frames of code blocks: what an embedder gives for one is checked, and known to the unwinder from then
   on.  reclaim.c ends it.  */
#include "mir-code-object.h"

#include <stdlib.h> /* qsort */
#include <string.h> /* memcpy */

#include "code/frame-regions.h"
#include "code/part.h"
#include "code/slab.h"
#include "code/types.h"
#include "code/unwinder.h"
#include "os/cancel.h"

/* A published code block: the granules from FIRST to LAST of SLAB.  */
struct code_place {
  struct mir_slab *slab;
  uint32_t first, last;
};

/* Set *PLACE to the published block of SPACE that holds ADDR, with its pool locked.  Returns 0, or -1
   if there is none, and nothing is locked.  */
static int lock_place (struct MIR_code_space *space, const void *addr, struct code_place *place) {
  struct mir_slab *slab = mir_part_lock_code (space, addr);
  if (slab == NULL) return -1;
  place->slab = slab;
  place->first = mir_granules_block (&slab->granules, mir_slab_granule (slab, addr));
  if (place->first != MIR_NO_GRANULE) {
    place->last = mir_granules_block_last (&slab->granules, place->first);
    if (!mir_granules_is_pinned (&slab->granules, place->last)) return 0;
  }
  mir_os_unlock (&slab->pool->lock);
  return -1;
}

/*---------------- Sections -----------------------------*/

static int compare_starts (const void *a, const void *b) {
  uintptr_t start_a = ((const struct mir_frame *) a)->start;
  uintptr_t start_b = ((const struct mir_frame *) b)->start;
  return (start_a > start_b) - (start_a < start_b);
}

/* Sort the frames of BLOCK.  Returns 0, or -1 if two of them overlap.  */
static int sort_frames (struct mir_described *block) {
  qsort (block->frames, block->num, sizeof (block->frames[0]), compare_starts);
  for (uint32_t i = 1; i < block->num; i++)
    if (block->frames[i].start < block->frames[i - 1].bound) return -1;
  return 0;
}

/* Set *BLOCK to a new description of a block by SECTION; to NULL if that describes nothing.  */
static MIR_code_status_t describe (MIR_alloc_t alloc, const struct mir_frame_section *section,
                                   struct mir_described **block) {
  enum { FEW = 8 }; /* most blocks have one */
  struct mir_frame few[FEW];
  long num = mir_unwinder_parse (section, few, FEW);
  *block = NULL;
  if (num < 0 || (unsigned long) num > UINT32_MAX / sizeof (struct mir_frame))
    return MIR_CODE_BAD_OPTION;
  if (num == 0) return MIR_CODE_OK;
  struct mir_described *res =
      (struct mir_described *) MIR_malloc (alloc, mir_described_size ((size_t) num));
  if (res == NULL) return MIR_CODE_NO_MEMORY;
  mir_described_init (res, section, (size_t) num);
  if (num <= FEW)
    memcpy (res->frames, few, (size_t) num * sizeof (few[0]));
  else
    num = mir_unwinder_parse (section, res->frames, (size_t) num);
  if (num != (long) res->num || sort_frames (res) != 0) {
    MIR_free (alloc, res);
    return MIR_CODE_BAD_OPTION;
  }
  *block = res;
  return MIR_CODE_OK;
}

/*---------------- Adding -----------------------------*/

/* Add BLOCK, the description of PLACE by SECTION, unless *ADDED; *NEED gets what is lacking for it.  The
   lock is held.  */
static MIR_code_status_t try_to_add (const struct code_place *place,
                                     const struct mir_frame_section *section,
                                     struct mir_described *block, int *added,
                                     struct mir_frames_need *need) {
  struct mir_slab *slab = place->slab;
  uintptr_t slab_start = (uintptr_t) slab->pages.rx;
  need->part = MIR_FRAMES_NOTHING;
  if ((uintptr_t) mir_slab_address (slab, place->first) != section->start
      || (uintptr_t) mir_slab_address (slab, place->last + 1) != section->bound)
    return MIR_CODE_NOT_OURS; /* another block by now */
  const struct mir_described *found = mir_frames_find (slab, place->first);
  if (*added && found != block) return MIR_CODE_NOT_OURS;
  if (!*added) {
    if (found != NULL) return MIR_CODE_BAD_OPTION;
    block->first = place->first;
    block->first_region = (uint32_t) ((block->frames[0].start - slab_start) / MIR_REGION);
    block->end_region =
        (uint32_t) ((block->frames[block->num - 1].bound - 1 - slab_start) / MIR_REGION) + 1;
    *need = mir_frames_need (slab, block);
    if (need->part != MIR_FRAMES_NOTHING) return MIR_CODE_OK;
    if (mir_frames_add (slab, block) != 0) return MIR_CODE_NO_MEMORY;
    *added = 1;
  }
  *need = mir_frames_lost (block);
  return MIR_CODE_OK;
}

/* Remove BLOCK, the description of what holds ADDR, for which there is no memory.  */
static void undo_add (struct MIR_code_space *space, const void *addr, struct mir_described *block) {
  struct code_place place;
  if (lock_place (space, addr, &place) != 0) return;
  int is_there = mir_frames_find (place.slab, place.first) == block;
  if (is_there) (void) mir_frames_remove (place.slab, place.first);
  mir_os_unlock (&place.slab->pool->lock);
  if (is_there) mir_described_free (space->alloc, block);
}

/* Add BLOCK, the description of what holds ADDR, with all that is lacking for it.  The lock is released
   while memory is allocated, and the slab may be another one afterwards.  On failure BLOCK is
   freed.  */
static MIR_code_status_t add (struct MIR_code_space *space, const void *addr,
                              const struct mir_frame_section *section,
                              struct mir_described *block) {
  struct mir_frames_need need = {.part = MIR_FRAMES_NOTHING};
  void *memory = NULL;
  int added = 0; /* who frees the code frees the block, too */
  MIR_code_status_t status;
  do {
    struct code_place place;
    if (need.part != MIR_FRAMES_NOTHING
        && (memory = MIR_malloc (space->alloc, need.size)) == NULL) {
      if (added) undo_add (space, addr, block);
      status = MIR_CODE_NO_MEMORY;
      break;
    }
    status = MIR_CODE_NOT_OURS; /* it was freed meanwhile */
    if (lock_place (space, addr, &place) == 0) {
      if (memory != NULL && (!added || mir_frames_find (place.slab, place.first) == block))
        memory = mir_frames_give (place.slab, block, &need, memory);
      status = try_to_add (&place, section, block, &added, &need);
      mir_os_unlock (&place.slab->pool->lock);
    }
    MIR_free (space->alloc, memory);
    memory = NULL;
  } while (status == MIR_CODE_OK && need.part != MIR_FRAMES_NOTHING);
  if (status != MIR_CODE_OK && !added) mir_described_free (space->alloc, block);
  return status;
}

/* Several blocks of memory are on their way here: not even the general allocator may be
   cancelled.  */
MIR_code_status_t MIR_code_add_frames (MIR_code_space_t space, const void *addr, const void *frames,
                                       size_t len) {
  struct code_place place;
  struct mir_described *block;
  struct mir_frame_section section = {.bytes = frames, .len = len};
  if (mir_unwinder_way () == MIR_NO_UNWINDER) return MIR_CODE_NO_BACKEND;
  if (lock_place (space, addr, &place) != 0) return MIR_CODE_NOT_OURS;
  section.start = (uintptr_t) mir_slab_address (place.slab, place.first);
  section.bound = (uintptr_t) mir_slab_address (place.slab, place.last + 1);
  section.base = (uintptr_t) space->range.start;
  section.range_len = space->range.len;
  mir_os_unlock (&place.slab->pool->lock);
  int held = mir_os_hold_cancel ();
  MIR_code_status_t status = describe (space->alloc, &section, &block);
  if (status == MIR_CODE_OK && block != NULL) status = add (space, addr, &section, block);
  mir_os_let_cancel (held);
  return status;
}
