/* The out-of-memory allocator: asks the embedder before it lets a call fail.  Any thread, if the
   allocator below and the function allow it; the structure never changes.  */
#include "heap/heap.h"

struct oom {
  struct MIR_oom pub;
  MIR_alloc_t below;
  MIR_oom_func_t func; /* never NULL; called with USER_DATA */
  void *user_data;
};

/* Whether to try again.  The embedder's function may leave by longjmp, so nothing here is half
   done.  For size 0 the function is not called, because an allocator below may return NULL for it
   on success.  */
static int ask_embedder (struct oom *oom, size_t size, unsigned *attempt) {
  return size != 0 && oom->func (oom->user_data, size, ++*attempt) != 0;
}

static void *oom_malloc (size_t size, void *user_data) {
  struct oom *oom = (struct oom *) user_data;
  unsigned attempt = 0;
  void *res;
  do {
    res = MIR_malloc (oom->below, size);
  } while (res == NULL && ask_embedder (oom, size, &attempt));
  return res;
}

/* No memory can satisfy a product that overflows, so the embedder is not asked.  */
static void *oom_calloc (size_t num, size_t size, void *user_data) {
  struct oom *oom = (struct oom *) user_data;
  unsigned attempt = 0;
  size_t len;
  void *res;
  if (mir_heap_overflows (num, size, &len)) return NULL;
  do {
    res = MIR_calloc (oom->below, num, size);
  } while (res == NULL && ask_embedder (oom, len, &attempt));
  return res;
}

static void *oom_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct oom *oom = (struct oom *) user_data;
  unsigned attempt = 0;
  void *res;
  do {
    res = MIR_realloc (oom->below, ptr, old_size, new_size);
  } while (res == NULL && ask_embedder (oom, new_size, &attempt));
  return res;
}

static void oom_free (void *ptr, void *user_data) {
  MIR_free (((struct oom *) user_data)->below, ptr);
}

MIR_heap_status_t MIR_oom_create (MIR_alloc_t below, MIR_oom_func_t func, void *user_data,
                                  MIR_oom_t *res) {
  if (func == NULL) return MIR_HEAP_BAD_OPTION;
  struct oom *oom = (struct oom *) mir_heap_new (&below, sizeof (*oom));
  if (oom == NULL) return MIR_HEAP_NO_MEMORY;
  oom->pub.alloc = MIR_HEAP_ALLOC (oom);
  oom->below = below;
  oom->func = func;
  oom->user_data = user_data;
  *res = &oom->pub;
  return MIR_HEAP_OK;
}

void MIR_oom_finish (MIR_oom_t pub) {
  struct oom *oom = (struct oom *) pub;
  if (oom != NULL) MIR_free (oom->below, oom);
}
