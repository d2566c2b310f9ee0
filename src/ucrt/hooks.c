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

int ucrt_is_begin_of_ours (const void *block) {
  const mi_page_t *page = _mi_checked_ptr_page (block);
  if (page == NULL) return 0;
  size_t offset = (size_t) ((uintptr_t) block - (uintptr_t) mi_page_start (page));
  if (offset / mi_page_block_size (page) >= page->reserved) return 0; /* mimalloc's own data */
  return offset % mi_page_block_size (page) == 0 || mi_page_has_interior_pointers (page);
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

void *ucrt_heap_malloc (size_t n, int zero, size_t *usable) {
  return _mi_malloc_generic (_mi_theap_default (), n, zero != 0, usable);
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
#define SMALL_MAX (MI_SMALL_SIZE_MAX - MIR_UCRT_EXACT_SIZE)
_Static_assert (MI_SMALL_SIZE_MAX / 8 + 4 * sizeof (void *) < UCRT_LONG_SLACK,
                "the slack of small blocks");

/* Up to this size mimalloc leaves a full page where it is.  */
#define MEDIUM_MAX (MI_SMALL_MAX_OBJ_SIZE - UCRT_STEP)

/* The thread's heap if N bytes are a small block, else NULL.  */
static inline mi_theap_t *small_heap (size_t n) {
  mi_theap_t *theap = _mi_theap_default ();
  return LIKELY (n <= SMALL_MAX) ? theap : NULL;
}

/* The page of THEAP for a small block of N bytes, which may have none that is free.  Its place in
   the table is ucrt_request (N) in words, in fewer instructions.  */
static inline mi_page_t *small_page (mi_theap_t *theap, size_t n) {
  return theap->pages_free_direct[ucrt_last_byte (n) / UCRT_STEP * 2 + 2];
}

/* Take BLOCK, the first of the free list, from PAGE, which this thread owns.  Have the CPU fetch
   what the next call for this size reads and writes, both ends of the block behind it: a block that
   has been free for long is in no near cache.  Fetching from no address is harmless.  */
static inline void take_block (mi_page_t *page, mi_block_t *block) {
  mi_block_t *next = mi_block_next (page, block);
  page->free = next;
  page->used++;
  __builtin_prefetch (next, 1);
  if (MIR_UCRT_EXACT_SIZE)
    __builtin_prefetch ((uint8_t *) next + mi_page_usable_block_size (page) - 1, 1);
}

/* Note in BLOCK, a small one, that N bytes were asked for (block-size.h).  */
static inline void write_small_size (mi_page_t *page, mi_block_t *block, size_t n) {
  if (!MIR_UCRT_EXACT_SIZE) return;
  size_t size = mi_page_usable_block_size (page);
  ((uint8_t *) block)[size - 1] = (uint8_t) (size - n);
}

/* malloc of CRT for what is no small block, or has no page with a free one: a medium block from the
   first of this thread's pages for its size; else the slow half.  */
static mi_decl_noinline void *malloc_medium (struct ucrt_crt *crt, size_t n) {
  mi_theap_t *theap = _mi_theap_default ();
  if (LIKELY (n > SMALL_MAX && n <= MEDIUM_MAX && theap != NULL)) {
    mi_page_t *page = mi_page_queue (theap, ucrt_request (n))->first;
    mi_block_t *block = page != NULL ? page->free : NULL;
    if (LIKELY (block != NULL)) {
      take_block (page, block);
      block->next = 0;
      ucrt_write_size (block, mi_page_usable_block_size (page), n);
      return block;
    }
  }
  return ucrt_malloc (crt, n);
}

/* malloc of CRT: a small block from this thread's own page, without a lock.  */
static inline void *malloc_in (struct ucrt_crt *crt, size_t n) {
  mi_theap_t *theap = small_heap (n);
  if (LIKELY (theap != NULL)) {
    mi_page_t *page = small_page (theap, n);
    mi_block_t *block = page->free;
    if (LIKELY (block != NULL)) {
      take_block (page, block);
      block->next = 0; /* hide the free list from the user */
      write_small_size (page, block, n);
      return block;
    }
  }
  return malloc_medium (crt, n);
}

/* realloc of CRT: what fits stays where it is.  */
static inline void *realloc_in (struct ucrt_crt *crt, void *block, size_t n) {
  mi_page_t *page = _mi_checked_ptr_page (block);
  if (LIKELY (page != NULL && n != 0 && !mi_page_has_interior_pointers (page))) {
    size_t usable = mi_page_usable_block_size (page);
    if (ucrt_fits (usable, n)) {
      ucrt_write_size (block, usable, n);
      return block;
    }
  }
  return ucrt_realloc (crt, block, n);
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
    mi_page_t *page = small_page (theap, n);
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

/* Free a block on a page of another thread or on an abandoned page.  At the end of the process give
   nothing back to pages of others: a killed thread may have been changing them.  */
static mi_decl_noinline void free_of_other (mi_page_t *page, void *block) {
  if (!ucrt_is_alone ()) mi_free_ex (block, NULL, page);
}

/* free of CRT; CRT may be NULL if BLOCK is of ours.  mi_page_xthread_id is the owner's ID with the
   page's flags in its low bits: it equals this thread's ID only for a page of this thread without
   flags.  */
static inline void free_in (struct ucrt_crt *crt, void *block) {
  mi_page_t *page = _mi_checked_ptr_page (block);
  if (UNLIKELY (page == NULL)) {
    ucrt_free_foreign (crt, block);
    return;
  }
  mi_threadid_t differs = _mi_prim_thread_id () ^ mi_page_xthread_id (page);
  if (LIKELY (differs == 0))
    mi_free_block_local (page, block, false, false, false);
  else if (differs <= MI_PAGE_FLAG_MASK)
    mi_free_generic_local (page, block);
  else
    free_of_other (page, block);
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

/* All functions that are taken over, as X (NAME, FLAGS, DEBUG_NAME), in the order of ucrt_hooks.
   There each is followed by its twin _o_NAME, in whose place a debug CRT has DEBUG_NAME.  A debug
   CRT's twins are left alone: they call the function.  */
#define HOOKED(X)                                                               \
  X (malloc, UCRT_HOOK_REQUIRED, "_malloc_dbg")                                 \
  X (calloc, UCRT_HOOK_REQUIRED, "_calloc_dbg")                                 \
  X (realloc, UCRT_HOOK_REQUIRED, "_realloc_dbg")                               \
  X (free, UCRT_HOOK_REQUIRED, "_free_dbg")                                     \
  X (_msize, UCRT_HOOK_REQUIRED, "_msize_dbg")                                  \
  X (_expand, 0, "_expand_dbg")                                                 \
  X (_recalloc, 0, "_recalloc_dbg")                                             \
  X (_free_base, 0, NULL)                                                       \
  X (_realloc_base, 0, NULL)                                                    \
  X (_heapmin, 0, NULL)                                                         \
  X (_aligned_malloc, UCRT_HOOK_ALIGNED, "_aligned_malloc_dbg")                 \
  X (_aligned_realloc, UCRT_HOOK_ALIGNED, "_aligned_realloc_dbg")               \
  X (_aligned_recalloc, UCRT_HOOK_ALIGNED, "_aligned_recalloc_dbg")             \
  X (_aligned_msize, UCRT_HOOK_ALIGNED, "_aligned_msize_dbg")                   \
  X (_aligned_free, UCRT_HOOK_ALIGNED, "_aligned_free_dbg")                     \
  X (_aligned_offset_malloc, UCRT_HOOK_ALIGNED, "_aligned_offset_malloc_dbg")   \
  X (_aligned_offset_realloc, UCRT_HOOK_ALIGNED, "_aligned_offset_realloc_dbg") \
  X (_aligned_offset_recalloc, UCRT_HOOK_ALIGNED, "_aligned_offset_recalloc_dbg")

/* The functions that only a debug CRT has.  */
#define DEBUG_HOOKED(X)      \
  X (_CrtIsValidHeapPointer) \
  X (_CrtIsMemoryBlock)      \
  X (_CrtReportBlockType)    \
  X (_CrtSetDbgBlockType)

#define INDEX(name, flags, debug_name) AT_##name, AT_o_##name,
#define DEBUG_INDEX(name) AT_##name,
enum { HOOKED (INDEX) DEBUG_HOOKED (DEBUG_INDEX) HOOKS_NUM };
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

void *ucrt_hooks_malloc (struct ucrt_crt *crt, size_t n) {
  return malloc_in (crt, n);
}

/*---------------- By name -----------------------------*/

#define CODE(function) (void *) (uintptr_t) function
#define FOUR(name) {CODE (name##_0), CODE (name##_1), CODE (name##_2), CODE (name##_3)}
#define ROW(name_, hook_, counting_, flags_, debug_name_) \
  {.name = name_, .hook = hook_, .counting = counting_, .flags = flags_, .debug_name = debug_name_},
#define ENTRY(name, flags, debug_name_)                             \
  ROW (#name, FOUR (hook_##name), FOUR (count_##name), flags, NULL) \
  ROW ("_o_" #name, FOUR (hook_##name), FOUR (count_o_##name),      \
       (flags) & (unsigned) UCRT_HOOK_ALIGNED, debug_name_)
#define DEBUG_ENTRY(name_) ROW (NULL, FOUR (hook_##name_), FOUR (count_##name_), 0, #name_)

const struct ucrt_hook ucrt_hooks[] = {HOOKED (ENTRY) DEBUG_HOOKED (DEBUG_ENTRY)};
const unsigned ucrt_hooks_num = HOOKS_NUM;
