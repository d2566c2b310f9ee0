/* A C runtime for arm64ec, whose heap is the process heap, as that of Microsoft's is: exported
   behind fast-forward sequences, called by itself at once.  */

#include <stddef.h> /* size_t */

#define EXPORT __declspec (dllexport) __attribute__ ((noinline))
#define IMPORT __declspec (dllimport)

enum { ZERO = 8, IN_PLACE = 16 }; /* HEAP_ZERO_MEMORY, HEAP_REALLOC_IN_PLACE_ONLY */

IMPORT void *GetProcessHeap (void);
IMPORT void *HeapAlloc (void *heap, unsigned flags, size_t n);
IMPORT int HeapFree (void *heap, unsigned flags, void *block);
IMPORT void *HeapReAlloc (void *heap, unsigned flags, void *block, size_t n);
IMPORT size_t HeapSize (void *heap, unsigned flags, const void *block);

static void *heap; /* NULL until DllMain has run */
static int error_number;

int crt_entry (void *self, unsigned why, void *reserved) {
  (void) self;
  (void) reserved;
  if (why == 1) heap = GetProcessHeap ();
  return 1;
}

EXPORT void *_get_heap_handle (void) {
  return heap;
}
EXPORT int *_errno (void) {
  return &error_number;
}
EXPORT int _query_new_mode (void) {
  return 0;
}
EXPORT void *_malloc_base (size_t n) {
  return HeapAlloc (heap, 0, n != 0 ? n : 1);
}
EXPORT void *malloc (size_t n) {
  return _malloc_base (n);
}
EXPORT void *calloc (size_t count, size_t size) {
  return HeapAlloc (heap, ZERO, count * size);
}
EXPORT void *_realloc_base (void *block, size_t n) {
  return block != NULL ? HeapReAlloc (heap, 0, block, n) : _malloc_base (n);
}
EXPORT void *realloc (void *block, size_t n) {
  return _realloc_base (block, n);
}
EXPORT void _free_base (void *block) {
  if (block != NULL) HeapFree (heap, 0, block);
}
EXPORT void free (void *block) {
  _free_base (block);
}
EXPORT size_t _msize (void *block) {
  return HeapSize (heap, 0, block);
}
EXPORT void *_expand (void *block, size_t n) {
  return HeapReAlloc (heap, IN_PLACE, block, n);
}
EXPORT void *_recalloc (void *block, size_t count, size_t size) {
  return HeapReAlloc (heap, ZERO, block, count * size);
}

/* The block that is freed stands before the aligned one.  */
EXPORT void *_aligned_malloc (size_t n, size_t alignment) {
  char *block = malloc (n + alignment + sizeof (void *));
  if (block == NULL) return NULL;
  size_t end = (size_t) block + sizeof (void *) + alignment - 1;
  void **aligned = (void **) (end & ~(alignment - 1));
  aligned[-1] = block;
  return aligned;
}
EXPORT void _aligned_free (void *block) {
  if (block != NULL) free (((void **) block)[-1]);
}

/* A function of the C runtime that allocates.  */
EXPORT void *_strdup_like (size_t n) {
  return malloc (n);
}
