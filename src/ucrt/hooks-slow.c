/* The slow halves of the plain functions, part of the module of hooks.h; the aligned ones are in
   hooks-aligned.c.  */

#include "ucrt/hooks-slow.h"

#include <errno.h>
#include <string.h>
#include <mimalloc.h>

#include "ucrt/block-size.h"
#include "ucrt/foreign-heap.h"
#include "ucrt/hooks.h"
#include "ucrt/status-section.h"

/* A foreign block of N bytes, zeroed if ZERO; NULL on failure, with errno as it was.  */
static void *allocate_foreign (struct ucrt_crt *crt, size_t n, int zero) {
  if (n == 0) n = 1;
  void *block = ucrt_foreign_realloc (crt, NULL, n);
  return block != NULL && zero ? memset (block, 0, n) : block;
}

/* Allocate N bytes of ours, or a foreign block where this thread must not own ours.  NULL on
   failure; neither the new handler nor errno is touched.  The system's error code is kept, as with
   the UCRT: a program may allocate before it looks at that.  */
static void *allocate (struct ucrt_crt *crt, size_t n, int zero) {
  if (n > UCRT_MAX_REQUEST) return NULL;
  if (ucrt_thread_has_ended) return allocate_foreign (crt, n, zero);
  uint32_t *last_error = ucrt_last_error (), error = *last_error;
  size_t usable;
  void *block = ucrt_heap_malloc (ucrt_request (n), zero, &usable);
  *last_error = error;
  if (block != NULL) ucrt_write_size (block, usable, n);
  return block;
}

/* Ask the new handler only if memory is short, not if the request can never be met; a debug CRT asks
   in any case.  */
static void *allocate_or_ask (struct ucrt_crt *crt, size_t n, int zero) {
  void *block;
  if (n > UCRT_MAX_REQUEST && !crt->is_debug) {
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  while ((block = allocate (crt, n, zero)) == NULL)
    if (!ucrt_call_new_handler (crt, n)) return NULL;
  return block;
}

void *ucrt_malloc (struct ucrt_crt *crt, size_t n) {
  return allocate_or_ask (crt, n, 0);
}

void *ucrt_calloc (struct ucrt_crt *crt, size_t count, size_t size) {
  size_t total;
  if (!ucrt_multiply (count, size, &total)) {
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  return allocate_or_ask (crt, total, 1);
}

void ucrt_free_foreign (struct ucrt_crt *crt, void *block) {
  if (block != NULL) ucrt_foreign_free (crt, block);
}

/* Resize BLOCK, of ours, to N > 0 bytes.  NULL on failure, with BLOCK unchanged.  */
static void *realloc_ours (struct ucrt_crt *crt, void *block, size_t n) {
  size_t usable = mi_usable_size (block);
  if (ucrt_fits (usable, n)) {
    ucrt_write_size (block, usable, n);
    return block;
  }
  void *moved = ucrt_hooks_malloc (crt, n);
  if (moved == NULL) return NULL;
  memcpy (moved, block, usable < n ? usable : n);
  ucrt_free_ours (block);
  return moved;
}

/* Move the foreign BLOCK to N > 0 bytes of ours.  NULL with errno on failure, with BLOCK
   unchanged.  */
static void *realloc_foreign (struct ucrt_crt *crt, void *block, size_t n) {
  size_t old = ucrt_foreign_size (crt, block);
  if (old == (size_t) -1) { /* unknown to the heap; the UCRT would say so too */
    ucrt_set_errno (crt, EINVAL);
    return NULL;
  }
  void *moved = allocate_or_ask (crt, n, 0);
  if (moved == NULL) return NULL;
  memcpy (moved, block, old < n ? old : n);
  ucrt_foreign_free (crt, block);
  ucrt_count_migrated (old);
  return moved;
}

void *ucrt_realloc (struct ucrt_crt *crt, void *block, size_t n) {
  if (block == NULL) return ucrt_malloc (crt, n);
  int ours = ucrt_is_ours (block);
  if (n == 0) {
    if (ours)
      ucrt_free_ours (block);
    else
      ucrt_foreign_free (crt, block);
    return NULL;
  }
  if (n > UCRT_MAX_REQUEST) {
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  return ours ? realloc_ours (crt, block, n) : realloc_foreign (crt, block, n);
}

/* The CRT's internal blocks stay on its own heap: it sizes and frees them there with functions that
   cannot be reached.  */
void *ucrt_realloc_base (struct ucrt_crt *crt, void *block, size_t n) {
  if (block != NULL && (n == 0 || ucrt_is_ours (block))) return ucrt_realloc (crt, block, n);
  void *result = NULL;
  if (n > UCRT_MAX_REQUEST) {
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  while ((result = ucrt_foreign_realloc (crt, block, n != 0 ? n : 1)) == NULL)
    if (!ucrt_call_new_handler (crt, n)) return NULL;
  return result;
}

size_t ucrt_msize (struct ucrt_crt *crt, void *block) {
  if (block == NULL) {
    ucrt_invalid_parameter (crt);
    return (size_t) -1;
  }
  if (!ucrt_is_ours (block)) return ucrt_foreign_size (crt, block);
  size_t usable = mi_usable_size (block);
  size_t size = ucrt_read_size (block, usable);
  return size != 0 || crt->is_debug ? size : 1; /* the UCRT allocates at least one byte */
}

void *ucrt_recalloc (struct ucrt_crt *crt, void *block, size_t count, size_t size) {
  size_t total, old = 0;
  if (!ucrt_multiply (count, size, &total)) {
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  if (block == NULL) return allocate_or_ask (crt, total, 1);
  if (total != 0 && (old = ucrt_msize (crt, block)) == (size_t) -1) {
    ucrt_set_errno (crt, EINVAL);
    return NULL;
  }
  uint8_t *result = ucrt_realloc (crt, block, total);
  if (result != NULL && total > old) memset (result + old, 0, total - old);
  return result;
}

/* The largest block of the low-fragmentation heap, which never shrinks a block in place; the UCRT
   reports success all the same.  */
#define LFH_MAX_SIZE 0x4000

/* Resize the foreign BLOCK to N > 0 bytes where it is.  NULL with errno: it cannot be.  */
static void *expand_foreign (struct ucrt_crt *crt, void *block, size_t n) {
  size_t old = ucrt_foreign_size (crt, block);
  if (old == (size_t) -1) {
    ucrt_set_errno (crt, EINVAL);
    return NULL;
  }
  if (n > old) { /* the caller then reallocates, which moves the block to our heap */
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  void *same = old <= LFH_MAX_SIZE ? block : ucrt_foreign_resize (crt, block, n);
  if (same != NULL) __atomic_fetch_add (&ucrt_counters ()->kept, 1, __ATOMIC_RELAXED);
  return same;
}

void *ucrt_expand (struct ucrt_crt *crt, void *block, size_t n) {
  if (block == NULL) {
    ucrt_invalid_parameter (crt);
    return NULL;
  }
  if (n > UCRT_MAX_REQUEST) {
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  if (!ucrt_is_ours (block)) return expand_foreign (crt, block, n != 0 ? n : 1);
  size_t usable = mi_usable_size (block);
  if (n + MIR_UCRT_EXACT_SIZE > usable) {
    ucrt_set_errno (crt, ENOMEM);
    return NULL;
  }
  ucrt_write_size (block, usable, n);
  return block;
}

int ucrt_heapmin (struct ucrt_crt *crt) {
  mi_collect (1);
  return ucrt_foreign_compact (crt);
}
