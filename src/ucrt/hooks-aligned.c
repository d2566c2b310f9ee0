/* The slow halves of the aligned functions, part of the module of hooks.h.  Blocks of ours are
   mimalloc's aligned blocks, which every function takes like any other; foreign blocks have the
   UCRT's header.  */

#include <errno.h>
#include <string.h>
#include <mimalloc.h>

#include "ucrt/block-size.h"
#include "ucrt/foreign-heap.h"
#include "ucrt/hooks.h"
#include "ucrt/hooks-slow.h"
#include "ucrt/status-section.h"

#define POINTER sizeof (void *) /* bytes */

/* ALIGNMENT, raised to at least a pointer's size; 0 after calling the invalid-parameter handler
   where the UCRT does.  */
static size_t checked_alignment (struct ucrt_crt *crt, size_t n, size_t alignment, size_t offset) {
  if (alignment == 0 || (alignment & (alignment - 1)) != 0 || (offset != 0 && offset >= n)) {
    ucrt_invalid_parameter (crt);
    return 0;
  }
  return alignment < POINTER ? POINTER : alignment;
}

/* The bytes that the UCRT adds to a request: the base's address, the gap up to the next multiple of
   a pointer's size, and what the alignment may need.  */
static size_t overhead (size_t alignment, size_t offset) {
  size_t gap = (0 - offset) & (POINTER - 1);
  return POINTER + gap + (alignment < POINTER ? POINTER : alignment) - 1;
}

/* Wine's own ucrtbase adds one byte more and has no gap.  Wine's DLLs name themselves behind the
   DOS header, where Microsoft's have a DOS program.  */
static size_t foreign_overhead (struct ucrt_crt *crt, size_t alignment, size_t offset) {
  static const char wine[] = "Wine builtin DLL";
  if (crt->base != NULL
      && memcmp (crt->base + sizeof (IMAGE_DOS_HEADER), wine, sizeof (wine) - 1) == 0)
    return overhead (alignment, 0) + 1;
  return overhead (alignment, offset);
}

/* The UCRT, like Wine, keeps the base, the address of the heap's block, in the word before the last
   multiple of a pointer's size at or below BLOCK.  */
static void *foreign_base (const void *block) {
  return *(void **) (((uintptr_t) block & ~(uintptr_t) (POINTER - 1)) - POINTER);
}

/* How many bytes BLOCK + OFFSET lies below the next multiple of ALIGNMENT; 0: it is one.  */
static size_t aligned_shift (const void *block, size_t alignment, size_t offset) {
  return (0 - ((uintptr_t) block + offset)) & (alignment - 1);
}

/* Our heap has no offsets with alignments above 2 MiB, 512 KiB on x86.  Such blocks come from the
   CRT's heap, with its header: they are foreign blocks from the start.  So are the blocks of a
   thread that has ended.  */
enum { ALWAYS_ALIGNED = 512 * 1024 };

/* A foreign block laid out as the UCRT does: [ ... | base | gap | block ].  NULL on failure.  */
static void *allocate_aligned_foreign (struct ucrt_crt *crt, size_t n, size_t alignment,
                                       size_t offset, int zero) {
  size_t gap = (0 - offset) & (POINTER - 1), whole = n + foreign_overhead (crt, alignment, offset);
  uintptr_t base = (uintptr_t) ucrt_foreign_realloc (crt, NULL, whole);
  if (base == 0) return NULL;
  uintptr_t block = ((base + POINTER + gap + alignment - 1 + offset) & ~(alignment - 1)) - offset;
  ((void **) (block - gap))[-1] = (void *) base;
  if (zero) memset ((void *) block, 0, n);
  return (void *) block;
}

/* Allocate as ucrt_aligned_malloc, with checked arguments.  NULL on failure; neither the new
   handler nor errno is touched.  */
static void *allocate_aligned (struct ucrt_crt *crt, size_t n, size_t alignment, size_t offset,
                               int zero) {
  size_t request = n + MIR_UCRT_EXACT_SIZE;
  offset &= alignment - 1;
  if (ucrt_thread_has_ended) return allocate_aligned_foreign (crt, n, alignment, offset, zero);
  uint32_t *last_error = ucrt_last_error (), error = *last_error; /* kept, as with the UCRT */
  void *block = ucrt_heap_aligned (request != 0 ? request : 1, alignment, offset, zero);
  *last_error = error;
  if (block == NULL && offset != 0 && alignment > ALWAYS_ALIGNED)
    return allocate_aligned_foreign (crt, n, alignment, offset, zero);
  if (block != NULL) ucrt_write_size (block, mi_usable_size (block), n);
  return block;
}

/* The same, asking the new handler if memory is short.  NULL with errno on failure.  */
static void *allocate_aligned_or_ask (struct ucrt_crt *crt, size_t n, size_t alignment,
                                      size_t offset, int zero) {
  void *block;
  size_t more = overhead (alignment, offset);
  if (n > UCRT_MAX_REQUEST - more) {
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  while ((block = allocate_aligned (crt, n, alignment, offset, zero)) == NULL)
    if (!ucrt_call_new_handler (crt, n + more)) return NULL;
  return block;
}

void *ucrt_aligned_malloc (struct ucrt_crt *crt, size_t n, size_t alignment, size_t offset) {
  alignment = checked_alignment (crt, n, alignment, offset);
  return alignment == 0 ? NULL : allocate_aligned_or_ask (crt, n, alignment, offset, 0);
}

void ucrt_aligned_free_foreign (struct ucrt_crt *crt, void *block) {
  ucrt_foreign_free (crt, foreign_base (block));
}

/* Free BLOCK, an aligned block; OURS: a block of ours.  */
static void free_any (struct ucrt_crt *crt, void *block, int ours) {
  if (ours)
    ucrt_free_ours (block);
  else
    ucrt_aligned_free_foreign (crt, block);
}

/* The bytes that may be read at BLOCK; (size_t) -1 for a foreign block with no heap block behind
   its header.  */
static size_t readable (struct ucrt_crt *crt, const void *block, int ours) {
  if (ours) return mi_usable_size (block);
  void *base = foreign_base (block);
  size_t before = (size_t) ((uintptr_t) block - (uintptr_t) base),
         size = ucrt_foreign_size (crt, base);
  return size == (size_t) -1 || before > size ? (size_t) -1 : size - before;
}

/* Give BLOCK N bytes at ALIGNMENT and OFFSET, which are checked; moved if necessary.  NULL on
   failure, with BLOCK unchanged.  */
static void *move_or_keep (struct ucrt_crt *crt, void *block, size_t n, size_t alignment,
                           size_t offset) {
  int ours = ucrt_is_ours (block);
  size_t room = readable (crt, block, ours), request = n + MIR_UCRT_EXACT_SIZE;
  if (room == (size_t) -1) {
    ucrt_set_errno (crt, EINVAL);
    return NULL;
  }
  if (ours && aligned_shift (block, alignment, offset) == 0 && request <= room
      && request >= room / 2) {
    ucrt_write_size (block, room, n);
    return block;
  }
  void *moved = allocate_aligned_or_ask (crt, n, alignment, offset, 0);
  if (moved == NULL) return NULL;
  memcpy (moved, block, room < n ? room : n);
  free_any (crt, block, ours);
  if (!ours) ucrt_count_migrated (room);
  return moved;
}

void *ucrt_aligned_realloc (struct ucrt_crt *crt, void *block, size_t n, size_t alignment,
                            size_t offset) {
  if (block == NULL) return ucrt_aligned_malloc (crt, n, alignment, offset);
  if (n == 0) {
    free_any (crt, block, ucrt_is_ours (block));
    return NULL;
  }
  alignment = checked_alignment (crt, n, alignment, offset);
  return alignment == 0 ? NULL : move_or_keep (crt, block, n, alignment, offset);
}

size_t ucrt_aligned_msize (struct ucrt_crt *crt, void *block, size_t alignment, size_t offset) {
  if (block == NULL) {
    ucrt_invalid_parameter (crt);
    return (size_t) -1;
  }
  if (ucrt_is_ours (block)) return ucrt_read_size (block, mi_usable_size (block));
  size_t size = ucrt_foreign_size (crt, foreign_base (block));
  return size == (size_t) -1 ? size : size - foreign_overhead (crt, alignment, offset);
}

void *ucrt_aligned_recalloc (struct ucrt_crt *crt, void *block, size_t count, size_t size,
                             size_t alignment, size_t offset) {
  size_t n, old = 0;
  if (!ucrt_multiply (count, size, &n)) {
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  if (block != NULL && n != 0) old = ucrt_aligned_msize (crt, block, alignment, offset);
  uint8_t *result = ucrt_aligned_realloc (crt, block, n, alignment, offset);
  if (result != NULL && n > old) memset (result + old, 0, n - old);
  return result;
}
