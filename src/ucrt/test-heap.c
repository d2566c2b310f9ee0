/* A heap for test calls alone, so that they leave no trace in the program's.

   In the program's heap aligned test calls would set a flag on pages (HAS_INTERIOR_POINTERS), which
   takes each later free there off the fast path.  mimalloc clears it when the page gets empty, but
   not when that happens again before the page is given up; and a page with the program's own blocks
   does not get empty.

   mi_heap_new would not do: it allocates the heap and its bitmaps of pages from the program's heap.
   Here the heap is on the stack.  Its pages are noted in the bitmaps of the program's heap, which
   each arena has inside (arena->pages_main); those of other heaps are made on demand.  What waits
   in an arena for a new owner is counted in each heap, so this heap finds nothing to take.  */

#include "ucrt/test-heap.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ucrt/hooks.h"
#include "ucrt/replace.h"
#include <mimalloc.h>
#include <mimalloc/internal.h>
#include <mimalloc/prim.h>

#include <bitmap.h> /* mimalloc's, which needs the others */

/* Of mimalloc's theap.c; no header has it.  */
void _mi_theap_init (mi_theap_t *theap, mi_heap_t *heap, mi_tld_t *tld);

struct test_heap {
  mi_heap_t heap;
  mi_theap_t theap;   /* this thread's part of HEAP, the only one */
  mi_theap_t *before; /* what the thread allocates from otherwise */
};

/* The number of entries in use of SUBPROC's list of arenas, some of which may be NULL.  */
static size_t arenas_num (mi_subproc_t *subproc) {
  return mi_atomic_load_acquire (&subproc->arena_count);
}

/* Ensure that there is an arena, by taking a slice and giving it back: one that is made for a page
   of the test heap would get bitmaps from the program's heap.  */
static void ensure_an_arena (const mi_theap_t *theap) {
  mi_memid_t memid;
  if (arenas_num (_mi_subproc ()) != 0) return;
  void *slice = _mi_arenas_alloc (mi_heap_main (), MI_ARENA_SLICE_SIZE, false, true, NULL,
                                  theap->tld->thread_seq, theap->tld->numa_node, &memid);
  if (slice != NULL) _mi_arenas_free (slice, MI_ARENA_SLICE_SIZE, memid);
}

/* Let HEAP note its pages where the program's heap does.  */
static void share_bitmaps (mi_heap_t *heap) {
  for (size_t i = 0; i < arenas_num (heap->subproc); i++) {
    mi_arena_t *arena = mi_atomic_load_ptr_acquire (mi_arena_t, &heap->subproc->arenas[i]);
    if (arena == NULL) continue;
    mi_atomic_store_ptr_release (mi_arena_pages_t, &heap->arena_pages[i], &arena->pages_main);
  }
}

/* Another thread had an arena made meanwhile: then mimalloc has allocated bitmaps for it.  */
static void free_bitmaps (mi_heap_t *heap) {
  for (size_t i = 0; i < arenas_num (heap->subproc); i++) {
    mi_arena_t *arena = mi_atomic_load_ptr_acquire (mi_arena_t, &heap->subproc->arenas[i]);
    mi_arena_pages_t *pages = mi_atomic_load_ptr_acquire (mi_arena_pages_t, &heap->arena_pages[i]);
    if (arena != NULL && pages != NULL && pages != &arena->pages_main) mi_free (pages);
  }
}

static void begin (struct test_heap *test) {
  mi_heap_t *heap = &test->heap;
  test->before = mi_theap_get_default ();
  ensure_an_arena (test->before);
  memset (heap, 0, sizeof (*heap));
  heap->subproc = _mi_subproc ();
  heap->numa_node = -1; /* any */
  mi_stats_header_init (&heap->stats);
  mi_lock_init (&heap->theaps_lock);
  mi_lock_init (&heap->os_abandoned_pages_lock);
  mi_lock_init (&heap->arena_pages_lock);
  share_bitmaps (heap);
  memset (&test->theap, 0, sizeof (test->theap));
  test->theap.memid = _mi_memid_create (MI_MEM_STATIC);
  _mi_theap_init (&test->theap, heap, test->before->tld);
  test->theap.allow_page_abandon = false; /* so that finish finds all pages */
  _mi_theap_default_set (&test->theap);
}

/* Make the program's heap the owner of PAGE, which is this thread's and in use.  */
static void give_to_program (mi_page_t *page) {
  mi_heap_t *heap = mi_heap_main ();
  page->heap = NULL; /* the program's */
  if (page->memid.memkind != MI_MEM_ARENA) return;
  mi_arena_t *arena = page->memid.mem.arena.arena;
  /* As mimalloc does when that heap first has a page in the arena.  */
  mi_atomic_store_ptr_release (mi_arena_pages_t, &heap->arena_pages[arena->arena_idx],
                               &arena->pages_main);
  mi_bitmap_set (arena->pages_main.pages, page->memid.mem.arena.slice_index);
}

static void finish (struct test_heap *test) {
  mi_theap_t *theap = &test->theap;
  _mi_theap_default_set (test->before);
  for (size_t bin = 0; bin < MI_BIN_COUNT; bin++) {
    mi_page_queue_t *queue = &theap->pages[bin];
    for (mi_page_t *page = queue->first, *next; page != NULL; page = next) {
      next = page->next;
      _mi_page_free_collect (page, true);
      if (!mi_page_all_free (page)) give_to_program (page);
      _mi_page_abandon (page, queue); /* frees it if it is empty */
    }
  }
  _mi_theap_free (theap, true, true);
  mi_subproc_stat_decrease (test->heap.subproc, theaps, 1); /* not done for static ones */
  _mi_stats_merge_into (&mi_heap_main ()->stats, &test->heap.stats);
  free_bitmaps (&test->heap);
}

void ucrt_in_test_heap (void (*work) (void *argument), void *argument) {
  struct test_heap test;
  if (ucrt_thread_has_ended) {
    work (argument);
    return;
  }
  begin (&test);
  work (argument);
  finish (&test);
}
