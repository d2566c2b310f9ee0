/* The described code blocks of a slab: which have frames, and what the unwinder knows of them.  */
#include "code/frame-regions.h"

#include <string.h> /* memcpy, memset */

#include "code/frame-parts.h"
#include "code/frame-vectors.h"
#include "code/types.h"

enum { FIRST_DESCRIPTIONS = 16 };

/*---------------- Regions -----------------------------*/

static uint32_t regions_of (const struct mir_slab *slab) {
  return (uint32_t) ((slab->pages.len + MIR_REGION - 1) / MIR_REGION);
}

/* The region I of SLAB, or NULL.  */
static struct mir_frame_region *region_at (const struct mir_slab *slab, uint32_t i) {
  return slab->frames != NULL && i < slab->frames->num ? slab->frames->regions[i] : NULL;
}

static uintptr_t region_start (const struct mir_slab *slab, uint32_t i) {
  return (uintptr_t) slab->pages.rx + (size_t) i * MIR_REGION;
}

static uintptr_t region_bound (const struct mir_slab *slab, uint32_t i) {
  return i + 1 < regions_of (slab) ? region_start (slab, i + 1)
                                   : (uintptr_t) slab->pages.rx + slab->pages.len;
}

/* The link to the described block at FIRST in its chain, where its region must exist; a link to NULL
   if there is none.  */
static struct mir_described **link_of (struct mir_frame_region *region, uint32_t first) {
  struct mir_described **link =
      &region->chains[first / (MIR_REGION_GRANULES / MIR_REGION_CHAINS) % MIR_REGION_CHAINS];
  while (*link != NULL && (*link)->first != first) link = &(*link)->next;
  return link;
}

/*---------------- Vectors -----------------------------*/

/* Set *FROM and return the number of frames of BLOCK, neighbours, which reach into
   [START, BOUND).  */
static uint32_t frames_within (const struct mir_described *block, uintptr_t start, uintptr_t bound,
                               uint32_t *from) {
  uint32_t i = 0;
  while (i < block->num && block->frames[i].bound <= start) i++;
  *from = i;
  while (i < block->num && block->frames[i].start < bound) i++;
  return i - *from;
}

/* The spare vector of REGION becomes the one that the unwinder has.  */
static void exchange (struct mir_frame_region *region) {
  struct mir_frame_vector *old = region->vector;
  mir_unwinder_replace (&region->table, region->spare);
  region->vector = region->spare;
  region->spare = old;
}

/* Add the descriptions of BLOCK to the vector of REGION, which has room for them.  */
static void enter_vector (struct mir_frame_region *region, const struct mir_described *block) {
  struct mir_frame_vector *from = region->vector, *to = region->spare;
  uint32_t *firsts = mir_frame_vector_firsts (from, region->capacity),
           *added = mir_frame_vector_firsts (to, region->capacity);
  uint32_t i, num = frames_within (block, region->table.start, region->table.bound, &i);
  size_t place = mir_frame_firsts_below (firsts, from->num, block->first);
  if (num == 0) return;
  to->num = 0;
  mir_frame_vector_copy (to, from, region->capacity, 0, place);
  for (uint32_t bound = i + num; i < bound; i++) {
    to->descriptions[to->num] = block->frames[i].description;
    added[to->num++] = block->first;
  }
  mir_frame_vector_copy (to, from, region->capacity, place, from->num);
  exchange (region);
}

/* Remove the descriptions of BLOCK from the vector of REGION.  */
static void leave_vector (struct mir_frame_region *region, const struct mir_described *block) {
  struct mir_frame_vector *from = region->vector, *to = region->spare;
  uint32_t *firsts = mir_frame_vector_firsts (from, region->capacity);
  size_t place = mir_frame_firsts_below (firsts, from->num, block->first);
  size_t behind = mir_frame_firsts_below (firsts, from->num, block->first + 1);
  if (place == behind) return;
  to->num = 0;
  mir_frame_vector_copy (to, from, region->capacity, 0, place);
  mir_frame_vector_copy (to, from, region->capacity, behind, from->num);
  exchange (region);
}

/*---------------- Memory -----------------------------*/

/* The room that the vectors of region I of SLAB lack for BLOCK.  */
static struct mir_frames_need need_in (const struct mir_slab *slab, uint32_t i,
                                       const struct mir_described *block) {
  struct mir_frames_need need = {.part = MIR_FRAMES_NOTHING, .region = i};
  const struct mir_frame_region *region = region_at (slab, i);
  uint32_t from;
  if (region == NULL) {
    need.part = MIR_FRAMES_REGION;
    need.size = sizeof (*region);
    return need;
  }
  if (mir_unwinder_way () != MIR_BY_TABLE) return need;
  size_t num = frames_within (block, region_start (slab, i), region_bound (slab, i), &from);
  if (region->vector != NULL) num += region->vector->num;
  if (region->capacity != 0 && num <= region->capacity) return need;
  need.capacity = region->capacity != 0 ? region->capacity : FIRST_DESCRIPTIONS;
  while (need.capacity < num) need.capacity *= 2;
  need.part = MIR_FRAMES_VECTORS;
  need.size = 2 * mir_frame_vector_size (need.capacity);
  return need;
}

struct mir_frames_need mir_frames_need (const struct mir_slab *slab,
                                        const struct mir_described *block) {
  struct mir_frames_need need = {.part = MIR_FRAMES_REGIONS};
  uint32_t num = regions_of (slab), home = block->first / MIR_REGION_GRANULES;
  if (slab->frames == NULL) {
    need.size = sizeof (*slab->frames) + num * sizeof (slab->frames->regions[0]);
    need.region = num;
    return need;
  }
  need = need_in (slab, home, block);
  for (uint32_t i = block->first_region; i < block->end_region && need.part == MIR_FRAMES_NOTHING;
       i++)
    need = need_in (slab, i, block);
  return need;
}

/* Let REGION have vectors of CAPACITY in MEMORY.  Returns the old ones.  */
static void *move_vectors (struct mir_frame_region *region, void *memory, uint32_t capacity) {
  void *old = region->memory;
  struct mir_frame_vector *vector = (struct mir_frame_vector *) memory;
  vector->num = 0;
  if (region->vector != NULL) {
    memcpy (vector->descriptions, region->vector->descriptions,
            region->vector->num * sizeof (vector->descriptions[0]));
    memcpy (mir_frame_vector_firsts (vector, capacity),
            mir_frame_vector_firsts (region->vector, region->capacity),
            region->vector->num * sizeof (uint32_t));
    vector->num = region->vector->num;
  }
  if (region->is_open) mir_unwinder_replace (&region->table, vector);
  region->memory = memory;
  region->vector = vector;
  region->spare =
      (struct mir_frame_vector *) (void *) ((uint8_t *) memory + mir_frame_vector_size (capacity));
  region->capacity = capacity;
  return old;
}

static void *give_regions (struct mir_slab *slab, const struct mir_frames_need *need,
                           void *memory) {
  struct mir_frame_regions *regions = (struct mir_frame_regions *) memory;
  if (slab->frames != NULL || need->region != regions_of (slab)) return memory;
  memset (regions, 0, need->size);
  regions->num = need->region;
  regions->bytes = need->size;
  slab->frames = regions;
  slab->has_frames = 1;
  return NULL;
}

static void *give_region (struct mir_slab *slab, const struct mir_frames_need *need, void *memory) {
  struct mir_frame_regions *regions = slab->frames;
  if (regions == NULL || need->region >= regions->num || regions->regions[need->region] != NULL)
    return memory;
  struct mir_frame_region *region = (struct mir_frame_region *) memory;
  memset (region, 0, sizeof (*region));
  const struct mir_range *range = &slab->pool->space->owner->range;
  region->table.base = (uintptr_t) range->start;
  region->table.range_len = range->len;
  region->table.start = region_start (slab, need->region);
  region->table.bound = region_bound (slab, need->region);
  regions->regions[need->region] = region;
  regions->bytes += sizeof (*region);
  return NULL;
}

/* The slab may have got, or lost, what NEED is about, since another thread adds frames, too.  */
void *mir_frames_give (struct mir_slab *slab, struct mir_described *block,
                       const struct mir_frames_need *need, void *memory) {
  if (need->part == MIR_FRAMES_PART) {
    mir_frame_parts_give (block, memory);
    slab->frames->bytes += need->size;
    return NULL;
  }
  if (need->part == MIR_FRAMES_REGIONS) return give_regions (slab, need, memory);
  if (need->part == MIR_FRAMES_REGION) return give_region (slab, need, memory);
  struct mir_frame_region *region = region_at (slab, need->region);
  if (region == NULL || need->capacity <= region->capacity) return memory;
  slab->frames->bytes += need->size;
  if (region->capacity != 0) slab->frames->bytes -= 2 * mir_frame_vector_size (region->capacity);
  return move_vectors (region, memory, need->capacity);
}

size_t mir_frames_bytes (const struct mir_slab *slab) {
  return slab->frames != NULL ? slab->frames->bytes : 0;
}

void mir_frames_free (struct mir_slab *slab) {
  struct mir_frame_regions *regions = slab->frames;
  MIR_alloc_t alloc = slab->pool->space->alloc;
  if (regions == NULL) return;
  slab->frames = NULL;
  slab->has_frames = 0;
  for (uint32_t i = 0; i < regions->num; i++) {
    struct mir_frame_region *region = regions->regions[i];
    if (region == NULL) continue;
    for (uint32_t j = 0; j < MIR_REGION_CHAINS; j++)
      while (region->chains[j] != NULL) {
        struct mir_described *block = region->chains[j];
        region->chains[j] = block->next;
        mir_described_free (alloc, block);
      }
    MIR_free (alloc, region->memory);
    MIR_free (alloc, region);
  }
  MIR_free (alloc, regions);
}

/*---------------- Blocks -----------------------------*/

size_t mir_described_size (size_t num) {
  size_t size = sizeof (struct mir_described) + num * sizeof (struct mir_frame);
  return mir_unwinder_way () == MIR_BY_TABLE ? size : size + MIR_SECTION_WORDS * sizeof (uintptr_t);
}

void mir_described_init (struct mir_described *block, const struct mir_frame_section *section,
                         size_t num) {
  memset (block, 0, sizeof (*block));
  block->num = (uint32_t) num;
  block->hidden = 1;
  block->section = section->bytes;
  block->section_len = section->len;
  block->own = (uintptr_t *) (void *) &block->frames[num];
}

void mir_described_free (MIR_alloc_t alloc, struct mir_described *block) {
  while (block->parts != NULL) {
    struct mir_frame_part *part = block->parts;
    block->parts = part->next;
    MIR_free (alloc, part);
  }
  MIR_free (alloc, block);
}

/* The bytes of BLOCK.  */
static size_t size_of_described (const struct mir_described *block) {
  size_t size = mir_described_size (block->num);
  for (const struct mir_frame_part *part = block->parts; part != NULL; part = part->next)
    size += part->size;
  return size;
}

struct mir_described *mir_frames_find (const struct mir_slab *slab, uint32_t first) {
  struct mir_frame_region *region = region_at (slab, first / MIR_REGION_GRANULES);
  return region != NULL ? *link_of (region, first) : NULL;
}

/* Open the tables of the regions that BLOCK reaches into.  Those that were opened stay.  0, or -1.  */
static int open_tables (struct mir_slab *slab, const struct mir_described *block) {
  for (uint32_t i = block->first_region; i < block->end_region; i++) {
    struct mir_frame_region *region = region_at (slab, i);
    if (region->is_open) continue;
    if (mir_unwinder_open (&region->table) != 0) return -1;
    mir_unwinder_replace (&region->table, region->vector);
    region->is_open = 1;
  }
  return 0;
}

static void show (struct mir_slab *slab, struct mir_described *block) {
  block->hidden = 0;
  if (mir_unwinder_way () != MIR_BY_TABLE) {
    if (block->is_in_parts)
      mir_frame_parts_show (block);
    else
      mir_unwinder_add (block->section, block->own);
    return;
  }
  for (uint32_t i = block->first_region; i < block->end_region; i++)
    enter_vector (region_at (slab, i), block);
}

static void hide (struct mir_slab *slab, struct mir_described *block) {
  block->hidden = 1;
  if (mir_unwinder_way () != MIR_BY_TABLE) {
    if (block->is_in_parts)
      mir_frame_parts_hide (block);
    else
      mir_unwinder_remove (block->section);
    return;
  }
  for (uint32_t i = block->first_region; i < block->end_region; i++)
    leave_vector (region_at (slab, i), block);
}

int mir_frames_add (struct mir_slab *slab, struct mir_described *block) {
  if (mir_unwinder_way () == MIR_BY_TABLE && open_tables (slab, block) != 0) return -1;
  struct mir_frame_region *region = region_at (slab, block->first / MIR_REGION_GRANULES);
  *link_of (region, block->first) = block;
  block->next = NULL;
  slab->frames->bytes += mir_described_size (block->num);
  show (slab, block);
  return 0;
}

struct mir_frames_need mir_frames_lost (struct mir_described *block) {
  struct mir_frames_need need = {.part = MIR_FRAMES_NOTHING};
  if (mir_unwinder_way () == MIR_BY_SECTION) need.size = mir_frame_parts_need (block);
  if (need.size != 0) need.part = MIR_FRAMES_PART;
  return need;
}

void mir_frames_hide (struct mir_slab *slab, uint32_t first) {
  struct mir_described *block = mir_frames_find (slab, first);
  if (block != NULL && !block->hidden) hide (slab, block);
}

void mir_frames_show (struct mir_slab *slab, uint32_t first) {
  struct mir_described *block = mir_frames_find (slab, first);
  if (block != NULL && block->hidden) show (slab, block);
}

struct mir_described *mir_frames_remove (struct mir_slab *slab, uint32_t first) {
  struct mir_frame_region *region = region_at (slab, first / MIR_REGION_GRANULES);
  struct mir_described **link = region != NULL ? link_of (region, first) : NULL;
  if (link == NULL || *link == NULL) return NULL;
  struct mir_described *block = *link;
  if (!block->hidden) hide (slab, block);
  *link = block->next;
  slab->frames->bytes -= size_of_described (block);
  return block;
}

void mir_frames_close (struct mir_slab *slab) {
  for (uint32_t i = 0; i < regions_of (slab); i++) {
    struct mir_frame_region *region = region_at (slab, i);
    if (region == NULL) continue;
    for (uint32_t j = 0; j < MIR_REGION_CHAINS; j++)
      for (struct mir_described *block = region->chains[j]; block != NULL; block = block->next)
        if (!block->hidden && mir_unwinder_way () != MIR_BY_TABLE) hide (slab, block);
    if (region->is_open) mir_unwinder_close (&region->table);
    region->is_open = 0;
  }
}

/*---------------- Invariants -----------------------------*/

/* Whether the vectors have N descriptions of BLOCK at its place in region I.  */
static int check_vector (const struct mir_slab *slab, uint32_t i,
                         const struct mir_described *block) {
  struct mir_frame_region *region = region_at (slab, i);
  uint32_t from, num = frames_within (block, region_start (slab, i), region_bound (slab, i), &from);
  if (region == NULL || !region->is_open) return 0;
  if (block->hidden) num = 0;
  const uint32_t *firsts = mir_frame_vector_firsts (region->vector, region->capacity);
  size_t place = mir_frame_firsts_below (firsts, region->vector->num, block->first);
  if (mir_frame_firsts_below (firsts, region->vector->num, block->first + 1) - place != num)
    return 0;
  for (uint32_t j = 0; j < num; j++)
    if (region->vector->descriptions[place + j] != block->frames[from + j].description) return 0;
  return 1;
}

int mir_frames_check (const struct mir_slab *slab) {
  int valid = (slab->frames != NULL) == slab->has_frames;
  for (uint32_t i = 0; valid && i < regions_of (slab); i++) {
    struct mir_frame_region *region = region_at (slab, i);
    if (region == NULL) continue;
    for (uint32_t j = 0; j < MIR_REGION_CHAINS; j++)
      for (struct mir_described *block = region->chains[j]; block != NULL; block = block->next) {
        valid &= block->first / MIR_REGION_GRANULES == i
                 && mir_granules_is_block (&slab->granules, block->first);
        if (mir_unwinder_way () != MIR_BY_TABLE) continue;
        for (uint32_t k = block->first_region; k < block->end_region; k++)
          valid &= check_vector (slab, k, block);
      }
  }
  return valid;
}
