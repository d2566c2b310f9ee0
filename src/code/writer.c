/* Writers: their reservations and batches.  One thread at a time uses a writer, so its members need
   no lock to be read; the pool of a slab is locked around every change of its granules.  Members
   that own memory or blocks change with the lock of some pool held: a fork waits for it, and a
   child may finish the writers of threads that it does not have.

   Code for a reservation is written to a buffer of the writer and copied at the commit: no thread
   can run it half-written, pages are opened once, and a fork meanwhile does no harm.  In a batch,
   bytes which can be stored without a system call are stored at once; all others wait in the buffer
   for the end of the batch.  The blocks of a batch are pinned until its end.  */
#include "code/writer.h"

#include <stdatomic.h>
#include <string.h> /* memcpy */

#include "code/aligned.h"
#include "code/pool.h"
#include "code/publish.h"
#include "code/slab.h"
#include "code/space.h"
#include "code/types.h"
#include "code/versions.h"
#include "code/write.h"
#include "os/cancel.h"

enum {
  FIRST_BUFFER = 4096,     /* bytes */
  KEPT_BUFFER = 16 * 1024, /* bytes; a larger one is freed when it is not in use */
  FIRST_BATCH = 16,        /* runs of blocks, and events */
  KEPT_BATCH = 1024,
  MAX_ALIGNMENT = 4096
};

/* A run of code blocks of a batch, one behind the other; only one block if its bytes are in the
   buffer.  */
struct pending {
  struct mir_slab *slab;
  uint32_t first, bound; /* granules */
  size_t offset;         /* of the bytes in the buffer; SIZE_MAX: they are written already */
  size_t len;            /* bytes in the buffer */
};

struct MIR_code_writer {
  struct MIR_code_space *space;
  struct mir_pool *pool;   /* where it looks for room first */
  int reserving, batching; /* between reserve and commit; between batch_begin and batch_end */
  MIR_code_writer_t previous, next; /* of the space */
  uint8_t *buffer;                  /* NULL until it is needed */
  size_t buffer_size, buffered;     /* bytes; those of a reservation begin at `buffered` */
  MIR_code_place_t place;           /* while reserving */
  struct mir_block block;           /* the reserved one */
  struct pending *pending;          /* of the batch; as many chunks follow them in memory */
  MIR_code_event_t *events;         /* of the batch, if there is a hook for them */
  size_t pending_num, pending_capacity, events_num, events_capacity;
  uint64_t batch_blocks, batch_bytes; /* published so far */
  atomic_size_t bytes;                /* of buffer, pending and events, for statistics */
};

/* Whether writing to the slabs of SPACE needs no system call.  */
static int is_cheap (const struct MIR_code_space *space) {
  return space->backend->always_open && space->options.protection != MIR_CODE_CLOSED_ALIAS;
}

/*---------------- Memory -----------------------------*/

enum { PENDING_SIZE = sizeof (struct pending) + sizeof (struct mir_chunk) };

static void count_bytes (MIR_code_writer_t w) {
  atomic_store_explicit (&w->bytes,
                         w->buffer_size + w->pending_capacity * PENDING_SIZE
                             + w->events_capacity * sizeof (*w->events),
                         memory_order_relaxed);
}

/* Ensure the buffer has SIZE bytes behind `buffered`.  No lock is held.  */
static MIR_code_status_t ensure_buffer (MIR_code_writer_t w, size_t size) {
  if (size > SIZE_MAX / 4 - w->buffered) return MIR_CODE_TOO_LARGE;
  if (w->buffered + size <= w->buffer_size) return MIR_CODE_OK;
  size_t new_size = w->buffer_size == 0 ? FIRST_BUFFER : 2 * w->buffer_size;
  if (new_size < w->buffered + size) new_size = w->buffered + size;
  uint8_t *buffer = (uint8_t *) MIR_malloc (w->space->alloc, new_size);
  if (buffer == NULL) return MIR_CODE_NO_MEMORY;
  if (w->buffered != 0) memcpy (buffer, w->buffer, w->buffered);
  uint8_t *old = w->buffer;
  mir_os_lock (&w->pool->lock);
  w->buffer = buffer;
  w->buffer_size = new_size;
  mir_os_unlock (&w->pool->lock);
  count_bytes (w);
  MIR_free (w->space->alloc, old);
  return MIR_CODE_OK;
}

/* Copy MEMORY, an array of *CAPACITY entries of SIZE bytes, of which NUM are in use and USED_SIZE
   bytes of each, to one of twice the size; NULL on failure.  No lock is held.  */
static void *double_array (MIR_code_writer_t w, const void *memory, size_t *capacity, size_t num,
                           size_t used_size, size_t size) {
  size_t new_capacity = *capacity == 0 ? FIRST_BATCH : 2 * *capacity;
  if (new_capacity > SIZE_MAX / size) return NULL;
  void *copy = MIR_malloc (w->space->alloc, new_capacity * size);
  if (copy == NULL) return NULL;
  if (num != 0) memcpy (copy, memory, num * used_size);
  *capacity = new_capacity;
  return copy;
}

/* Whether the end of a batch has a hook to call.  */
static int wants_events (const struct MIR_code_space *space) {
  return space->hooks != NULL && space->hooks->published != NULL;
}

/* Double the pending blocks; double the events.  No lock is held.  */

static MIR_code_status_t grow_pending (MIR_code_writer_t w) {
  size_t capacity = w->pending_capacity;
  struct pending *old = w->pending;
  struct pending *copy = (struct pending *) double_array (w, old, &capacity, w->pending_num,
                                                          sizeof (struct pending), PENDING_SIZE);
  if (copy == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&w->pool->lock);
  w->pending = copy;
  w->pending_capacity = capacity;
  mir_os_unlock (&w->pool->lock);
  count_bytes (w);
  MIR_free (w->space->alloc, old);
  return MIR_CODE_OK;
}

static MIR_code_status_t grow_events (MIR_code_writer_t w) {
  size_t capacity = w->events_capacity;
  MIR_code_event_t *old = w->events;
  MIR_code_event_t *copy = (MIR_code_event_t *) double_array (w, old, &capacity, w->events_num,
                                                              sizeof (*old), sizeof (*old));
  if (copy == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&w->pool->lock);
  w->events = copy;
  w->events_capacity = capacity;
  mir_os_unlock (&w->pool->lock);
  count_bytes (w);
  MIR_free (w->space->alloc, old);
  return MIR_CODE_OK;
}

/* Ensure the batch has room for one more block.  No lock is held.  */
static MIR_code_status_t ensure_pending (MIR_code_writer_t w) {
  MIR_code_status_t status = MIR_CODE_OK;
  if (w->pending_num == w->pending_capacity) status = grow_pending (w);
  if (status == MIR_CODE_OK && w->events_num == w->events_capacity && wants_events (w->space))
    status = grow_events (w);
  return status;
}

/* The chunks of the batch, behind the pending blocks.  */
static struct mir_chunk *chunks_of (MIR_code_writer_t w) {
  return (struct mir_chunk *) (void *) (w->pending + w->pending_capacity);
}

/* Free what is large and not in use.  No lock is held.  */
static void shrink_memory (MIR_code_writer_t w) {
  int buffer = w->buffer_size > KEPT_BUFFER && w->buffered == 0 && !w->reserving;
  int pending = w->pending_capacity > KEPT_BATCH && !w->batching;
  int events = w->events_capacity > KEPT_BATCH && !w->batching;
  if (!buffer && !pending && !events) return;
  void *unused[3] = {NULL, NULL, NULL};
  mir_os_lock (&w->pool->lock);
  if (buffer) {
    unused[0] = w->buffer;
    w->buffer = NULL;
    w->buffer_size = 0;
  }
  if (pending) {
    unused[1] = w->pending;
    w->pending = NULL;
    w->pending_capacity = 0;
  }
  if (events) {
    unused[2] = w->events;
    w->events = NULL;
    w->events_capacity = 0;
  }
  mir_os_unlock (&w->pool->lock);
  count_bytes (w);
  int held = mir_os_hold_cancel (); /* nobody else could free the rest */
  for (int i = 0; i < 3; i++) MIR_free (w->space->alloc, unused[i]);
  mir_os_let_cancel (held);
}

/*---------------- Life -----------------------------*/

/* Give W its POOL and put it into the list of its space, whose lock is held.  */
static void link_writer (MIR_code_writer_t w, struct mir_pool *pool) {
  w->pool = pool;
  w->next = w->space->writers;
  if (w->next != NULL) w->next->previous = w;
  w->space->writers = w;
}

MIR_code_status_t MIR_code_writer_create (MIR_code_space_t space, MIR_code_writer_t *writer) {
  struct mir_pool *pool;
  MIR_code_writer_t w;
  do {
    MIR_code_status_t status = mir_space_ensure_pool (space);
    if (status != MIR_CODE_OK) return status;
    if ((w = (MIR_code_writer_t) MIR_malloc (space->alloc, sizeof (*w))) == NULL)
      return MIR_CODE_NO_MEMORY;
    memset (w, 0, sizeof (*w));
    w->space = space;
    mir_os_lock (&space->lock);
    if ((pool = mir_space_get_pool (space)) != NULL) link_writer (w, pool);
    mir_os_unlock (&space->lock);
    if (pool == NULL) MIR_free (space->alloc, w); /* another thread took the pool first */
  } while (pool == NULL);
  *writer = w;
  return MIR_CODE_OK;
}

size_t mir_writer_bytes (MIR_code_writer_t w) {
  return sizeof (*w) + atomic_load_explicit (&w->bytes, memory_order_relaxed);
}

int mir_writer_is_batching (MIR_code_writer_t w) {
  return w->batching;
}

MIR_code_writer_t mir_writer_next (MIR_code_writer_t w) {
  return w->next;
}

/* Take back the last pending blocks of W.  No lock is held.  */
static void release_blocks (MIR_code_writer_t w) {
  const struct pending *pending = &w->pending[w->pending_num - 1];
  struct mir_slab *slab = pending->slab;
  struct mir_pool *pool = slab->pool;
  uint32_t last;
  mir_os_lock (&pool->lock);
  for (uint32_t first = pending->first; first < pending->bound; first = last + 1) {
    struct mir_tag *tag = mir_tags_find (&pool->tags, (uintptr_t) mir_slab_address (slab, first));
    if (tag != NULL) mir_tags_remove (&pool->tags, tag);
    last = mir_granules_block_last (&slab->granules, first);
    mir_pool_release (slab, first, last);
  }
  w->pending_num--;
  mir_os_unlock (&pool->lock);
}

/* The batch has ended.  No lock is held.  */
static void forget_batch (MIR_code_writer_t w) {
  w->pending_num = w->events_num = w->buffered = 0;
  w->batch_blocks = w->batch_bytes = 0;
  w->batching = 0;
  shrink_memory (w);
}

/* Take back all blocks of the batch and end it.  */
static void abort_batch (MIR_code_writer_t w) {
  while (w->pending_num > 0) release_blocks (w);
  mir_os_lock (&w->pool->lock); /* the pools' numbers are only ever added up */
  w->pool->published -= w->batch_blocks;
  w->pool->published_bytes -= w->batch_bytes;
  w->batch_blocks = w->batch_bytes = 0;
  mir_os_unlock (&w->pool->lock);
  forget_batch (w);
}

void MIR_code_writer_finish (MIR_code_writer_t w) {
  if (w == NULL) return;
  struct MIR_code_space *space = w->space;
  int held = mir_os_hold_cancel (); /* nobody could finish the rest */
  if (w->reserving) (void) MIR_code_abort (w);
  if (w->batching) abort_batch (w);
  mir_os_lock (&space->lock);
  if (w->previous != NULL)
    w->previous->next = w->next;
  else
    space->writers = w->next;
  if (w->next != NULL) w->next->previous = w->previous;
  mir_space_leave_pool (w->pool);
  mir_os_unlock (&space->lock);
  MIR_free (space->alloc, w->buffer);
  MIR_free (space->alloc, w->pending);
  MIR_free (space->alloc, w->events);
  MIR_free (space->alloc, w);
  mir_os_let_cancel (held);
}

/*---------------- Reserving -----------------------------*/

MIR_code_status_t MIR_code_reserve (MIR_code_writer_t w, size_t len, size_t alignment,
                                    MIR_code_place_t *place) {
  uint32_t n = mir_granules_for (len);
  MIR_code_status_t status;
  if (w->reserving) return MIR_CODE_BAD_ORDER;
  if ((alignment & (alignment - 1)) != 0 || alignment > MAX_ALIGNMENT
      || !mir_version_is_known (place->size, MIR_PLACE_FIRST, sizeof (*place)))
    return MIR_CODE_BAD_OPTION;
  if (n == 0) return MIR_CODE_TOO_LARGE;
  if ((status = ensure_buffer (w, (size_t) n * MIR_GRANULE)) != MIR_CODE_OK) return status;
  if ((status = mir_take_aligned (w->pool, n, alignment, &w->block)) != MIR_CODE_OK) return status;
  w->reserving = 1;
  mir_os_unlock (&w->block.slab->pool->lock);
  w->place.addr = mir_slab_address (w->block.slab, w->block.first);
  w->place.buffer = w->buffer + w->buffered;
  w->place.len = (size_t) n * MIR_GRANULE;
  mir_write_version (place, &w->place);
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_abort (MIR_code_writer_t w) {
  if (!w->reserving) return MIR_CODE_BAD_ORDER;
  struct mir_pool *pool = w->block.slab->pool;
  mir_os_lock (&pool->lock);
  mir_pool_release (w->block.slab, w->block.first,
                    mir_granules_block_last (&w->block.slab->granules, w->block.first));
  w->reserving = 0;
  mir_os_unlock (&pool->lock);
  shrink_memory (w);
  return MIR_CODE_OK;
}

/* Write LEN bytes to where the block at FIRST in SLAB is executed, or for a batch keep them for its
   end.  BYTES may be in the buffer already.  The lock is held.  */
static MIR_code_status_t write_block (MIR_code_writer_t w, struct mir_slab *slab, uint32_t first,
                                      const uint8_t *bytes, size_t len, size_t *offset) {
  *offset = SIZE_MAX;
  if (!w->batching || is_cheap (w->space)) {
    struct mir_chunk chunk = {
        .slab = slab, .to = mir_slab_address (slab, first), .from = bytes, .len = len};
    return mir_write_new (&chunk);
  }
  *offset = w->buffered;
  if (bytes != w->buffer + w->buffered) memcpy (w->buffer + w->buffered, bytes, len);
  w->buffered += len;
  return MIR_CODE_OK;
}

/* Add the taken block of N granules at FIRST in SLAB to the batch and pin it.  OFFSET is that of
   write_block.  The lock is held.  */
static void add_to_batch (MIR_code_writer_t w, struct mir_slab *slab, uint32_t first, uint32_t n,
                          size_t offset, size_t len, const MIR_code_info_t *info) {
  struct pending *last = w->pending_num != 0 ? &w->pending[w->pending_num - 1] : NULL;
  mir_granules_pin (&slab->granules, first + n - 1);
  if (last != NULL && last->slab == slab && last->bound == first && offset == SIZE_MAX
      && last->offset == SIZE_MAX)
    last->bound = first + n;
  else
    w->pending[w->pending_num++] = (struct pending) {
        .slab = slab, .first = first, .bound = first + n, .offset = offset, .len = len};
  w->batch_blocks++;
  w->batch_bytes += len;
  if (!wants_events (w->space)) return;
  w->events[w->events_num++] = (MIR_code_event_t) {.start = mir_slab_address (slab, first),
                                                   .size = len,
                                                   .name = info != NULL ? info->name : NULL,
                                                   .tag = info != NULL ? info->tag : 0};
}

static enum mir_table table_for (const MIR_code_info_t *info) {
  return info != NULL && info->tag != 0 ? MIR_TAGS : MIR_NO_TABLE;
}

/* Count the block at FIRST in SLAB, and give it its tag, for which there is room.  The lock is
   held.  */
static void finish_block (struct mir_slab *slab, uint32_t first, size_t len,
                          const MIR_code_info_t *info) {
  struct mir_pool *pool = slab->pool;
  if (table_for (info) == MIR_TAGS)
    mir_tags_add (&pool->tags, (uintptr_t) mir_slab_address (slab, first), info->tag);
  pool->published++;
  pool->published_bytes += len;
}

MIR_code_status_t MIR_code_commit (MIR_code_writer_t w, size_t used, const MIR_code_info_t *info) {
  struct mir_slab *slab = w->block.slab;
  size_t offset;
  MIR_code_status_t status;
  if (!w->reserving) return MIR_CODE_BAD_ORDER;
  if (!mir_info_is_known (info)) return MIR_CODE_BAD_OPTION;
  if (used == 0 || used > w->place.len) return MIR_CODE_TOO_LARGE;
  if (w->batching && (status = ensure_pending (w)) != MIR_CODE_OK) return status;
  struct mir_pool *pool = slab->pool;
  uint32_t n = mir_granules_for (used);
  status = mir_pool_reserve_metadata (pool, table_for (info));
  if (status != MIR_CODE_OK) return status;
  status = mir_slab_populate (slab, w->block.first, w->block.first + n);
  if (status == MIR_CODE_OK)
    status = write_block (w, slab, w->block.first, w->place.buffer, used, &offset);
  if (status == MIR_CODE_OK) {
    uint32_t last = mir_granules_block_last (&slab->granules, w->block.first);
    if (n > last + 1 - w->block.first)
      n = last + 1 - w->block.first; /* of USED all that is reserved */
    mir_pool_shrink (slab, w->block.first, n);
    if (w->batching)
      add_to_batch (w, slab, w->block.first, n, offset, used, info);
    else
      mir_granules_unpin (&slab->granules, w->block.first + n - 1);
    finish_block (slab, w->block.first, used, info);
    w->reserving = 0;
  }
  mir_os_unlock (&pool->lock);
  if (status != MIR_CODE_OK) return status;
  if (w->batching) return MIR_CODE_OK;
  shrink_memory (w);
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
  uint32_t n = mir_granules_for (len);
  struct mir_placement placement;
  size_t offset;
  MIR_code_status_t status;
  if (n == 0) return MIR_CODE_TOO_LARGE;
  if ((status = ensure_pending (w)) != MIR_CODE_OK) return status;
  if (!is_cheap (w->space) && (status = ensure_buffer (w, len)) != MIR_CODE_OK) return status;
  status = mir_pool_find_room (w->pool, n, table_for (info), &placement);
  if (status != MIR_CODE_OK) return status;
  struct mir_slab *slab = placement.slab;
  struct mir_pool *pool = slab->pool;
  mir_write_prefetch (slab, mir_slab_address (slab, placement.start), len);
  status = mir_slab_populate (slab, placement.start, placement.start + n);
  if (status == MIR_CODE_OK) status = write_block (w, slab, placement.start, bytes, len, &offset);
  if (status != MIR_CODE_OK) {
    struct mir_slab *dropped = mir_pool_give_up (&placement);
    mir_os_unlock (&pool->lock);
    mir_pool_drop_slabs (dropped);
    return status;
  }
  mir_pool_take (&placement, n);
  add_to_batch (w, slab, placement.start, n, offset, len, info);
  finish_block (slab, placement.start, len, info);
  *addr = mir_slab_address (slab, placement.start);
  mir_os_unlock (&pool->lock);
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_publish (MIR_code_writer_t w, const uint8_t *bytes, size_t len,
                                    const MIR_code_info_t *info, uint8_t **addr) {
  if (!w->reserving && !w->batching && mir_info_is_known (info))
    return mir_publish (w->pool, bytes, len, info, addr);
  if (w->reserving) return MIR_CODE_BAD_ORDER;
  if (!mir_info_is_known (info)) return MIR_CODE_BAD_OPTION;
  return publish_in_batch (w, bytes, len, info, addr);
}

/* The end of the pending blocks, from FIRST on, whose pool is the same.  */
static size_t same_pool (MIR_code_writer_t w, size_t first) {
  size_t bound = first + 1;
  while (bound < w->pending_num && w->pending[bound].slab->pool == w->pending[first].slab->pool)
    bound++;
  return bound;
}

/* Write the bytes of the pending blocks [FIRST, BOUND) that wait in the buffer.  The lock of their
   pool is held.  */
static MIR_code_status_t write_pending (MIR_code_writer_t w, size_t first, size_t bound) {
  struct mir_chunk *chunks = chunks_of (w);
  size_t num = 0;
  for (size_t i = first; i < bound; i++) {
    const struct pending *pending = &w->pending[i];
    if (pending->offset == SIZE_MAX) continue;
    chunks[num++] = (struct mir_chunk) {.slab = pending->slab,
                                        .to = mir_slab_address (pending->slab, pending->first),
                                        .from = w->buffer + pending->offset,
                                        .len = pending->len};
  }
  return mir_write (chunks, num, NULL);
}

/* Unpin the last pending blocks of W, which are not its own any more.  No lock is held.  */
static void hand_over_blocks (MIR_code_writer_t w) {
  const struct pending *pending = &w->pending[w->pending_num - 1];
  struct mir_pool *pool = pending->slab->pool;
  mir_os_lock (&pool->lock);
  mir_granules_unpin_all (&pending->slab->granules, pending->first, pending->bound);
  if (--w->pending_num == 0) w->batch_blocks = w->batch_bytes = 0;
  mir_os_unlock (&pool->lock);
}

MIR_code_status_t MIR_code_batch_end (MIR_code_writer_t w) {
  size_t bound;
  if (!w->batching || w->reserving) return MIR_CODE_BAD_ORDER;
  for (size_t first = 0; first < w->pending_num && w->buffered != 0; first = bound) {
    struct mir_pool *pool = w->pending[first].slab->pool;
    bound = same_pool (w, first);
    mir_os_lock (&pool->lock);
    MIR_code_status_t status = write_pending (w, first, bound);
    mir_os_unlock (&pool->lock);
    if (status != MIR_CODE_OK) {
      abort_batch (w);
      return status;
    }
  }
  while (w->pending_num > 0) hand_over_blocks (w);
  mir_os_sync_cores_for_new ();
  mir_notify_published (w->space, w->events, w->events_num);
  forget_batch (w);
  return MIR_CODE_OK;
}
