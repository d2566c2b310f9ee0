/* The task "embed": an allocator of the embedder's own, which counts, over libc's.  */
#include <mir.h>

#include <stdatomic.h>
#include <stdlib.h>

#include "support/tap.h"

static atomic_size_t live; /* callbacks are called by every thread that uses the context */

static void *count_malloc (size_t size, void *user_data) {
  void *block = malloc (size != 0 ? size : 1);
  (void) user_data;
  if (block != NULL) live++;
  return block; /* NULL is the only sign of failure */
}

static void *count_calloc (size_t num, size_t size, void *user_data) {
  void *block = calloc (num != 0 ? num : 1, size != 0 ? size : 1);
  (void) user_data;
  if (block != NULL) live++;
  return block;
}

static void *count_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) user_data;
  if (ptr == NULL) return count_malloc (new_size, user_data);
  void *block = realloc (ptr, new_size != 0 ? new_size : 1);
  return block == NULL && new_size <= old_size ? ptr : block; /* a shrink does not fail */
}

static void count_free (void *ptr, void *user_data) {
  (void) user_data;
  if (ptr != NULL) live--;
  free (ptr);
}

/* It must outlive the contexts that use it.  */
static struct MIR_alloc counting = {count_malloc, count_calloc, count_realloc, count_free, NULL};

static void a_context_gives_all_back (void) {
  MIR_context_t ctx = MIR_init2 (&counting, NULL); /* NULL: the default code memory */
  REQUIRE (ctx != NULL);
  CHECK (live > 0);
  MIR_finish (ctx);
  CHECK_INT (live, 0);
}

int main (void) {
  TEST_RUN (a_context_gives_all_back);
  return tap_done ();
}
