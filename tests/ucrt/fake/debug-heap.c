/* The blocks of a debug C runtime: its base functions, its debug functions, and the plain ones in
   front of these.  */

#include "debug-crt.h"

#include <string.h> /* memset, memcpy */

enum { HEADER = sizeof (struct fake_header) };
_Static_assert (HEADER % (2 * sizeof (void *)) == 0, "blocks are aligned");

static int is_filled (const uint8_t *bytes, int with, size_t n) {
  while (n != 0 && *bytes == with) {
    bytes++;
    n--;
  }
  return n == 0;
}

/*---------------- The base heap -----------------------------*/

EXPORT void *_malloc_base (size_t n) {
  return HeapAlloc (fake_heap.handle, 0, n != 0 ? n : 1);
}

EXPORT void *_calloc_base (size_t count, size_t size) {
  return HeapAlloc (fake_heap.handle, HEAP_ZERO_MEMORY, count * size != 0 ? count * size : 1);
}

EXPORT void *_realloc_base (void *block, size_t n) {
  return block == NULL ? _malloc_base (n) : HeapReAlloc (fake_heap.handle, 0, block, n);
}

EXPORT void _free_base (void *block) {
  if (block != NULL && !HeapFree (fake_heap.handle, 0, block)) fake_heap.faults++;
}

EXPORT int _heapmin (void) {
  return HeapCompact (fake_heap.handle, 0) != 0 ? 0 : -1;
}

/*---------------- The list -----------------------------*/

static uint8_t *data_of (struct fake_header *header) {
  return (uint8_t *) header + HEADER;
}

int fake_is_intact (const struct fake_header *header) {
  const uint8_t *data = (const uint8_t *) header + HEADER;
  return is_filled (header->land, LAND, LAND_SIZE)
         && is_filled (data + header->size, LAND, LAND_SIZE);
}

struct fake_header *fake_header_of (const void *block) {
  for (struct fake_header *header = fake_heap.newest; header != NULL; header = header->next)
    if (data_of (header) == block) {
      if (!fake_is_intact (header)) fake_heap.faults++;
      return header;
    }
  fake_heap.faults++;
  return NULL;
}

static void link_in (struct fake_header *header) {
  header->prev = NULL;
  header->next = fake_heap.newest;
  if (header->next != NULL) header->next->prev = header;
  fake_heap.newest = header;
}

static void take_out (struct fake_header *header) {
  if (header->next != NULL) header->next->prev = header->prev;
  if (header->prev != NULL)
    header->prev->next = header->next;
  else
    fake_heap.newest = header->next;
}

static void count (size_t n) {
  fake_heap.total += n;
  fake_heap.now += n;
  if (fake_heap.now > fake_heap.most) fake_heap.most = fake_heap.now;
}

static int hook_says_no (int what, void *block, size_t n, int type, const char *file, int line) {
  return fake_heap.hook != NULL
         && !fake_heap.hook (what, block, n, type, fake_heap.next_number,
                             (const unsigned char *) file, line);
}

static int is_too_large (size_t n) {
  return n > (size_t) -0x20 - HEADER - LAND_SIZE;
}

static void *allocate (size_t n, int type, const char *file, int line) {
  if (hook_says_no (HOOK_ALLOC, NULL, n, type, file, line)) return NULL;
  struct fake_header *header = is_too_large (n) ? NULL : _malloc_base (HEADER + n + LAND_SIZE);
  if (header == NULL) return NULL;
  int ignored = (fake_heap.flags & ALLOC_MEM) == 0 && type != CRT_BLOCK;
  *header = (struct fake_header) {.file = file,
                                  .line = line,
                                  .type = ignored ? IGNORE_BLOCK : type,
                                  .size = n,
                                  .number = fake_heap.next_number++};
  memset (header->land, LAND, LAND_SIZE);
  memset (data_of (header), NEW, n);
  memset (data_of (header) + n, LAND, LAND_SIZE);
  link_in (header);
  count (n);
  return data_of (header);
}

/*---------------- Debug functions -----------------------------*/

EXPORT void *_malloc_dbg (size_t n, int type, const char *file, int line) {
  void *block;
  do {
    EnterCriticalSection (&fake_heap.lock);
    block = allocate (n, type, file, line);
    LeaveCriticalSection (&fake_heap.lock);
  } while (block == NULL && fake_heap.new_mode != 0 && _callnewh (n) != 0);
  if (block == NULL) *_errno () = FAKE_ENOMEM;
  return block;
}

EXPORT void *_calloc_dbg (size_t count_, size_t size, int type, const char *file, int line) {
  if (count_ != 0 && (size_t) -0x20 / count_ < size) {
    *_errno () = FAKE_ENOMEM;
    return NULL;
  }
  void *block = _malloc_dbg (count_ * size, type, file, line);
  if (block != NULL) memset (block, 0, count_ * size);
  return block;
}

static void free_listed (void *block) {
  struct fake_header *header = fake_header_of (block);
  if (header == NULL || hook_says_no (HOOK_FREE, block, 0, header->type, NULL, 0)) return;
  fake_heap.now -= header->size;
  memset (block, DEAD, header->size);
  if ((fake_heap.flags & DELAY_FREE) != 0) {
    header->type = FREE_BLOCK;
    return;
  }
  take_out (header);
  memset (header, DEAD, HEADER);
  _free_base (header);
}

EXPORT void _free_dbg (void *block, int type) {
  (void) type;
  if (block == NULL) return;
  EnterCriticalSection (&fake_heap.lock);
  free_listed (block);
  LeaveCriticalSection (&fake_heap.lock);
}

EXPORT size_t _msize_dbg (void *block, int type) {
  (void) type;
  if (block == NULL) {
    fake_invalid ();
    return (size_t) -1;
  }
  EnterCriticalSection (&fake_heap.lock);
  struct fake_header *header = fake_header_of (block);
  size_t size = header != NULL ? header->size : (size_t) -1;
  LeaveCriticalSection (&fake_heap.lock);
  return size;
}

EXPORT void *_realloc_dbg (void *block, size_t n, int type, const char *file, int line) {
  if (block == NULL) return _malloc_dbg (n, type, file, line);
  if (n == 0) {
    _free_dbg (block, type);
    return NULL;
  }
  if (hook_says_no (HOOK_REALLOC, block, n, type, file, line)) return NULL;
  if (is_too_large (n)) {
    *_errno () = FAKE_ENOMEM;
    return NULL;
  }
  size_t old = _msize_dbg (block, type);
  void *moved = old == (size_t) -1 ? NULL : _malloc_dbg (n, type, file, line);
  if (moved == NULL) return NULL;
  memcpy (moved, block, old < n ? old : n);
  _free_dbg (block, type);
  return moved;
}

EXPORT void *_recalloc_dbg (void *block, size_t count_, size_t size, int type, const char *file,
                            int line) {
  if (count_ != 0 && (size_t) -0x20 / count_ < size) {
    *_errno () = FAKE_ENOMEM;
    return NULL;
  }
  size_t old = block != NULL ? _msize_dbg (block, type) : 0, n = count_ * size;
  uint8_t *moved = _realloc_dbg (block, n, type, file, line);
  if (moved != NULL && n > old) memset (moved + old, 0, n - old);
  return moved;
}

EXPORT void *_expand_dbg (void *block, size_t n, int type, const char *file, int line) {
  (void) type;
  (void) file;
  (void) line;
  if (block == NULL) return fake_invalid ();
  EnterCriticalSection (&fake_heap.lock);
  struct fake_header *header = fake_header_of (block);
  int fits = header != NULL && n <= header->size;
  if (fits) {
    fake_heap.now -= header->size - n;
    header->size = n;
    memset ((uint8_t *) block + n, LAND, LAND_SIZE);
  }
  LeaveCriticalSection (&fake_heap.lock);
  if (!fits) *_errno () = FAKE_ENOMEM;
  return fits ? block : NULL;
}

/*---------------- Plain functions -----------------------------*/

EXPORT void *fake_malloc (size_t n) EXPORTED_AS ("malloc");
EXPORT void *fake_calloc (size_t count_, size_t size) EXPORTED_AS ("calloc");
EXPORT void *fake_realloc (void *block, size_t n) EXPORTED_AS ("realloc");
EXPORT void fake_free (void *block) EXPORTED_AS ("free");

void *fake_malloc (size_t n) {
  return _malloc_dbg (n, NORMAL_BLOCK, NULL, 0);
}

void *fake_calloc (size_t count_, size_t size) {
  return _calloc_dbg (count_, size, NORMAL_BLOCK, NULL, 0);
}

void *fake_realloc (void *block, size_t n) {
  return _realloc_dbg (block, n, NORMAL_BLOCK, NULL, 0);
}

void fake_free (void *block) {
  _free_dbg (block, NORMAL_BLOCK);
}

EXPORT size_t _msize (void *block) {
  return _msize_dbg (block, NORMAL_BLOCK);
}

EXPORT void *_expand (void *block, size_t n) {
  return _expand_dbg (block, n, NORMAL_BLOCK, NULL, 0);
}

EXPORT void *_recalloc (void *block, size_t count_, size_t size) {
  return _recalloc_dbg (block, count_, size, NORMAL_BLOCK, NULL, 0);
}
