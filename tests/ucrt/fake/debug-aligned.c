/* The aligned blocks of a debug C runtime: [ block of the list: ... | base | 0xED ... | data ].  */

#include "debug-crt.h"

#include <string.h> /* memset, memcpy */

EXPORT void *_aligned_offset_malloc_dbg (size_t n, size_t alignment, size_t offset,
                                         const char *file, int line);
EXPORT void *_aligned_offset_realloc_dbg (void *block, size_t n, size_t alignment, size_t offset,
                                          const char *file, int line);
EXPORT void *_aligned_offset_recalloc_dbg (void *block, size_t count, size_t size, size_t alignment,
                                           size_t offset, const char *file, int line);
EXPORT size_t _aligned_msize_dbg (void *block, size_t alignment, size_t offset);
EXPORT void _aligned_free_dbg (void *block);

struct aligned {
  void *base;
  uint8_t land[sizeof (void *)];
};

static struct aligned *before (const void *block) {
  return (struct aligned *) ((uintptr_t) block & ~(uintptr_t) (sizeof (void *) - 1)) - 1;
}

/* How many bytes an aligned block needs besides its data.  */
static size_t more (size_t alignment, size_t offset) {
  if (alignment < sizeof (void *)) alignment = sizeof (void *);
  return sizeof (struct aligned) + alignment - 1 + ((0 - offset) & (sizeof (void *) - 1));
}

static int is_bad (size_t n, size_t alignment, size_t offset) {
  return alignment == 0 || (alignment & (alignment - 1)) != 0 || (offset != 0 && offset >= n);
}

EXPORT void *_aligned_offset_malloc_dbg (size_t n, size_t alignment, size_t offset,
                                         const char *file, int line) {
  if (is_bad (n, alignment, offset)) return fake_invalid ();
  uintptr_t base = 0;
  if (n < (size_t) -0x100 - alignment)
    base = (uintptr_t) _malloc_dbg (n + more (alignment, offset), NORMAL_BLOCK, file, line);
  if (base == 0) {
    *_errno () = FAKE_ENOMEM;
    return NULL;
  }
  if (alignment < sizeof (void *)) alignment = sizeof (void *);
  uintptr_t block = ((base + more (alignment, offset) + offset) & ~(alignment - 1)) - offset;
  struct aligned *own = before ((void *) block);
  own->base = (void *) base;
  memset (own->land, ALIGNED, sizeof (own->land));
  return (void *) block;
}

EXPORT void _aligned_free_dbg (void *block) {
  if (block == NULL) return;
  struct aligned *own = before (block);
  for (size_t i = 0; i < sizeof (own->land); i++)
    if (own->land[i] != ALIGNED) {
      fake_heap.faults++;
      return;
    }
  _free_dbg (own->base, NORMAL_BLOCK);
}

EXPORT size_t _aligned_msize_dbg (void *block, size_t alignment, size_t offset) {
  if (block == NULL) {
    fake_invalid ();
    return (size_t) -1;
  }
  return _msize_dbg (before (block)->base, NORMAL_BLOCK) - more (alignment, offset);
}

EXPORT void *_aligned_offset_realloc_dbg (void *block, size_t n, size_t alignment, size_t offset,
                                          const char *file, int line) {
  if (block == NULL) return _aligned_offset_malloc_dbg (n, alignment, offset, file, line);
  if (n == 0) {
    _aligned_free_dbg (block);
    return NULL;
  }
  void *base = before (block)->base;
  size_t old = _msize_dbg (base, NORMAL_BLOCK) - (size_t) ((uintptr_t) block - (uintptr_t) base);
  uint8_t *moved = _aligned_offset_malloc_dbg (n, alignment, offset, file, line);
  if (moved == NULL) return NULL;
  memcpy (moved, block, old < n ? old : n);
  _aligned_free_dbg (block);
  return moved;
}

EXPORT void *_aligned_offset_recalloc_dbg (void *block, size_t count, size_t size, size_t alignment,
                                           size_t offset, const char *file, int line) {
  if (count != 0 && (size_t) -0x20 / count < size) {
    *_errno () = FAKE_ENOMEM;
    return NULL;
  }
  size_t old = block != NULL ? _aligned_msize_dbg (block, alignment, offset) : 0, n = count * size;
  uint8_t *moved = _aligned_offset_realloc_dbg (block, n, alignment, offset, file, line);
  if (moved != NULL && n > old) memset (moved + old, 0, n - old);
  return moved;
}

EXPORT void *_aligned_malloc_dbg (size_t n, size_t alignment, const char *file, int line) {
  return _aligned_offset_malloc_dbg (n, alignment, 0, file, line);
}

EXPORT void *_aligned_realloc_dbg (void *block, size_t n, size_t alignment, const char *file,
                                   int line) {
  return _aligned_offset_realloc_dbg (block, n, alignment, 0, file, line);
}

EXPORT void *_aligned_recalloc_dbg (void *block, size_t count, size_t size, size_t alignment,
                                    const char *file, int line) {
  return _aligned_offset_recalloc_dbg (block, count, size, alignment, 0, file, line);
}

/*---------------- Plain functions -----------------------------*/

EXPORT void *_aligned_malloc (size_t n, size_t alignment) {
  return _aligned_offset_malloc_dbg (n, alignment, 0, NULL, 0);
}

EXPORT void *_aligned_realloc (void *block, size_t n, size_t alignment) {
  return _aligned_offset_realloc_dbg (block, n, alignment, 0, NULL, 0);
}

EXPORT void *_aligned_recalloc (void *block, size_t count, size_t size, size_t alignment) {
  return _aligned_offset_recalloc_dbg (block, count, size, alignment, 0, NULL, 0);
}

EXPORT size_t _aligned_msize (void *block, size_t alignment, size_t offset) {
  return _aligned_msize_dbg (block, alignment, offset);
}

EXPORT void _aligned_free (void *block) {
  _aligned_free_dbg (block);
}

EXPORT void *_aligned_offset_malloc (size_t n, size_t alignment, size_t offset) {
  return _aligned_offset_malloc_dbg (n, alignment, offset, NULL, 0);
}

EXPORT void *_aligned_offset_realloc (void *block, size_t n, size_t alignment, size_t offset) {
  return _aligned_offset_realloc_dbg (block, n, alignment, offset, NULL, 0);
}

EXPORT void *_aligned_offset_recalloc (void *block, size_t count, size_t size, size_t alignment,
                                       size_t offset) {
  return _aligned_offset_recalloc_dbg (block, count, size, alignment, offset, NULL, 0);
}
