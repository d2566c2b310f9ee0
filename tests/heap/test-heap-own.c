/* Heaps of mimalloc.  */
#include "mir-heap.h"

#include <pthread.h>
#include <string.h>

#include "mir.h"
#include "support/conformance.h"
#include "support/tap.h"
#include SEEN_FILE

static MIR_heap_t heap;

/* Skips the test if this mimalloc has no such heaps.  */
static void create (void) {
  MIR_heap_status_t status = MIR_heap_create (&heap);
  if (status == MIR_HEAP_NOT_SUPPORTED) tap_skip ("this mimalloc has no heaps for threads");
  REQUIRE (status == MIR_HEAP_OK);
}

static void heap_conforms (void) {
  create ();
  conformance_run (&heap->alloc, CONFORM_ALL);
  MIR_heap_finish (heap);
}

static void *churn (void *arg) {
  size_t wrong = conformance_churn (&heap->alloc, (uintptr_t) &arg, tap_scaled (20000));
  void *left = MIR_malloc (&heap->alloc, 1000); /* still live when the thread and the heap end */
  return (void *) (wrong + (left == NULL));
}

static void any_thread_may_use_it (void) {
  pthread_t threads[4];
  create ();
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 4; i++) REQUIRE (pthread_create (&threads[i], NULL, churn, NULL) == 0);
    for (int i = 0; i < 4; i++) {
      void *wrong;
      pthread_join (threads[i], &wrong);
      CHECK_INT ((size_t) wrong, 0);
    }
  }
  MIR_heap_finish (heap);
}

static void *finish_here (void *arg) {
  MIR_heap_finish ((MIR_heap_t) arg);
  return NULL;
}

static void it_ends_in_another_thread (void) {
  pthread_t thread;
  create ();
  for (int i = 0; i < 1000; i++) CHECK (MIR_malloc (&heap->alloc, (size_t) i * 10) != NULL);
  REQUIRE (pthread_create (&thread, NULL, finish_here, heap) == 0);
  pthread_join (thread, NULL);
}

/* If each heap lost its blocks, 2 GB would be lost.  */
static void thousand_heaps_with_live_blocks_come_and_go (void) {
  for (size_t i = 0; i < tap_scaled (1000); i++) {
    create ();
    for (int j = 0; j < 200; j++) {
      void *block = MIR_malloc (&heap->alloc, 10000);
      REQUIRE (block != NULL);
      memset (block, 1, 10000);
    }
    MIR_heap_finish (heap);
  }
}

static void heaps_do_not_touch_each_other (void) {
  MIR_heap_t other;
  create ();
  REQUIRE (MIR_heap_create (&other) == MIR_HEAP_OK);
  char *kept = (char *) MIR_calloc (&heap->alloc, 1, 5000);
  REQUIRE (kept != NULL);
  for (int i = 0; i < 1000; i++) {
    char *block = (char *) MIR_malloc (&other->alloc, 5000);
    REQUIRE (block != NULL);
    memset (block, 0xff, 5000);
  }
  MIR_heap_finish (other);
  for (int i = 0; i < 5000; i++) CHECK (kept[i] == 0);
  MIR_heap_finish (heap);
}

static void a_context_runs_on_it (void) {
  create ();
  MIR_context_t ctx = MIR_init2 (&heap->alloc, NULL);
  REQUIRE (ctx != NULL);
  CHECK (MIR_get_alloc (ctx) == &heap->alloc);
  MIR_finish (ctx);
  MIR_heap_finish (heap);
}

static void checkers_see_the_end_of_its_blocks (void) {
  create ();
  if (!seen_is_checked ()) {
    MIR_heap_finish (heap);
    tap_skip ("no memory checker runs this");
  }
  char *small = (char *) MIR_calloc (&heap->alloc, 1, 40);
  char *large = (char *) MIR_calloc (&heap->alloc, 1, 100000);
  REQUIRE (small != NULL && large != NULL);
  CHECK (!seen_is_closed (small) && !seen_is_closed (large));
  MIR_heap_finish (heap);
  CHECK (seen_is_closed (small) && seen_is_closed (large));
}

int main (void) {
  TEST_RUN (heap_conforms);
  TEST_RUN (any_thread_may_use_it);
  TEST_RUN (it_ends_in_another_thread);
  TEST_RUN (thousand_heaps_with_live_blocks_come_and_go);
  TEST_RUN (heaps_do_not_touch_each_other);
  TEST_RUN (a_context_runs_on_it);
  TEST_RUN (checkers_see_the_end_of_its_blocks);
  return tap_done ();
}
