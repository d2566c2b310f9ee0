/* Counts the calls of the C library's allocator: these definitions take the place of glibc's in the
   whole process, and pass everything on to it.  */
#define _GNU_SOURCE 1
#include "guests/record.h"

#include <errno.h>
#include <malloc.h> /* memalign */
#include <stdatomic.h>
#include <stdlib.h>

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t num, size_t size);
extern void *__libc_realloc (void *ptr, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);
extern void __libc_free (void *ptr);

static atomic_int is_on;
static atomic_ullong calls, bytes;

static void count (size_t size) {
  if (!atomic_load_explicit (&is_on, memory_order_relaxed)) return;
  atomic_fetch_add_explicit (&calls, 1, memory_order_relaxed);
  atomic_fetch_add_explicit (&bytes, size, memory_order_relaxed);
}

void around_set (int on) {
  if (on) {
    atomic_store (&calls, 0);
    atomic_store (&bytes, 0);
  }
  atomic_store (&is_on, on);
}

void around_get (uint64_t *calls_res, uint64_t *bytes_res) {
  *calls_res = atomic_load (&calls);
  *bytes_res = atomic_load (&bytes);
}

void *malloc (size_t size) {
  count (size);
  return __libc_malloc (size);
}

void *calloc (size_t num, size_t size) {
  count (num * size);
  return __libc_calloc (num, size);
}

void *realloc (void *ptr, size_t size) {
  count (size);
  return __libc_realloc (ptr, size);
}

void free (void *ptr) {
  __libc_free (ptr);
}

void *memalign (size_t alignment, size_t size) {
  count (size);
  return __libc_memalign (alignment, size);
}

void *aligned_alloc (size_t alignment, size_t size) {
  return memalign (alignment, size);
}

int posix_memalign (void **res, size_t alignment, size_t size) {
  if (alignment % sizeof (void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
    return EINVAL;
  void *ptr = memalign (alignment, size);
  if (ptr == NULL) return ENOMEM;
  *res = ptr;
  return 0;
}
