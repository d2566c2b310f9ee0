/* The probe allocator: blocks with fences, found by address, and failures on demand.  */
#include "support/probe-alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/tap.h"

enum {
  FENCE = 32, /* bytes on either side; a multiple of max_align_t */
  FENCE_BYTE = 0xfb,
  FRESH_BYTE = 0xa5,
  FREED_BYTE = 0xdd,
  MAX_PRINTED = 10 /* violations printed per probe; the others are only counted */
};

/* [ fence | size bytes | fence ]
   ^ memory  ^ start
   memory is start - FENCE; it is kept because leak checkers look for pointers to the start of a
   block.  */
struct probe_block {
  unsigned char *memory, *start;
  size_t size; /* bytes */
  struct probe_block *next;
};

static void note_broken (struct probe_alloc *probe, const char *what, const void *ptr, size_t size,
                         size_t expected) {
  if (probe->broken++ < MAX_PRINTED)
    tap_note ("probe: %s: block %p, size %zu, expected %zu", what, ptr, size, expected);
}

static struct probe_block **bucket_of (struct probe_alloc *probe, const void *ptr) {
  uint64_t spread = (uint64_t) (uintptr_t) ptr * 0x9e3779b97f4a7c15u;
  return &probe->buckets[spread >> 32 & (PROBE_BUCKETS - 1)];
}

/* The link that points to the block PTR; the link is NULL if there is no such live block.  */
static struct probe_block **find_link (struct probe_alloc *probe, const void *ptr) {
  struct probe_block **link = bucket_of (probe, ptr);
  while (*link != NULL && (*link)->start != ptr) link = &(*link)->next;
  return link;
}

static int fence_is_whole (const unsigned char *fence) {
  for (int i = 0; i < FENCE; i++)
    if (fence[i] != FENCE_BYTE) return 0;
  return 1;
}

static void build_fences (struct probe_block *block) {
  memset (block->memory, FENCE_BYTE, FENCE);
  memset (block->start + block->size, FENCE_BYTE, FENCE);
}

/* Count damage once: the fences are rebuilt afterwards.  */
static void check_fences (struct probe_alloc *probe, struct probe_block *block) {
  if (!fence_is_whole (block->memory))
    note_broken (probe, "written before a block", block->start, block->size, block->size);
  if (!fence_is_whole (block->start + block->size))
    note_broken (probe, "written behind a block", block->start, block->size, block->size);
  build_fences (block);
}

static int must_fail (struct probe_alloc *probe) {
  probe->calls++;
  if (probe->fail_in < 0) return 0;
  if (probe->fail_in > 0) {
    probe->fail_in--;
    return 0;
  }
  if (!probe->fail_forever) probe->fail_in = -1;
  probe->failed++;
  return 1;
}

static struct probe_block *add_block (struct probe_alloc *probe, size_t size) {
  if (size > PTRDIFF_MAX - 2 * (size_t) FENCE) return NULL; /* valgrind reports such requests */
  struct probe_block *block = malloc (sizeof (*block));
  unsigned char *memory = malloc (size + 2 * (size_t) FENCE);
  if (block == NULL || memory == NULL) {
    free (block);
    free (memory);
    return NULL;
  }
  block->memory = memory;
  block->start = memory + FENCE;
  block->size = size;
  memset (block->start, FRESH_BYTE, size);
  build_fences (block);
  struct probe_block **bucket = bucket_of (probe, block->start);
  block->next = *bucket;
  *bucket = block;
  probe->live_blocks++;
  probe->live_bytes += size;
  if (probe->peak_bytes < probe->live_bytes) probe->peak_bytes = probe->live_bytes;
  return block;
}

static void remove_block (struct probe_alloc *probe, struct probe_block **link) {
  struct probe_block *block = *link;
  check_fences (probe, block);
  *link = block->next;
  probe->live_blocks--;
  probe->live_bytes -= block->size;
  memset (block->start, FREED_BYTE, block->size);
  free (block->memory);
  free (block);
}

static void *start_of (struct probe_block *block) {
  return block == NULL ? NULL : block->start;
}

/* The old block is removed after the new one is added, so their addresses always differ.  */
static void *move_block (struct probe_alloc *probe, void *ptr, size_t old_size, size_t new_size) {
  struct probe_block *old = *find_link (probe, ptr);
  if (ptr != NULL && old == NULL) {
    note_broken (probe, "realloc of something that is not a live block", ptr, old_size, 0);
    return NULL;
  }
  size_t size = old == NULL ? 0 : old->size;
  if (old_size != size) note_broken (probe, "realloc with a wrong size", ptr, old_size, size);
  if (must_fail (probe)) return NULL;
  struct probe_block *moved = add_block (probe, new_size);
  if (moved == NULL || old == NULL) return start_of (moved);
  memcpy (moved->start, old->start, size < new_size ? size : new_size);
  remove_block (probe, find_link (probe, ptr));
  return moved->start;
}

static void *probe_malloc (size_t size, void *user_data) {
  struct probe_alloc *probe = user_data;
  pthread_mutex_lock (&probe->lock);
  void *result = must_fail (probe) ? NULL : start_of (add_block (probe, size));
  pthread_mutex_unlock (&probe->lock);
  return result;
}

static void *probe_calloc (size_t num, size_t size, void *user_data) {
  if (size != 0 && num > SIZE_MAX / size) return NULL;
  void *result = probe_malloc (num * size, user_data);
  if (result != NULL) memset (result, 0, num * size);
  return result;
}

static void *probe_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct probe_alloc *probe = user_data;
  pthread_mutex_lock (&probe->lock);
  void *result = move_block (probe, ptr, old_size, new_size);
  pthread_mutex_unlock (&probe->lock);
  return result;
}

static void probe_free (void *ptr, void *user_data) {
  struct probe_alloc *probe = user_data;
  if (ptr == NULL) return;
  pthread_mutex_lock (&probe->lock);
  struct probe_block **link = find_link (probe, ptr);
  probe->frees++;
  if (*link == NULL)
    note_broken (probe, "free of something that is not a live block", ptr, 0, 0);
  else
    remove_block (probe, link);
  pthread_mutex_unlock (&probe->lock);
}

void probe_alloc_init (struct probe_alloc *probe) {
  memset (probe, 0, sizeof (*probe));
  probe->alloc.malloc = probe_malloc;
  probe->alloc.calloc = probe_calloc;
  probe->alloc.realloc = probe_realloc;
  probe->alloc.free = probe_free;
  probe->alloc.user_data = probe;
  probe->fail_in = -1;
  pthread_mutex_init (&probe->lock, NULL);
}

void probe_alloc_fail_after (struct probe_alloc *probe, long successes, int forever) {
  pthread_mutex_lock (&probe->lock);
  probe->fail_in = successes;
  probe->fail_forever = forever;
  pthread_mutex_unlock (&probe->lock);
}

size_t probe_alloc_check (struct probe_alloc *probe) {
  pthread_mutex_lock (&probe->lock);
  for (size_t i = 0; i < PROBE_BUCKETS; i++)
    for (struct probe_block *block = probe->buckets[i]; block != NULL; block = block->next)
      check_fences (probe, block);
  size_t broken = probe->broken;
  pthread_mutex_unlock (&probe->lock);
  return broken;
}

size_t probe_alloc_finish (struct probe_alloc *probe) {
  size_t leaked = probe->live_blocks;
  if (leaked != 0) tap_note ("probe: %zu blocks leaked, %zu bytes", leaked, probe->live_bytes);
  for (size_t i = 0; i < PROBE_BUCKETS; i++)
    while (probe->buckets[i] != NULL) remove_block (probe, &probe->buckets[i]);
  pthread_mutex_destroy (&probe->lock);
  return leaked + probe->broken;
}
