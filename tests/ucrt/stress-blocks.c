/* Blocks of every kind, and one random step on a block.  */

#include "ucrt/stress-blocks.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* The headers of mingw 10 lack it.  */
__declspec (dllimport) size_t __cdecl _aligned_msize (void *, size_t, size_t);

uint64_t stress_random (uint64_t *state) {
  uint64_t x = *state; /* xorshift64: Marsaglia, "Xorshift RNGs", 2003 */
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

static size_t random_size (uint64_t *state) {
  uint64_t r = stress_random (state);
  switch (r % 64) {
    case 0:
      return r / 64 % 200000;
    case 1:
    case 2:
    case 3:
      return r / 64 % 20000;
    default:
      return r / 64 % 600;
  }
}

static unsigned char byte_at (const struct stress_block *block, size_t i) {
  return (unsigned char) (1 + (block->seed + i * 7) % 251); /* never 0, for strings */
}

static void fill (struct stress_block *block, size_t from) {
  for (size_t i = from; i < block->size; i++) block->p[i] = byte_at (block, i);
}

/* Whether the first SIZE bytes are intact.  */
static int is_whole (const struct stress_block *block, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (block->p[i] != byte_at (block, i)) return 0;
  return 1;
}

static int is_zero (const unsigned char *p, size_t from, size_t to) {
  for (size_t i = from; i < to; i++)
    if (p[i] != 0) return 0;
  return 1;
}

static void *duplicate (struct stress_block *block) {
  char text[601];
  block->size %= 600;
  for (size_t i = 0; i < block->size; i++) text[i] = (char) byte_at (block, i);
  text[block->size] = 0;
  char *p = _strdup (text);
  block->size++;
  if (p != NULL) p[block->size - 1] = (char) byte_at (block, block->size - 1);
  return p;
}

static void *duplicate_wide (struct stress_block *block) {
  wchar_t text[301];
  size_t n = block->size % 300;
  for (size_t i = 0; i < n; i++)
    text[i] = (wchar_t) (byte_at (block, 2 * i) | byte_at (block, 2 * i + 1) << 8);
  text[n] = 0;
  unsigned char *p = (unsigned char *) _wcsdup (text);
  block->size = (n + 1) * sizeof (wchar_t);
  for (size_t i = 2 * n; p != NULL && i < block->size; i++) p[i] = byte_at (block, i);
  return p;
}

int stress_make (struct stress_block *block, uint64_t *state) {
  uint64_t r = stress_random (state);
  block->reach = 0;
  block->kind = (enum stress_kind) (r % STRESS_KINDS);
  block->seed = (unsigned char) (r >> 8);
  block->size = random_size (state);
  block->alignment = (size_t) 1 << (r >> 16) % 10;
  block->offset = block->size == 0 ? 0 : (r >> 32) % block->size;
  switch (block->kind) {
    case STRESS_MALLOC:
      block->p = malloc (block->size);
      break;
    case STRESS_CALLOC:
      block->p = calloc (1, block->size);
      break;
    case STRESS_STRDUP:
      block->p = duplicate (block);
      break;
    case STRESS_WCSDUP:
      block->p = duplicate_wide (block);
      break;
    case STRESS_ALIGNED:
      block->offset = 0;
      block->p = _aligned_malloc (block->size, block->alignment);
      break;
    default:
      block->p = _aligned_offset_malloc (block->size, block->alignment, block->offset);
      break;
  }
  if (block->p == NULL) return -1;
  if (block->kind == STRESS_CALLOC && !is_zero (block->p, 0, block->size)) return -1;
  if (block->kind != STRESS_STRDUP && block->kind != STRESS_WCSDUP) fill (block, 0);
  return 0;
}

static int is_aligned_kind (const struct stress_block *block) {
  return block->kind == STRESS_ALIGNED || block->kind == STRESS_OFFSET;
}

void stress_free (struct stress_block *block) {
  if (is_aligned_kind (block))
    _aligned_free (block->p);
  else
    free (block->p);
  block->p = NULL;
}

/* P is the result of reallocating BLOCK to SIZE bytes.  */
static const char *replace (struct stress_block *block, void *p, size_t size, int zeroed) {
  if (p == NULL) return "a reallocation gave NULL";
  size_t old = block->size, kept = old < size ? old : size;
  size_t zero_from = kept > block->reach ? kept : block->reach;
  block->p = p;
  block->size = size;
  block->reach = 0;
  if (!is_whole (block, kept)) return "a reallocation lost the contents";
  if (zeroed && !is_zero (block->p, zero_from, size))
    return "_recalloc left something which is not zero";
  if (is_aligned_kind (block) && ((uintptr_t) p + block->offset) % block->alignment != 0)
    return "a reallocation lost the alignment";
  fill (block, kept);
  return NULL;
}

static const char *step_plain (struct stress_block *block, uint64_t *state, uint64_t r) {
  size_t size = random_size (state) + 1; /* 0 would free it */
  void *p = block->p;
  switch (r % 4) {
    case 0:
      return replace (block, realloc (p, size), size, 0);
    case 1:
      block->reach = _msize (p);
      return replace (block, _recalloc (p, 1, size), size, 1);
    case 2: {
      void *q = _expand (p, size);
      if (q == NULL) return NULL;
      return q != p ? "_expand moved a block" : replace (block, q, size, 0);
    }
    default:
      return _msize (p) < block->size ? "_msize is too small" : NULL;
  }
}

static const char *step_aligned (struct stress_block *block, uint64_t *state, uint64_t r,
                                 int aligned_recalloc) {
  size_t size = random_size (state) + 1, alignment = block->alignment, offset = block->offset;
  void *p = block->p;
  if (offset != 0 && offset >= size) size = offset + 1;
  if (r % 3 == 0 && aligned_recalloc) {
    block->reach = _aligned_msize (p, alignment, offset);
    return replace (block, _aligned_offset_recalloc (p, 1, size, alignment, offset), size, 1);
  }
  if (r % 3 == 1 && _aligned_msize (p, alignment, offset) < block->size)
    return "_aligned_msize is too small";
  return replace (block, _aligned_offset_realloc (p, size, alignment, offset), size, 0);
}

const char *stress_step (struct stress_block *block, uint64_t *state, int aligned_recalloc) {
  uint64_t r = stress_random (state);
  block->steps++;
  if (!is_whole (block, block->size)) return "a block changed";
  if (r % 4 == 0) {
    stress_free (block);
    return stress_make (block, state) == 0 ? NULL : "no memory, or calloc did not zero it";
  }
  return is_aligned_kind (block) ? step_aligned (block, state, r / 4, aligned_recalloc)
                                 : step_plain (block, state, r / 4);
}

const char *stress_move (struct stress_block *block) {
  size_t size = block->size + 1;
  if (!is_whole (block, block->size)) return "a block changed";
  if (!is_aligned_kind (block)) return replace (block, realloc (block->p, size), size, 0);
  return replace (block, _aligned_offset_realloc (block->p, size, block->alignment, block->offset),
                  size, 0);
}
