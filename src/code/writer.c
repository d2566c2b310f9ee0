/* Writers: their reservations and batches.  One thread at a time uses a writer, so its members need
   no lock; the pool is locked around every change of granules.

   Code for a reservation is written to a buffer of the writer and copied at the commit: no thread
   can run it half-written, pages are opened once, and a fork meanwhile does no harm.  In a batch,
   bytes which can be stored without a system call are stored at once; all others wait in the buffer
   for the end of the batch.  */
#include "code/writer.h"

#include <string.h> /* memcpy */

#include "code/pool.h"
#include "code/publish.h"
#include "code/slab.h"
#include "code/space.h"
#include "code/types.h"
#include "code/write.h"

enum {
  FIRST_BUFFER = 4096, /* bytes */
  FIRST_BATCH = 16,    /* code blocks */
  MAX_ALIGNMENT = 4096
};

/* A code block of a batch.  */
struct pending {
  struct mir_slab *slab;
  uint32_t first; /* granule */
  size_t offset;  /* of its bytes in the buffer; SIZE_MAX: they are written already */
};

struct MIR_code_writer {
  struct MIR_code_space *space;
  struct mir_pool *pool;
  MIR_code_writer_t previous, next; /* of the space */
  uint8_t *buffer;                  /* NULL until it is needed */
  size_t buffer_size, buffered;     /* bytes; those of a reservation begin at `buffered` */
  int reserving, batching; /* between reserve and commit; between batch_begin and batch_end */
  MIR_code_place_t place;  /* while reserving */
  struct mir_slab *slab;
  uint32_t first;           /* the first granule of the reserved block */
  MIR_code_event_t *events; /* of the batch */
  struct pending *pending;
  size_t num, capacity; /* of both */
};

/* Whether writing to the slabs of SPACE needs no system call.  */
static int is_cheap (const struct MIR_code_space *space) {
  return space->backend->always_open && space->options.protection != MIR_CODE_CLOSED_ALIAS;
}

/*---------------- Memory -----------------------------*/

/* Ensure the buffer has SIZE bytes behind `buffered`.  No lock is held.  */
static MIR_code_status_t ensure_buffer (MIR_code_writer_t w, size_t size) {
  if (size > SIZE_MAX / 4 - w->buffered) return MIR_CODE_TOO_LARGE;
  if (w->buffered + size <= w->buffer_size) return MIR_CODE_OK;
  size_t new_size = w->buffer_size == 0 ? FIRST_BUFFER : 2 * w->buffer_size;
  if (new_size < w->buffered + size) new_size = w->buffered + size;
  uint8_t *buffer = (uint8_t *) MIR_malloc (w->space->alloc, new_size);
  if (buffer == NULL) return MIR_CODE_NO_MEMORY;
  if (w->buffered != 0) memcpy (buffer, w->buffer, w->buffered);
  MIR_free (w->space->alloc, w->buffer);
  w->buffer = buffer;
  w->buffer_size = new_size;
  return MIR_CODE_OK;
}

/* Ensure the batch has room for one more block.  Events, pending blocks and chunks share one
   allocation.  No lock is held.  */
static MIR_code_status_t ensure_pending (MIR_code_writer_t w) {
  const size_t each =
      sizeof (MIR_code_event_t) + sizeof (struct pending) + sizeof (struct mir_chunk);
  if (w->num < w->capacity) return MIR_CODE_OK;
  size_t capacity = w->capacity == 0 ? FIRST_BATCH : 2 * w->capacity;
  if (capacity > SIZE_MAX / each) return MIR_CODE_NO_MEMORY;
  MIR_code_event_t *events = (MIR_code_event_t *) MIR_malloc (w->space->alloc, capacity * each);
  if (events == NULL) return MIR_CODE_NO_MEMORY;
  struct pending *pending = (struct pending *) (void *) (events + capacity);
  if (w->num != 0) {
    memcpy (events, w->events, w->num * sizeof (*events));
    memcpy (pending, w->pending, w->num * sizeof (*pending));
  }
  MIR_free (w->space->alloc, w->events);
  w->events = events;
  w->pending = pending;
  w->capacity = capacity;
  return MIR_CODE_OK;
}

/* The chunks of the batch, behind the pending blocks.  */
static struct mir_chunk *chunks_of (MIR_code_writer_t w) {
  return (struct mir_chunk *) (void *) (w->pending + w->capacity);
}

/*---------------- Life -----------------------------*/

MIR_code_status_t MIR_code_writer_create (MIR_code_space_t space, MIR_code_writer_t *writer) {
  struct mir_pool *pool;
  MIR_code_writer_t w;
  do {
    MIR_code_status_t status = mir_space_ensure_pool (space);
    if (status != MIR_CODE_OK) return status;
    if ((w = (MIR_code_writer_t) MIR_malloc (space->alloc, sizeof (*w))) == NULL)
      return MIR_CODE_NO_MEMORY;
    pool = mir_space_get_pool (space);
    if (pool == NULL) MIR_free (space->alloc, w); /* another thread took the pool first */
  } while (pool == NULL);
  memset (w, 0, sizeof (*w));
  w->space = space;
  w->pool = pool;
  mir_os_lock (&space->lock);
  w->next = space->writers;
  if (w->next != NULL) w->next->previous = w;
  space->writers = w;
  mir_os_unlock (&space->lock);
  *writer = w;
  return MIR_CODE_OK;
}

size_t mir_writer_bytes (MIR_code_writer_t w) {
  return sizeof (*w) + w->buffer_size
         + w->capacity * (sizeof (*w->events) + sizeof (*w->pending) + sizeof (struct mir_chunk));
}

MIR_code_writer_t mir_writer_next (MIR_code_writer_t w) {
  return w->next;
}

/* Take back block I of the batch.  The lock of the pool is held.  */
static void release_block (MIR_code_writer_t w, size_t i) {
  struct mir_pool *pool = w->pool;
  struct mir_tag *tag = mir_tags_find (&pool->tags, (uintptr_t) w->events[i].start);
  if (tag != NULL) mir_tags_remove (&pool->tags, tag);
  mir_pool_release (pool, w->pending[i].slab, w->pending[i].first);
  pool->published--;
  pool->published_bytes -= w->events[i].size;
}

/* Take back all blocks of the batch and end it.  */
static void abort_batch (MIR_code_writer_t w) {
  mir_os_lock (&w->pool->lock);
  for (size_t i = 0; i < w->num; i++) release_block (w, i);
  mir_os_unlock (&w->pool->lock);
  w->num = 0;
  w->buffered = 0;
  w->batching = 0;
}

void MIR_code_writer_finish (MIR_code_writer_t w) {
  if (w == NULL) return;
  struct MIR_code_space *space = w->space;
  if (w->reserving) (void) MIR_code_abort (w);
  if (w->batching) abort_batch (w);
  mir_os_lock (&space->lock);
  if (w->previous != NULL)
    w->previous->next = w->next;
  else
    space->writers = w->next;
  if (w->next != NULL) w->next->previous = w->previous;
  mir_os_unlock (&space->lock);
  mir_space_leave_pool (w->pool);
  MIR_free (space->alloc, w->buffer);
  MIR_free (space->alloc, w->events);
  MIR_free (space->alloc, w);
}

/*---------------- Reserving -----------------------------*/

/* Take N granules whose first one is at a multiple of ALIGNMENT bytes, and pin them: W->slab and
   W->first.  No lock is held.  */
static MIR_code_status_t take_aligned (MIR_code_writer_t w, uint32_t n, size_t alignment) {
  uint32_t spare = alignment > MIR_GRANULE ? (uint32_t) (alignment / MIR_GRANULE) - 1 : 0;
  struct mir_placement placement;
  MIR_code_status_t status = mir_pool_find_room (w->pool, n + spare, NULL, &placement);
  if (status != MIR_CODE_OK) return status;
  mir_pool_take (w->pool, &placement, n + spare);
  uintptr_t addr = (uintptr_t) mir_slab_address (placement.slab, placement.start);
  uint32_t gap = spare == 0 ? 0 : (uint32_t) ((0 - addr) % alignment / MIR_GRANULE);
  mir_pool_shrink (w->pool, placement.slab, placement.start, gap + n);
  mir_pool_cut (w->pool, placement.slab, placement.start, gap);
  w->slab = placement.slab;
  w->first = placement.start + gap;
  mir_granules_pin (&w->slab->granules, w->first);
  mir_os_unlock (&w->pool->lock);
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_reserve (MIR_code_writer_t w, size_t size, size_t alignment,
                                    MIR_code_place_t *place) {
  uint32_t n = mir_granules_for (size);
  MIR_code_status_t status;
  if (w->reserving) return MIR_CODE_BAD_ORDER;
  if ((alignment & (alignment - 1)) != 0 || alignment > MAX_ALIGNMENT) return MIR_CODE_BAD_OPTION;
  if (n == 0) return MIR_CODE_TOO_LARGE;
  if ((status = ensure_buffer (w, (size_t) n * MIR_GRANULE)) != MIR_CODE_OK) return status;
  if ((status = take_aligned (w, n, alignment)) != MIR_CODE_OK) return status;
  w->reserving = 1;
  w->place.addr = mir_slab_address (w->slab, w->first);
  w->place.buffer = w->buffer + w->buffered;
  w->place.size = (size_t) n * MIR_GRANULE;
  *place = w->place;
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_abort (MIR_code_writer_t w) {
  if (!w->reserving) return MIR_CODE_BAD_ORDER;
  mir_os_lock (&w->pool->lock);
  mir_pool_release (w->pool, w->slab, w->first);
  mir_os_unlock (&w->pool->lock);
  w->reserving = 0;
  return MIR_CODE_OK;
}

/* Add the taken block to the batch.  Its LEN bytes are at BYTES, which may be in the buffer
   already.  The lock is held.  */
static MIR_code_status_t add_to_batch (MIR_code_writer_t w, const uint8_t *bytes, size_t len,
                                       const MIR_code_info_t *info) {
  struct pending *pending = &w->pending[w->num];
  uint8_t *addr = mir_slab_address (w->slab, w->first);
  *pending = (struct pending) {.slab = w->slab, .first = w->first, .offset = SIZE_MAX};
  if (is_cheap (w->space)) {
    struct mir_chunk chunk = {.slab = w->slab, .to = addr, .from = bytes, .len = len};
    MIR_code_status_t status = mir_write (&chunk, 1, NULL);
    if (status != MIR_CODE_OK) return status;
  } else {
    pending->offset = w->buffered;
    if (bytes != w->buffer + w->buffered) memcpy (w->buffer + w->buffered, bytes, len);
    w->buffered += len;
  }
  mir_granules_pin (&w->slab->granules, w->first);
  w->events[w->num].start = addr;
  w->events[w->num].size = len;
  w->events[w->num].name = info != NULL ? info->name : NULL;
  w->events[w->num].tag = info != NULL ? info->tag : 0;
  w->num++;
  return MIR_CODE_OK;
}

/* Write LEN bytes to the reserved block and unpin it.  The lock is held.  */
static MIR_code_status_t write_now (MIR_code_writer_t w, const uint8_t *bytes, size_t len) {
  struct mir_chunk chunk = {
      .slab = w->slab, .to = mir_slab_address (w->slab, w->first), .from = bytes, .len = len};
  MIR_code_status_t status = mir_write (&chunk, 1, NULL);
  if (status == MIR_CODE_OK) mir_granules_unpin (&w->slab->granules, w->first);
  return status;
}

/* Give the taken block its bytes and its tag, for which there is room.  The lock is held.  */
static MIR_code_status_t fill_reserved (MIR_code_writer_t w, const uint8_t *bytes, size_t len,
                                        const MIR_code_info_t *info) {
  uint32_t n = mir_granules_for (len);
  MIR_code_status_t status =
      w->batching ? add_to_batch (w, bytes, len, info) : write_now (w, bytes, len);
  if (status != MIR_CODE_OK) return status;
  if (info != NULL && info->tag != 0)
    mir_tags_add (&w->pool->tags, (uintptr_t) mir_slab_address (w->slab, w->first), info->tag);
  if (n < mir_granules_block_len (&w->slab->granules, w->first))
    mir_pool_shrink (w->pool, w->slab, w->first, n);
  w->pool->published++;
  w->pool->published_bytes += len;
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_commit (MIR_code_writer_t w, size_t used, const MIR_code_info_t *info) {
  struct mir_pool *pool = w->pool;
  MIR_code_status_t status;
  if (!w->reserving) return MIR_CODE_BAD_ORDER;
  if (used == 0 || used > w->place.size) return MIR_CODE_TOO_LARGE;
  if (w->batching && (status = ensure_pending (w)) != MIR_CODE_OK) return status;
  status = mir_pool_reserve_metadata (pool, info != NULL && info->tag != 0 ? &pool->tags : NULL);
  if (status != MIR_CODE_OK) return status;
  status = mir_slab_populate (w->slab, w->first, w->first + mir_granules_for (used));
  if (status == MIR_CODE_OK) status = fill_reserved (w, w->place.buffer, used, info);
  mir_os_unlock (&pool->lock);
  if (status != MIR_CODE_OK) return status;
  w->reserving = 0;
  if (w->batching) return MIR_CODE_OK;
  mir_os_sync_cores_for_new ();
  MIR_code_event_t event = {.start = w->place.addr,
                            .size = used,
                            .name = info != NULL ? info->name : NULL,
                            .tag = info != NULL ? info->tag : 0};
  mir_notify_published (w->space, &event, 1);
  return MIR_CODE_OK;
}

/*---------------- Batches -----------------------------*/

MIR_code_status_t MIR_code_batch_begin (MIR_code_writer_t w) {
  if (w->batching || w->reserving) return MIR_CODE_BAD_ORDER;
  w->batching = 1;
  return MIR_CODE_OK;
}

/* Take a block for LEN bytes and add it to the batch.  No lock is held.  */
static MIR_code_status_t publish_in_batch (MIR_code_writer_t w, const uint8_t *bytes, size_t len,
                                           const MIR_code_info_t *info, uint8_t **addr) {
  struct mir_pool *pool = w->pool;
  uint64_t tag = info != NULL ? info->tag : 0;
  uint32_t n = mir_granules_for (len);
  struct mir_placement placement;
  MIR_code_status_t status;
  if (n == 0) return MIR_CODE_TOO_LARGE;
  if ((status = ensure_pending (w)) != MIR_CODE_OK) return status;
  if (!is_cheap (w->space) && (status = ensure_buffer (w, len)) != MIR_CODE_OK) return status;
  status = mir_pool_find_room (pool, n, tag != 0 ? &pool->tags : NULL, &placement);
  if (status != MIR_CODE_OK) return status;
  status = mir_slab_populate (placement.slab, placement.start, placement.start + n);
  mir_pool_take (pool, &placement, n);
  w->slab = placement.slab;
  w->first = placement.start;
  if (status == MIR_CODE_OK) status = fill_reserved (w, bytes, len, info);
  if (status != MIR_CODE_OK) {
    mir_pool_release (pool, placement.slab, placement.start);
    struct mir_slab *dropped = placement.fresh ? mir_pool_unlink_slab (pool, placement.slab) : NULL;
    mir_os_unlock (&pool->lock);
    mir_pool_drop_slabs (dropped);
    return status;
  }
  *addr = mir_slab_address (placement.slab, placement.start);
  mir_os_unlock (&pool->lock);
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_publish (MIR_code_writer_t w, const uint8_t *bytes, size_t len,
                                    const MIR_code_info_t *info, uint8_t **addr) {
  if (w->reserving) return MIR_CODE_BAD_ORDER;
  return w->batching ? publish_in_batch (w, bytes, len, info, addr)
                     : mir_publish (w->pool, bytes, len, info, addr);
}

/* Write the bytes which wait in the buffer.  The lock is held.  */
static MIR_code_status_t write_pending (MIR_code_writer_t w) {
  struct mir_chunk *chunks = chunks_of (w);
  size_t num = 0;
  for (size_t i = 0; i < w->num; i++) {
    if (w->pending[i].offset == SIZE_MAX) continue;
    chunks[num++] = (struct mir_chunk) {.slab = w->pending[i].slab,
                                        .to = (uint8_t *) w->events[i].start,
                                        .from = w->buffer + w->pending[i].offset,
                                        .len = w->events[i].size};
  }
  return mir_write (chunks, num, NULL);
}

MIR_code_status_t MIR_code_batch_end (MIR_code_writer_t w) {
  if (!w->batching || w->reserving) return MIR_CODE_BAD_ORDER;
  mir_os_lock (&w->pool->lock);
  MIR_code_status_t status = w->buffered == 0 ? MIR_CODE_OK : write_pending (w);
  for (size_t i = 0; i < w->num && status == MIR_CODE_OK; i++)
    mir_granules_unpin (&w->pending[i].slab->granules, w->pending[i].first);
  mir_os_unlock (&w->pool->lock);
  if (status != MIR_CODE_OK) {
    abort_batch (w);
    return status;
  }
  mir_os_sync_cores_for_new ();
  mir_notify_published (w->space, w->events, w->num);
  w->num = 0;
  w->buffered = 0;
  w->batching = 0;
  return MIR_CODE_OK;
}
