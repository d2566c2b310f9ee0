/* The heap: a mimalloc heap that is freed as a whole.  Any thread; lock-free.  */
#include "heap/heap.h"

#include <mimalloc.h>

#include "heap/annotate.h"
#include "heap/forks.h"
#include "heap/large.h"
#include "heap/supply.h"
#include "os/os.h"

struct heap {
  struct MIR_heap pub;
  mi_heap_t *heap; /* owned; has every block, but not this structure */
};

/* mimalloc aligns blocks of up to 8 bytes only to 8.  */
static size_t padded (size_t size) {
  return size < _Alignof (max_align_t) ? _Alignof (max_align_t) : size;
}

static void *heap_malloc (size_t size, void *user_data) {
  if (size > MIR_LARGE) mir_supply_make_room (size);
  return mi_heap_malloc (((struct heap *) user_data)->heap, padded (size));
}

static void *heap_calloc (size_t num, size_t size, void *user_data) {
  size_t len;
  if (mir_heap_overflows (num, size, &len)) return NULL;
  if (len > MIR_LARGE) mir_supply_make_room (len);
  return mi_heap_zalloc (((struct heap *) user_data)->heap, padded (len));
}

/* As the default heap's, in defaults.c.  */
static void *grow_large_in_heap (struct heap *heap, void *ptr, size_t new_size) {
  size_t usable = mi_usable_size (ptr);
  if (new_size <= usable) return mi_heap_realloc (heap->heap, ptr, new_size);
  void *res = mi_heap_malloc (heap->heap, new_size);
  if (res == NULL || mir_large_move (ptr, res, usable) != 0) return NULL;
  mi_free (ptr);
  return res;
}

/* mimalloc moves a block that shrinks by more than half, which may fail; then the block stays where
   it is.  */
static void *heap_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct heap *heap = (struct heap *) user_data;
  if (new_size > MIR_LARGE && new_size > old_size) mir_supply_make_room (new_size);
  if (mir_large_is_moved (old_size, new_size) && ptr != NULL)
    return grow_large_in_heap (heap, ptr, new_size);
  void *res = mi_heap_realloc (heap->heap, ptr, padded (new_size));
  return res == NULL && padded (new_size) <= mi_usable_size (ptr) ? ptr : res;
}

static void heap_free (void *ptr, void *user_data) {
  (void) user_data;
  mi_free (ptr);
}

static int watch_kept (void);

MIR_heap_status_t MIR_heap_create (MIR_heap_t *res) {
  if (MIR_MIMALLOC_IS_TRACKED && watch_kept () != 0) return MIR_HEAP_NO_MEMORY;
  mir_supply_prepare ();
  struct heap *heap = (struct heap *) mi_malloc (sizeof (*heap));
  if (heap == NULL) return MIR_HEAP_NO_MEMORY;
  heap->heap = mi_heap_new ();
  if (heap->heap == NULL) {
    mi_free (heap);
    return MIR_HEAP_NO_MEMORY;
  }
  heap->pub.alloc = MIR_HEAP_ALLOC (heap);
  *res = &heap->pub;
  return MIR_HEAP_OK;
}

/*---------------- Memory checkers -----------------------------*/

/* mimalloc can be built to tell a memory checker about its blocks, but it says nothing about blocks
   that end with their heap, and what it frees becomes accessible again, which hides later uses.  So
   this code closes the blocks of an ended heap, and keeps the last few ended heaps for a while.  */
enum { KEPT_HEAPS = 16 };

static mir_os_lock_t kept_lock = MIR_OS_LOCK_INITIALIZER; /* guards both of these: */
static mi_heap_t *kept_heaps[KEPT_HEAPS];                 /* a ring; the oldest at `oldest_kept` */
static int oldest_kept;

static int watch_kept (void) {
  static struct mir_watched watched;
  return mir_forks_watch_static (&watched, &kept_lock);
}

/* Called for each block of a heap that ends: close it.  */
static bool note_gone (const mi_heap_t *heap, const mi_heap_area_t *area, void *block, size_t size,
                       void *arg) {
  (void) heap, (void) area, (void) arg;
  if (block != NULL) mir_note_heap_gone (block, size);
  return true;
}

/* Keep HEAP, and return the heap to destroy in its place; NULL: none yet.  */
static mi_heap_t *close_and_keep (mi_heap_t *heap) {
  mi_heap_visit_blocks (heap, true, note_gone, NULL);
  mir_os_lock (&kept_lock);
  mi_heap_t *res = kept_heaps[oldest_kept];
  kept_heaps[oldest_kept] = heap;
  oldest_kept = (oldest_kept + 1) % KEPT_HEAPS;
  mir_os_unlock (&kept_lock);
  return res;
}

void MIR_heap_finish (MIR_heap_t pub) {
  struct heap *heap = (struct heap *) pub;
  if (heap == NULL) return;
  mi_heap_t *end = MIR_MIMALLOC_IS_TRACKED ? close_and_keep (heap->heap) : heap->heap;
  if (end != NULL) mi_heap_destroy (end);
  mi_free (heap);
}
