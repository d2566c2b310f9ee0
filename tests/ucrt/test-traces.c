/* The test calls at the take-over and of MIR_ucrt_check leave no trace in the heap of the program:
   its pages are compared as mimalloc sees them.  A flag that stays on a page makes every later free
   there slow.  */

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* As the DLL is built: the layout depends on it.  */
#define MI_BUILD_RELEASE 1
#define MI_DEBUG 0
#define MI_SECURE 0
#include <mimalloc.h>
#include <mimalloc/types.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

/* The test calls use blocks of 16 to 5200 bytes.  */
enum { STEP = 16, SIZES = 330, PER_SIZE = 3, PAGES_MAX = 400, THREADS = 4, CHECKS = 20 };

static struct {
  mi_theap_t *(*mi_theap_get_default) (void);
  mi_heap_t *(*mi_heap_main) (void);
  mi_heap_t *(*mi_heap_of) (const void *block);
  void (*mi_register_deferred_free) (mi_deferred_free_fun *function, void *argument);
} dll;

/* Set the pointer at FUNCTION to the DLL's function NAME.  */
static void find (const char *name, void *function) {
  FARPROC found = GetProcAddress (GetModuleHandleA (MIR_UCRT_DLL), name);
  memcpy (function, &found, sizeof (found));
}

static int find_all (void) {
  find ("mi_theap_get_default", &dll.mi_theap_get_default);
  find ("mi_heap_main", &dll.mi_heap_main);
  find ("mi_heap_of", &dll.mi_heap_of);
  find ("mi_register_deferred_free", &dll.mi_register_deferred_free);
  return dll.mi_theap_get_default != NULL && dll.mi_heap_main != NULL && dll.mi_heap_of != NULL
         && dll.mi_register_deferred_free != NULL;
}

/*---------------- What is compared -----------------------------*/

/* The pages of one thread, with all that mimalloc notes about each.  */
struct picture {
  size_t num;
  const mi_page_t *at[PAGES_MAX];
  unsigned char bytes[PAGES_MAX][sizeof (mi_page_t)];
};

static void take_again (struct picture *picture) {
  for (size_t i = 0; i < picture->num; i++)
    memcpy (picture->bytes[i], picture->at[i], sizeof (mi_page_t));
}

static void take (struct picture *picture, const mi_theap_t *theap) {
  picture->num = 0;
  for (size_t bin = 0; bin < MI_BIN_COUNT; bin++)
    for (const mi_page_t *page = theap->pages[bin].first; page != NULL; page = page->next)
      if (picture->num < PAGES_MAX) picture->at[picture->num++] = page;
  take_again (picture);
}

static size_t differing (const struct picture *a, const struct picture *b) {
  size_t num = a->num == b->num ? 0 : 1;
  for (size_t i = 0; i < a->num && i < b->num; i++)
    if (a->at[i] != b->at[i] || memcmp (a->bytes[i], b->bytes[i], sizeof (mi_page_t)) != 0) num++;
  return num;
}

static struct picture before, after; /* static: making a picture allocates nothing */
static unsigned char theap_before[sizeof (mi_theap_t)];

static size_t flagged (const mi_theap_t *theap) {
  size_t num = 0;
  take (&after, theap);
  for (size_t i = 0; i < after.num; i++) num += (after.at[i]->xthread_id & MI_PAGE_FLAG_MASK) != 0;
  return num;
}

static size_t abandoned (void) {
  size_t num = 0;
  for (size_t bin = 0; bin < MI_BIN_COUNT; bin++) num += dll.mi_heap_main ()->abandoned_count[bin];
  return num;
}

/*---------------- At the take-over -----------------------------*/

static size_t pages_at_first; /* of this thread, before anything is printed */

static void take_over_leaves_nothing (void) {
  const mi_theap_t *theap = dll.mi_theap_get_default ();
  REQUIRE (theap->heap == dll.mi_heap_main ()); /* the layout is right */
  size_t empty = 0, flags = flagged (theap);    /* fills AFTER */
  CHECK_INT (flags, 0);
  CHECK_INT (after.num, pages_at_first);
  if (getenv ("TEST_LATE") != NULL) CHECK_INT (pages_at_first, 0); /* nothing allocated yet */
  for (size_t i = 0; i < after.num; i++) empty += after.at[i]->used == 0;
  tap_note ("%u pages", (unsigned) after.num);
  CHECK_INT (empty, 0); /* pages stay for a while when they get empty */
  CHECK_INT (abandoned (), 0);
  CHECK (theap->tld->theaps == theap && theap->tnext == NULL);
}

/*---------------- In a running program -----------------------------*/

static void fill (void *blocks[SIZES][PER_SIZE]) {
  for (int i = 0; i < SIZES; i++)
    for (int j = 0; j < PER_SIZE; j++)
      if ((blocks[i][j] = malloc ((size_t) (i + 1) * STEP)) != NULL) *(int *) blocks[i][j] = i;
}

static void *ended[SIZES][PER_SIZE], *own[SIZES][PER_SIZE];

static DWORD WINAPI fill_and_end (void *unused) {
  (void) unused;
  fill (ended);
  take (&before, dll.mi_theap_get_default ());
  return 0;
}

/* The pages of a thread that has ended wait for another that needs one of their size: this one has
   none of its own yet in most sizes.  */
static void pages_of_an_ended_thread_stay (void) {
  HANDLE thread = CreateThread (NULL, 0, fill_and_end, NULL, 0, NULL);
  REQUIRE (thread != NULL);
  WaitForSingleObject (thread, INFINITE);
  CloseHandle (thread);
  take_again (&before);
  memcpy (&after, &before, sizeof (after));
  size_t waiting = abandoned ();
  CHECK (waiting > 20 && before.num < PAGES_MAX);
  CHECK_INT (fixture_check (), 0);
  CHECK_INT (abandoned (), waiting);
  take_again (&after);
  CHECK_INT (differing (&before, &after), 0);
}

/* With blocks of every size, some of them free again.  */
static void pages_of_this_thread_stay (void) {
  fill (own);
  for (int i = 0; i < SIZES; i += 2) free (own[i][1]);
  const mi_theap_t *theap = dll.mi_theap_get_default ();
  CHECK_INT (flagged (theap), 0);
  take (&before, theap);
  memcpy (theap_before, theap, sizeof (theap_before));
  CHECK_INT (fixture_check (), 0);
  CHECK_INT (fixture_check (), 0);
  CHECK (memcmp (theap_before, theap, sizeof (theap_before)) == 0);
  take (&after, theap);
  CHECK (before.num > 20 && before.num < PAGES_MAX);
  CHECK_INT (differing (&before, &after), 0);
}

/* The comparison sees what it looks for.  */
static void flag_of_an_aligned_block_is_seen (void) {
  void *blocks[2] = {_aligned_malloc (100, 256), _aligned_offset_malloc (100, 128, 32)};
  CHECK (flagged (dll.mi_theap_get_default ()) >= 1);
  for (int i = 0; i < 2; i++) _aligned_free (blocks[i]);
}

/*---------------- Beside others -----------------------------*/

static void *strays[1000];
static LONG strays_num;

/* What the program has mimalloc call now and then, also during the test calls.  */
static void allocate_too (bool force, unsigned long long heartbeat, void *unused) {
  (void) force;
  (void) heartbeat;
  (void) unused;
  LONG i = InterlockedIncrement (&strays_num) - 1;
  if (i >= 1000) return;
  strays[i] = malloc ((size_t) (i % 97) * 60 + 8);
  if (strays[i] != NULL) memset (strays[i], (int) i % 100, (size_t) (i % 97) * 60 + 8);
}

static void blocks_of_the_program_survive (void) {
  dll.mi_register_deferred_free (allocate_too, NULL);
  for (int i = 0; i < CHECKS; i++) CHECK_INT (fixture_check (), 0);
  dll.mi_register_deferred_free (NULL, NULL);
  LONG num = strays_num < 1000 ? strays_num : 1000;
  tap_note ("%d blocks", (int) num);
  CHECK (num >= 2);
  for (LONG i = 0; i < num; i++) {
    size_t size = (size_t) (i % 97) * 60 + 8, n = 0;
    const unsigned char *block = strays[i];
    REQUIRE (block != NULL);
    CHECK (dll.mi_heap_of (block) == dll.mi_heap_main ());
    while (n < size && block[n] == i % 100) n++;
    CHECK_INT (n, size);
    CHECK_INT (_msize (strays[i]), size);
  }
  for (LONG i = 0; i < num; i++) free (strays[i]);
}

static volatile LONG wrong;

static DWORD WINAPI check_often (void *unused) {
  (void) unused;
  void *block = malloc (100);
  const mi_theap_t *theap = dll.mi_theap_get_default ();
  size_t pages = theap->page_count;
  for (int i = 0; i < CHECKS; i++) {
    if (fixture_check () != 0) InterlockedIncrement (&wrong);
    if (theap->page_count != pages) InterlockedIncrement (&wrong);
  }
  free (block);
  return 0;
}

static void threads_check_at_once (void) {
  HANDLE threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    threads[i] = CreateThread (NULL, 0, check_often, NULL, 0, NULL);
    REQUIRE (threads[i] != NULL);
  }
  WaitForMultipleObjects (THREADS, threads, TRUE, INFINITE);
  for (int i = 0; i < THREADS; i++) CloseHandle (threads[i]);
  CHECK_INT (wrong, 0);
}

static void blocks_are_as_before (void) {
  size_t num = 0;
  for (int i = 0; i < SIZES; i++)
    for (int j = 0; j < PER_SIZE; j++) {
      num += ended[i][j] == NULL || *(int *) ended[i][j] != i;
      free (ended[i][j]);
      if (j == 1 && i % 2 == 0) continue; /* already free */
      num += own[i][j] == NULL || *(int *) own[i][j] != i;
      free (own[i][j]);
    }
  CHECK_INT (num, 0);
}

int main (void) {
  if (fixture_load_late () != 0 || !find_all ()) return 1;
  pages_at_first = dll.mi_theap_get_default ()->page_count;
  TEST_RUN (take_over_leaves_nothing);
  TEST_RUN (pages_of_an_ended_thread_stay);
  TEST_RUN (pages_of_this_thread_stay);
  TEST_RUN (flag_of_an_aligned_block_is_seen);
  TEST_RUN (blocks_of_the_program_survive);
  TEST_RUN (threads_check_at_once);
  TEST_RUN (blocks_are_as_before);
  return tap_done ();
}
