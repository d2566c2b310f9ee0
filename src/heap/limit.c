/* The limit allocator: refuses requests that would take the bytes of the live blocks above its
   limit.  Any thread; lock-free.  */
#include "heap/size-header.h"

#include <stdatomic.h>

struct limit {
  struct MIR_limit pub;
  MIR_alloc_t below;
  atomic_size_t live;       /* requested bytes, including those of calls in progress */
  atomic_size_t hard, soft; /* SIZE_MAX: no limit */
  void (*func) (void *user_data, size_t needed); /* called beyond the soft limit; NULL: none */
  void *user_data;
};

/* Call the embedder's function if SIZE more bytes cross the soft limit.  This comes before
   counting, because the function may free something.  */
static void tell_if_soft (struct limit *limit, size_t size) {
  size_t live = atomic_load_explicit (&limit->live, memory_order_relaxed);
  size_t soft = atomic_load_explicit (&limit->soft, memory_order_relaxed);
  if (limit->func != NULL && live <= soft && size > soft - live)
    limit->func (limit->user_data, size > SIZE_MAX - live ? SIZE_MAX : live + size);
}

/* Count SIZE more bytes.  Returns 0, or -1 if they exceed the hard limit.  Counting comes before
   the call of the allocator below, so that several threads together stay within the limit.  */
static int limit_take (struct limit *limit, size_t size) {
  if (size == 0) return 0;
  tell_if_soft (limit, size);
  size_t live = atomic_load_explicit (&limit->live, memory_order_relaxed);
  do {
    size_t hard = atomic_load_explicit (&limit->hard, memory_order_relaxed);
    if (live > hard || size > hard - live) return -1;
  } while (!atomic_compare_exchange_weak_explicit (&limit->live, &live, live + size,
                                                   memory_order_relaxed, memory_order_relaxed));
  return 0;
}

/* Count SIZE bytes less.  */
static void limit_give (struct limit *limit, size_t size) {
  atomic_fetch_sub_explicit (&limit->live, size, memory_order_relaxed);
}

static void *limit_malloc (size_t size, void *user_data) {
  struct limit *limit = (struct limit *) user_data;
  if (limit_take (limit, size) != 0) return NULL;
  void *res = mir_heap_header_malloc (limit->below, size, MIR_HEAP_TAG_LIMIT);
  if (res == NULL) limit_give (limit, size);
  return res;
}

static void *limit_calloc (size_t num, size_t size, void *user_data) {
  struct limit *limit = (struct limit *) user_data;
  size_t len;
  if (mir_heap_overflows (num, size, &len) || limit_take (limit, len) != 0) return NULL;
  void *res = mir_heap_header_calloc (limit->below, len, MIR_HEAP_TAG_LIMIT);
  if (res == NULL) limit_give (limit, len);
  return res;
}

static void *limit_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct limit *limit = (struct limit *) user_data;
  if (ptr == NULL) return limit_malloc (new_size, user_data);
  struct mir_heap_header *header = mir_heap_checked (ptr, MIR_HEAP_TAG_LIMIT);
  old_size = header->size;
  size_t more = new_size > old_size ? new_size - old_size : 0;
  if (limit_take (limit, more) != 0) return NULL;
  void *res = mir_heap_header_realloc (limit->below, header, new_size, MIR_HEAP_TAG_LIMIT);
  size_t size = res == NULL ? old_size : mir_heap_header_of (res)->size;
  if (old_size + more != size) limit_give (limit, old_size + more - size);
  return res;
}

static void limit_free (void *ptr, void *user_data) {
  struct limit *limit = (struct limit *) user_data;
  if (ptr == NULL) return;
  struct mir_heap_header *header = mir_heap_checked (ptr, MIR_HEAP_TAG_LIMIT);
  size_t size = header->size;
  mir_heap_header_free (limit->below, header);
  limit_give (limit, size);
}

MIR_heap_status_t MIR_limit_create (MIR_alloc_t below, const MIR_limit_options_t *options,
                                    MIR_limit_t *res) {
  if (options == NULL || options->size != sizeof (*options)) return MIR_HEAP_BAD_OPTION;
  struct limit *limit = (struct limit *) mir_heap_new (&below, sizeof (*limit));
  if (limit == NULL) return MIR_HEAP_NO_MEMORY;
  limit->pub.alloc = MIR_HEAP_ALLOC (limit);
  limit->below = below;
  limit->func = options->func;
  limit->user_data = options->user_data;
  atomic_init (&limit->live, 0);
  MIR_limit_set (&limit->pub, options->hard, options->soft);
  *res = &limit->pub;
  return MIR_HEAP_OK;
}

void MIR_limit_finish (MIR_limit_t pub) {
  struct limit *limit = (struct limit *) pub;
  if (limit != NULL) MIR_free (limit->below, limit);
}

size_t MIR_limit_bytes (MIR_limit_t pub) {
  return atomic_load_explicit (&((struct limit *) pub)->live, memory_order_relaxed);
}

void MIR_limit_set (MIR_limit_t pub, size_t hard, size_t soft) {
  struct limit *limit = (struct limit *) pub;
  atomic_store_explicit (&limit->hard, hard == 0 ? SIZE_MAX : hard, memory_order_relaxed);
  atomic_store_explicit (&limit->soft, soft == 0 ? SIZE_MAX : soft, memory_order_relaxed);
}
