/* Objects until they are committed.  The segments of one access lie together in one block of a part
   of the space, those that are transient in another.  Code and read-only data are written to a buffer
   and copied at the commit, as in writer.c; writable data is written where it is.

   What is being reserved is noted in the space: a call may end in the middle, because the general
   allocator leaves by longjmp or its thread is in the parent of this process.  */
#include "code/object.h"

#include <string.h> /* memset */

#include "mir-code-object.h"
#include "code/aligned.h"
#include "code/in-place.h"
#include "code/near-data.h"
#include "code/part.h"
#include "code/pool.h"
#include "code/publish.h"
#include "code/slab.h"
#include "code/space.h"
#include "code/versions.h"
#include "code/write.h"

enum {
  GROUPS = 2 * MIR_PARTS, /* one for each access, then one for each that is transient */
  BUFFER_ALIGNMENT = 64,  /* bytes */
  CODE_ALIGNMENT = 16     /* bytes, of segments that ask for none */
};

/* Segments of one access, behind one another in one block.  */
struct group {
  struct mir_block block; /* slab NULL: not taken */
  uint32_t n;             /* granules; 0: the segments have no bytes */
  int in_place;
  size_t len, alignment; /* bytes */
  uint8_t *buffer;       /* NULL: it is written where it is */
  size_t segments;       /* their number */
};

/* An object until its commit: one allocation, with the buffers behind it.  */
struct open_object {
  struct mir_making making; /* while it is being reserved */
  uint32_t handle, transient;
  struct group groups[GROUPS];
};

static MIR_code_access_t access_in_group (int group) {
  return (MIR_code_access_t) (group % MIR_PARTS);
}

static int group_of (const MIR_code_segment_t *segment) {
  return (int) segment->access + (segment->flags & MIR_CODE_TRANSIENT ? MIR_PARTS : 0);
}

static uint8_t *group_address (const struct group *group) {
  return mir_slab_address (group->block.slab, group->block.first);
}

static uint32_t granules_for_group (size_t len, int group) {
  return access_in_group (group) == MIR_CODE_READ_EXEC
             ? mir_granules_for (len)
             : mir_data_granules_for (len, MIR_DATA_SHIFT);
}

/* SIZE rounded up to a multiple of ALIGNMENT, a power of two; the caller has checked that it fits.  */
static size_t align_up (size_t size, size_t alignment) {
  return (size + alignment - 1) & ~(alignment - 1);
}

/*---------------- Layout -----------------------------*/

static MIR_code_segment_t *segment_at (MIR_code_segment_t *segments, size_t i) {
  return (MIR_code_segment_t *) (void *) ((uint8_t *) segments + i * segments->size);
}

static size_t alignment_of (const MIR_code_segment_t *segment) {
  if (segment->alignment != 0) return segment->alignment;
  return segment->access == MIR_CODE_READ_EXEC ? CODE_ALIGNMENT : MIR_OBJECT_UNIT;
}

/* Whether SEGMENT, of SIZE bytes, asks for what there is.  */
static int is_valid (const MIR_code_segment_t *segment, size_t size) {
  return segment->size == size && (unsigned) segment->access <= MIR_CODE_READ_WRITE
         && (segment->flags & ~(unsigned) (MIR_CODE_TRANSIENT | MIR_CODE_IN_PLACE)) == 0
         && (segment->alignment & (segment->alignment - 1)) == 0
         && segment->alignment <= MIR_CODE_MAX_ALIGNMENT;
}

/* Add SEGMENT to GROUP, in a space whose range has MAX bytes, and set its `addr` to its offset there.
   Returns 0, or -1 if it does not fit.  */
static inline int add_segment (struct group *group, MIR_code_segment_t *segment, size_t max) {
  size_t alignment = alignment_of (segment), offset = align_up (group->len, alignment);
  if (segment->len > max || offset > max - segment->len) return -1;
  segment->addr = (uint8_t *) (uintptr_t) offset;
  group->len = offset + segment->len;
  group->segments++;
  group->in_place |= (segment->flags & MIR_CODE_IN_PLACE) != 0;
  if (group->alignment < alignment) group->alignment = alignment;
  return 0;
}

/* Whether GROUP, with INDEX, can be written where it will be executed.  */
static int may_be_in_place (const struct MIR_code_space *space, const struct group *group,
                            int index) {
  return index == MIR_CODE_READ_EXEC && group->segments == 1 && group->alignment <= space->page_size
         && mir_in_place_works (space->backend, space->options.protection);
}

/* Set the lengths and alignments of GROUPS, which are 0, the number of granules of each that has bytes,
   and the offsets of SEGMENTS.  */
static MIR_code_status_t lay_out (const struct MIR_code_space *space, MIR_code_segment_t *segments,
                                  size_t num, struct group *groups) {
  if (space->range.len == 0 || num == 0
      || !mir_version_is_known (segments->size, MIR_SEGMENT_FIRST, sizeof (*segments)))
    return MIR_CODE_BAD_OPTION;
  for (size_t i = 0; i < num; i++) {
    MIR_code_segment_t *segment = segment_at (segments, i);
    if (!is_valid (segment, segments->size)) return MIR_CODE_BAD_OPTION;
    if (add_segment (&groups[group_of (segment)], segment, space->range.len) != 0)
      return MIR_CODE_TOO_LARGE;
  }
  for (int i = 0; i < GROUPS; i++) {
    if (groups[i].len == 0) continue;
    if ((groups[i].n = granules_for_group (groups[i].len, i)) == 0) return MIR_CODE_TOO_LARGE;
    if (groups[i].in_place && !may_be_in_place (space, &groups[i], i)) return MIR_CODE_BAD_OPTION;
  }
  return MIR_CODE_OK;
}

/* Set the addresses and buffers of SEGMENTS, which lie in the blocks of OPEN at the offsets that `addr`
   says.  */
static void set_addresses (const struct MIR_code_space *space, const struct open_object *open,
                           MIR_code_segment_t *segments, size_t num) {
  for (size_t i = 0; i < num; i++) {
    MIR_code_segment_t *segment = segment_at (segments, i);
    const struct group *group = &open->groups[group_of (segment)];
    size_t offset = (size_t) (uintptr_t) segment->addr;
    uintptr_t start = align_up ((uintptr_t) space->range.start, group->alignment);
    segment->addr = group->n != 0 ? group_address (group) + offset : (uint8_t *) start;
    segment->buffer = group->buffer != NULL ? group->buffer + offset : segment->addr;
  }
}

/*---------------- Memory -----------------------------*/

/* Ensure there is a record for one more object, and take it; the lock of SPACE, which is held, is
   released meanwhile.  On failure it is not held.  */
static MIR_code_status_t take_record (struct MIR_code_space *space, uint32_t *handle) {
  struct mir_objects *objects = &space->objects;
  uint32_t capacity;
  while (!mir_objects_have_room (objects, &capacity)) {
    int is_full = objects->chunks_num >= MIR_MAX_OBJECTS / MIR_OBJECTS_PER_CHUNK;
    mir_os_unlock (&space->lock);
    if (is_full) return MIR_CODE_LIMIT;
    size_t pointers_size = capacity * sizeof (struct mir_object *);
    size_t chunk_size = MIR_OBJECTS_PER_CHUNK * sizeof (struct mir_object);
    /* One allocation at a time: a second one may leave by longjmp.  */
    void *memory = MIR_malloc (space->alloc, capacity != 0 ? pointers_size : chunk_size);
    if (memory == NULL) return MIR_CODE_NO_MEMORY;
    mir_os_lock (&space->lock);
    memory = capacity != 0 ? mir_objects_widen (objects, memory, capacity)
                           : mir_objects_grow (objects, memory);
    mir_os_unlock (&space->lock);
    MIR_free (space->alloc, memory);
    mir_os_lock (&space->lock);
  }
  *handle = mir_objects_take (objects);
  return MIR_CODE_OK;
}

/* The bytes of the buffer of GROUP, with INDEX; 0: it needs none.  */
static size_t buffer_size (const struct group *group, int index) {
  return access_in_group (index) == MIR_CODE_READ_WRITE || group->in_place
             ? 0
             : align_up (group->len, BUFFER_ALIGNMENT);
}

/* Allocate an open object for GROUPS, with its buffers, which are all 0.  */
static struct open_object *new_open (struct MIR_code_space *space, const struct group *groups) {
  size_t size = 0;
  for (int i = 0; i < GROUPS; i++) size += buffer_size (&groups[i], i);
  struct open_object *open = (struct open_object *) MIR_malloc (
      space->alloc, sizeof (struct open_object) + BUFFER_ALIGNMENT + size);
  if (open == NULL) return NULL;
  memcpy (open->groups, groups, sizeof (open->groups));
  open->handle = open->transient = 0;
  uint8_t *buffer = (uint8_t *) (open + 1);
  buffer += (0 - (uintptr_t) buffer) % BUFFER_ALIGNMENT;
  memset (buffer, 0, size);
  for (int i = 0; i < GROUPS; i++) {
    if (buffer_size (&groups[i], i) == 0) continue;
    open->groups[i].buffer = buffer;
    buffer += buffer_size (&groups[i], i);
  }
  return open;
}

/* Free the block of GROUP, if it has one.  No lock is held.  */
static void release_group (struct group *group) {
  struct mir_slab *slab = group->block.slab, *dropped = NULL;
  if (slab == NULL) return;
  if (slab->in_place) {
    mir_in_place_abort (&group->block);
    group->block.slab = NULL;
    return;
  }
  struct mir_pool *pool = slab->pool;
  mir_os_lock (&pool->lock);
  struct mir_tag *tag = mir_tags_find (&pool->tags, (uintptr_t) group_address (group));
  if (tag != NULL) mir_tags_remove (&pool->tags, tag); /* a fork came between it and the commit */
  mir_pool_release (slab, group->block.first,
                    mir_granules_block_last (&slab->granules, group->block.first));
  group->block.slab = NULL;
  if (mir_slab_is_empty (slab))
    dropped = mir_pool_unlink_empty (pool, pool->space->options.purge_ms, 0 /* not all */);
  mir_os_unlock (&pool->lock);
  mir_pool_drop_slabs (dropped);
}

/* Give back all that OPEN has.  No lock is held.  */
static void give_up_object (struct MIR_code_space *space, struct open_object *open) {
  for (int i = 0; i < GROUPS; i++) release_group (&open->groups[i]);
  mir_os_lock (&space->lock);
  if (open->handle != 0) mir_objects_give_back (&space->objects, open->handle);
  if (open->transient != 0) mir_objects_give_back (&space->objects, open->transient);
  mir_os_unlock (&space->lock);
  MIR_free (space->alloc, open);
}

/*---------------- Reserving -----------------------------*/

/* Put OPEN into the list of objects that are being reserved; take it out.  The lock of SPACE is
   held.  */

static void begin_making (struct MIR_code_space *space, struct open_object *open) {
  open->making.thread = mir_os_thread ();
  open->making.next = space->objects.making;
  space->objects.making = &open->making;
}

static void end_making (struct MIR_code_space *space, struct open_object *open) {
  struct mir_making **link = &space->objects.making;
  while (*link != &open->making) link = &(*link)->next;
  *link = open->making.next;
}

void mir_objects_drop_left (struct MIR_code_space *space) {
  for (;;) {
    mir_os_lock (&space->lock);
    struct mir_making *making = space->objects.making;
    while (making != NULL && making->thread != 0 && making->thread != mir_os_thread ())
      making = making->next;
    struct open_object *open = (struct open_object *) (void *) making;
    if (open != NULL) end_making (space, open);
    mir_os_unlock (&space->lock);
    if (open == NULL) return;
    give_up_object (space, open);
  }
}

/* Take a block for GROUP in PART, whose memory is always writable, and fill it with zeros.  No lock is
   held.  */
static MIR_code_status_t take_writable (struct MIR_code_space *part, struct group *group) {
  MIR_code_status_t status =
      mir_take_aligned (&part->first, group->n, group->alignment, &group->block);
  if (status != MIR_CODE_OK) return status;
  struct mir_slab *slab = group->block.slab;
  status = mir_slab_populate (slab, group->block.first, group->block.first + group->n);
  if (status == MIR_CODE_OK) memset (group_address (group), 0, group->len);
  mir_os_unlock (&slab->pool->lock);
  return status;
}

/* Take the block of group I of OPEN.  No lock is held.  */
static MIR_code_status_t take_group (struct MIR_code_space *space, struct open_object *open,
                                     int i) {
  struct group *group = &open->groups[i];
  struct MIR_code_space *part;
  MIR_code_status_t status = mir_part_ensure (space, access_in_group (i), &part);
  if (status != MIR_CODE_OK) return status;
  if (group->in_place && space->backend->is_writable) return take_writable (part, group);
  if (group->in_place) return mir_in_place_take (&part->first, group->len, &group->block);
  if (access_in_group (i) == MIR_CODE_READ_WRITE)
    status = mir_data_take (part, group->len, group->alignment, &group->block);
  else
    status = mir_take_aligned (&part->first, group->n, group->alignment, &group->block);
  if (status == MIR_CODE_OK) mir_os_unlock (&group->block.slab->pool->lock);
  return status;
}

static int has_transient (const struct group *groups) {
  return groups[MIR_CODE_READ_EXEC + MIR_PARTS].n != 0
         || groups[MIR_CODE_READ_ONLY + MIR_PARTS].n != 0
         || groups[MIR_CODE_READ_WRITE + MIR_PARTS].n != 0;
}

/* Give OPEN its records.  The lock of SPACE is held, on failure no longer.  */
static MIR_code_status_t take_records (struct MIR_code_space *space, struct open_object *open) {
  MIR_code_status_t status = take_record (space, &open->handle);
  if (status != MIR_CODE_OK) return status;
  mir_object_set_open (mir_objects_find (&space->objects, open->handle), open);
  if (!has_transient (open->groups)) return MIR_CODE_OK;
  if ((status = take_record (space, &open->transient)) != MIR_CODE_OK) return status;
  mir_object_set_open (mir_objects_find (&space->objects, open->transient), NULL);
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_object_reserve (MIR_code_space_t space, MIR_code_segment_t *segments,
                                           size_t num, MIR_code_object_t *object) {
  struct group groups[GROUPS] = {{.len = 0}};
  MIR_code_status_t status = lay_out (space, segments, num, groups);
  if (status != MIR_CODE_OK) return status;
  struct open_object *open = new_open (space, groups);
  if (open == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&space->lock);
  if (space->objects.making != NULL) { /* other threads', or left */
    mir_os_unlock (&space->lock);
    mir_objects_drop_left (space);
    mir_os_lock (&space->lock);
  }
  begin_making (space, open);
  status = take_records (space, open);
  if (status == MIR_CODE_OK) mir_os_unlock (&space->lock);
  for (int i = 0; i < GROUPS && status == MIR_CODE_OK; i++)
    if (open->groups[i].n != 0) status = take_group (space, open, i);
  mir_os_lock (&space->lock);
  end_making (space, open);
  mir_os_unlock (&space->lock);
  if (status != MIR_CODE_OK) {
    give_up_object (space, open);
    return status;
  }
  set_addresses (space, open, segments, num);
  *object = (MIR_code_object_t) (uintptr_t) open->handle;
  return MIR_CODE_OK;
}

/*---------------- Committing -----------------------------*/

/* The open object with HANDLE.  NULL: *STATUS is the reason.  */
static struct open_object *find_open (struct MIR_code_space *space, MIR_code_object_t object,
                                      MIR_code_status_t *status) {
  struct open_object *open = NULL;
  mir_os_lock (&space->lock);
  struct mir_object *found = mir_objects_find (&space->objects, (uintptr_t) object);
  *status = found == NULL ? MIR_CODE_NOT_OURS : MIR_CODE_BAD_ORDER;
  if (found != NULL && found->state == MIR_OBJECT_OPEN)
    open = (struct open_object *) mir_object_get_open (found);
  mir_os_unlock (&space->lock);
  return open;
}

/* Copy GROUP to its block.  The lock is held.  */
static MIR_code_status_t write_group (const struct group *group, uint32_t n) {
  struct mir_slab *slab = group->block.slab;
  struct mir_chunk chunk = {
      .slab = slab, .to = group_address (group), .from = group->buffer, .len = group->len};
  MIR_code_status_t status = mir_slab_populate (slab, group->block.first, group->block.first + n);
  return status == MIR_CODE_OK ? mir_write_new (&chunk) : status;
}

/* Copy group I of OPEN; for the code that stays, with INFO, that is all that was missing.  No lock is
   held.  */
static MIR_code_status_t commit_group (struct open_object *open, int i,
                                       const MIR_code_info_t *info) {
  struct group *group = &open->groups[i];
  MIR_code_status_t status = MIR_CODE_OK;
  uint64_t tag = i == MIR_CODE_READ_EXEC && info != NULL ? info->tag : 0;
  uint32_t n = group->n;
  if (n == 0 || access_in_group (i) == MIR_CODE_READ_WRITE) return MIR_CODE_OK;
  struct mir_pool *pool = group->block.slab->pool;
  if (group->block.slab->in_place) {
    status = mir_in_place_commit (&group->block, group->len, tag);
    tag = 0; /* noted: nothing is refused from now on */
    if (status == MIR_CODE_OK) mir_os_lock (&pool->lock);
  } else {
    status = mir_pool_reserve_metadata (pool, tag != 0 ? MIR_TAGS : MIR_NO_TABLE);
  }
  if (status != MIR_CODE_OK) return status;
  if (group->in_place)
    mir_os_clean_icache (group_address (group), group_address (group) + group->len);
  if (!group->in_place) status = write_group (group, n);
  if (status == MIR_CODE_OK && access_in_group (i) == MIR_CODE_READ_EXEC)
    mir_granules_unpin (&group->block.slab->granules, group->block.first + n - 1);
  if (status == MIR_CODE_OK && i == MIR_CODE_READ_EXEC) {
    if (tag != 0) mir_tags_add (&pool->tags, (uintptr_t) group_address (group), tag);
    pool->published++;
    pool->published_bytes += group->len;
  }
  mir_os_unlock (&pool->lock);
  return status;
}

/* Note in the record with HANDLE where the blocks of GROUPS are.  The lock of SPACE is held.  */
static void set_live (struct MIR_code_space *space, uint32_t handle, const struct group *groups) {
  struct mir_object *object = mir_objects_find (&space->objects, handle);
  for (int i = 0; i < MIR_PARTS; i++) {
    size_t offset =
        groups[i].len != 0 ? (size_t) (group_address (&groups[i]) - space->range.start) : 0;
    object->blocks[i] = groups[i].n != 0 ? (uint32_t) (offset / MIR_OBJECT_UNIT) + 1 : 0;
  }
  object->state = MIR_OBJECT_LIVE;
}

static void notify (struct MIR_code_space *space, const struct group *code,
                    const MIR_code_info_t *info) {
  MIR_code_event_t event = {.start = group_address (code),
                            .size = code->len,
                            .name = info != NULL ? info->name : NULL,
                            .tag = info != NULL ? info->tag : 0};
  mir_notify_published (space, &event, 1);
}

/* The code that stays comes last: it is the only step that need not be repeated after a failure.  */
MIR_code_status_t MIR_code_object_commit (MIR_code_space_t space, MIR_code_object_t object,
                                          const MIR_code_info_t *info) {
  MIR_code_status_t status;
  if (!mir_info_is_known (info)) return MIR_CODE_BAD_OPTION;
  struct open_object *open = find_open (space, object, &status);
  if (open == NULL) return status;
  status = MIR_CODE_OK;
  for (int i = GROUPS - 1; i >= 0 && status == MIR_CODE_OK; i--)
    status = commit_group (open, i, info);
  if (status != MIR_CODE_OK) return status;
  mir_os_sync_cores_for_new ();
  if (open->groups[MIR_CODE_READ_EXEC].n != 0)
    notify (space, &open->groups[MIR_CODE_READ_EXEC], info);
  mir_os_lock (&space->lock);
  set_live (space, open->handle, open->groups);
  space->objects.num++;
  if (open->transient != 0) {
    set_live (space, open->transient, open->groups + MIR_PARTS);
    mir_objects_find (&space->objects, open->transient)->quiet = 1;
    mir_objects_find (&space->objects, open->handle)->next = open->transient;
  }
  mir_os_unlock (&space->lock);
  MIR_free (space->alloc, open);
  return MIR_CODE_OK;
}

void MIR_code_object_abort (MIR_code_space_t space, MIR_code_object_t object) {
  MIR_code_status_t status;
  struct open_object *open = object != NULL ? find_open (space, object, &status) : NULL;
  if (open != NULL) give_up_object (space, open);
}
