/* The heap, and the first instructions of each hook. mimalloc's source is in this unit, so malloc
   and free are its own instructions, inline.  The rest of each hook is in hooks-slow.c and
   hooks-aligned.c.

   Ownership: mimalloc's map of pages is committed as a whole, so any address of user space can be
   looked up in it, and mi_free must look there anyway.  */

#include "ucrt/hooks.h"

#include <stdint.h>

#include "ucrt/block-size.h"
#include "ucrt/hooks-slow.h"
#include "ucrt/locks.h"
#include "ucrt/status-section.h"
#include "ucrt/replace.h"
#include "static.c"

#define LIKELY(x) __builtin_expect (!!(x), 1)
#define UNLIKELY(x) __builtin_expect (!!(x), 0)

/*---------------- The heap -----------------------------*/

/* Whether all of mimalloc's map of pages is committed, so that any address can be looked up.  */
#if MI_PAGE_MAP_FLAT
static int page_map_is_complete (void) {
  return _mi_page_map != NULL && mi_page_map_commit == NULL;
}
#else
static int page_map_is_complete (void) {
  return _mi_page_map != NULL && mi_atomic_load_relaxed (&mi_page_map_commit) == ~(mi_bfield_t) 0;
}
#endif

int ucrt_heap_init (void) {
  mi_option_set (mi_option_pagemap_commit, 1);
  _mi_auto_process_init ();
  return page_map_is_complete () ? 0 : -1;
}

_Thread_local int ucrt_thread_has_ended;

void ucrt_heap_thread_done (void) {
  _mi_thread_done (NULL);
  ucrt_thread_has_ended = 1;
}

int ucrt_is_ours (const void *block) {
  return _mi_checked_ptr_page (block) != NULL;
}

size_t ucrt_used_beside (const void *block) {
  const mi_page_t *page = _mi_checked_ptr_page (block);
  return page != NULL ? page->used : 0; /* NULL: freeing the last block has freed the page */
}

/* mimalloc has no offsets with an alignment above MI_PAGE_MAX_OVERALLOC_ALIGN.  For those, place
   the block inside an aligned one and mark the page, so that mimalloc looks for the beginning of a
   block.  Its map of pages covers the first MI_LARGE_PAGE_SIZE bytes of a block.  */
static void *aligned_inside (size_t n, size_t alignment, size_t offset, int zero) {
  size_t before = alignment - offset;
  if (alignment > MI_LARGE_PAGE_SIZE / 2 || n > MI_MAX_ALLOC_SIZE - before) return NULL;
  uint8_t *block =
      zero ? mi_zalloc_aligned (before + n, alignment) : mi_malloc_aligned (before + n, alignment);
  if (block == NULL) return NULL;
  mi_page_set_has_interior_pointers (_mi_ptr_page (block), true);
  return block + before;
}

void *ucrt_heap_aligned (size_t n, size_t alignment, size_t offset, int zero) {
  if (offset != 0 && alignment > MI_PAGE_MAX_OVERALLOC_ALIGN)
    return aligned_inside (n, alignment, offset, zero);
  return zero          ? mi_zalloc_aligned_at (n, alignment, offset)
         : offset == 0 ? mi_malloc_aligned (n, alignment)
                       : mi_malloc_aligned_at (n, alignment, offset);
}

/* The functions that mimalloc expects from its redirection DLL, whose place this DLL takes.  */
bool _mi_is_redirected (void) {
  return ucrt_status.state == MIR_UCRT_ACTIVE;
}

bool _mi_allocator_init (const char **message) {
  *message = NULL;
  return true;
}

void _mi_allocator_done (void) {}

/*---------------- The first instructions of each function -----------------------------*/

/* Up to this size the slack always fits into a byte: there are four size classes to each power of
   two, so the last two are MI_SMALL_SIZE_MAX / 8 apart.  */
#define SMALL_MAX (MI_SMALL_SIZE_MAX - 2 * sizeof (void *))
_Static_assert (MI_SMALL_SIZE_MAX / 8 + 4 * sizeof (void *) < UCRT_LONG_SLACK,
                "the slack of small blocks");

/* The thread's heap if N bytes are a small block, else NULL.  */
static inline mi_theap_t *small_heap (size_t n) {
  mi_theap_t *theap = _mi_theap_default ();
  return LIKELY (n <= SMALL_MAX) ? theap : NULL;
}

/* Take BLOCK, the first of the free list, from PAGE, which this thread owns.  */
static inline void take_block (mi_page_t *page, mi_block_t *block) {
  page->free = mi_block_next (page, block);
  page->used++;
}

/* Note in BLOCK, a small one, that N bytes were asked for (block-size.h).  */
static inline void write_small_size (mi_page_t *page, mi_block_t *block, size_t n) {
  if (!MIR_UCRT_EXACT_SIZE) return;
  size_t size = mi_page_usable_block_size (page);
  ((uint8_t *) block)[size - 1] = (uint8_t) (size - n);
}

/* malloc of CRT: a small block from this thread's own page, without a lock; else the slow half.  */
static inline void *malloc_in (struct ucrt_crt *crt, size_t n) {
  mi_theap_t *theap = small_heap (n);
  if (LIKELY (theap != NULL)) {
    mi_page_t *page = _mi_theap_get_free_small_page (theap, ucrt_request (n));
    mi_block_t *block = page->free;
    if (LIKELY (block != NULL)) {
      take_block (page, block);
      block->next = 0; /* hide the free list from the user */
      write_small_size (page, block, n);
      return block;
    }
  }
  return ucrt_malloc (crt, n);
}

/* Zero BLOCK, taken for N bytes, and note its size.  Rare: most new pages are zero.  */
static mi_decl_noinline void *clear_block (mi_page_t *page, mi_block_t *block, size_t n) {
  _mi_memzero_aligned (block, mi_page_usable_block_size (page));
  write_small_size (page, block, n);
  return block;
}

/* The product of two numbers below HALF cannot overflow.  */
#define HALF ((size_t) 1 << (sizeof (size_t) * 4))

/* calloc of CRT, as malloc_in; N may have overflowed until the factors are checked.  */
static inline void *calloc_in (struct ucrt_crt *crt, size_t count, size_t size) {
  size_t n = count * size;
  mi_theap_t *theap = LIKELY ((count | size) < HALF) ? small_heap (n) : NULL;
  if (LIKELY (theap != NULL)) {
    mi_page_t *page = _mi_theap_get_free_small_page (theap, ucrt_request (n));
    mi_block_t *block = page->free;
    if (LIKELY (block != NULL)) {
      take_block (page, block);
      if (!page->free_is_zero) return clear_block (page, block, n);
      block->next = 0;
      write_small_size (page, block, n);
      return block;
    }
  }
  return ucrt_calloc (crt, count, size);
}

/* Free a block on a page of another thread, on an abandoned page, or on one in a special state.  At
   the end of the process give nothing back to pages of others: a killed thread may have been
   changing them.  */
static mi_decl_noinline void free_carefully (mi_page_t *page, void *block) {
  if (mi_page_thread_id (page) != _mi_thread_id () && ucrt_is_alone ()) return;
  mi_free_ex (block, NULL, page);
}

/* free of CRT; CRT may be NULL if BLOCK is of ours.  mi_page_xthread_id is the owner's ID with the
   page's flags in its low bits: it equals this thread's ID only for a page of this thread without
   flags.  */
static inline void free_in (struct ucrt_crt *crt, void *block) {
  mi_page_t *page = _mi_checked_ptr_page (block);
  if (UNLIKELY (page == NULL))
    ucrt_free_foreign (crt, block);
  else if (LIKELY ((_mi_prim_thread_id () ^ mi_page_xthread_id (page)) == 0))
    mi_free_block_local (page, block, false, false, false);
  else
    free_carefully (page, block);
}

void ucrt_free_ours (void *block) {
  free_in (NULL, block);
}

/* _aligned_free of CRT: only foreign blocks differ, by their header.  */
static inline void aligned_free_in (struct ucrt_crt *crt, void *block) {
  if (UNLIKELY (block != NULL && !ucrt_is_ours (block)))
    ucrt_aligned_free_foreign (crt, block);
  else
    free_in (crt, block);
}

/*---------------- The table of hooks, for each CRT -----------------------------*/

/* All functions that are taken over, as X (NAME, FLAGS), in the order of ucrt_hooks.  There each is
   followed by its twin _o_NAME.  */
#define HOOKED(X)                                \
  X (malloc, UCRT_HOOK_REQUIRED)                 \
  X (calloc, UCRT_HOOK_REQUIRED)                 \
  X (realloc, UCRT_HOOK_REQUIRED)                \
  X (free, UCRT_HOOK_REQUIRED)                   \
  X (_msize, UCRT_HOOK_REQUIRED)                 \
  X (_expand, 0)                                 \
  X (_recalloc, 0)                               \
  X (_free_base, 0)                              \
  X (_realloc_base, 0)                           \
  X (_heapmin, 0)                                \
  X (_aligned_malloc, UCRT_HOOK_ALIGNED)         \
  X (_aligned_realloc, UCRT_HOOK_ALIGNED)        \
  X (_aligned_recalloc, UCRT_HOOK_ALIGNED)       \
  X (_aligned_msize, UCRT_HOOK_ALIGNED)          \
  X (_aligned_free, UCRT_HOOK_ALIGNED)           \
  X (_aligned_offset_malloc, UCRT_HOOK_ALIGNED)  \
  X (_aligned_offset_realloc, UCRT_HOOK_ALIGNED) \
  X (_aligned_offset_recalloc, UCRT_HOOK_ALIGNED)

#define INDEX(name, flags) AT_##name, AT_o_##name,
enum { HOOKED (INDEX) HOOKS_NUM };
_Static_assert (HOOKS_NUM <= MIR_UCRT_FUNCTIONS_MAX / MIR_UCRT_CRTS_MAX, "room in the status");

/* Count a call of the function HOOK of CRT, both indices, in the status.  */
static inline void count (unsigned crt, unsigned hook) {
  __atomic_fetch_add (&ucrt_status.functions[crt * HOOKS_NUM + hook].calls, 1, __ATOMIC_RELAXED);
}

#define CRT 0
#include "ucrt/hooks-one-crt.h"
#define CRT 1
#include "ucrt/hooks-one-crt.h"
#define CRT 2
#include "ucrt/hooks-one-crt.h"
#define CRT 3
#include "ucrt/hooks-one-crt.h"

void *ucrt_hooks_malloc (size_t n) {
  return malloc_in (&ucrt_crts[0], n);
}

/*---------------- By name -----------------------------*/

#define CODE(function) (void *) (uintptr_t) function
#define FOUR(name) {CODE (name##_0), CODE (name##_1), CODE (name##_2), CODE (name##_3)}
#define ROW(name_, hook_, counting_, flags_) \
  {.name = name_, .hook = hook_, .counting = counting_, .flags = flags_},
#define ENTRY(name, flags)                                     \
  ROW (#name, FOUR (hook_##name), FOUR (count_##name), flags)  \
  ROW ("_o_" #name, FOUR (hook_##name), FOUR (count_o_##name), \
       (flags) & (unsigned) UCRT_HOOK_ALIGNED)

const struct ucrt_hook ucrt_hooks[] = {HOOKED (ENTRY)};
const unsigned ucrt_hooks_num = HOOKS_NUM;
