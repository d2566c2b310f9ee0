/* A MIR_code_alloc of the user's that returns what is no range, or one that it has returned before:
   refused, and neither the code that is there nor the vtable's next range suffers.  */
#include "code/space-fixture.h"

#include <pthread.h>

/* The next results of mem_map: made by the probe, or by a function of the last good one.  */
static struct MIR_code_alloc vtable;
static void *(*bad_result) (size_t len);
static char *last_start;
static size_t last_len, bad_results, bad_unmaps, mapped_events;

static void *map (size_t len, void *user_data) {
  (void) user_data;
  if (bad_result != NULL) {
    bad_results++;
    return bad_result (len);
  }
  last_start = (char *) MIR_mem_map (&pages.alloc, len);
  last_len = len;
  return last_start;
}

/* Ranges of the probe go back to it; all others are only counted.  */
static int unmap (void *start, size_t len, void *user_data) {
  (void) user_data;
  if (bad_result == NULL) return MIR_mem_unmap (&pages.alloc, start, len);
  bad_unmaps++;
  return 0;
}

static int protect (void *start, size_t len, MIR_mem_protect_t prot, void *user_data) {
  (void) user_data;
  return MIR_mem_protect (&pages.alloc, start, len, prot);
}

static void count_mapped (void *user_data, uint8_t *start, size_t len) {
  (void) user_data;
  (void) start;
  (void) len;
  mapped_events++;
}

static void start_over_vtable (void) {
  static MIR_code_hooks_t hooks = {.size = sizeof (hooks), .mapped = count_mapped};
  set_defaults ();
  probe_code_alloc_init (&pages);
  vtable = (struct MIR_code_alloc) {map, unmap, protect, NULL};
  over_pages = 1;
  options.code_alloc = &vtable;
  options.hooks = &hooks;
  bad_result = NULL;
  bad_results = bad_unmaps = mapped_events = 0;
  start_with_options ();
}

enum { LARGE = 256 * 1024 }; /* bytes: more than a slab has left */

static void a_bad_range_is_refused (void *(*result) (size_t), int goes_back) {
  uint8_t *first, *second, *third;
  start_over_vtable ();
  REQUIRE (publish_long (1, 1000, &first) == MIR_CODE_OK);
  REQUIRE (publish_long (2, LARGE, &second) == MIR_CODE_OK);
  size_t mapped = stats ().mapped_bytes, events = mapped_events;
  bad_result = result;
  CHECK_INT (publish_long (3, LARGE, &third), MIR_CODE_MAP_REFUSED);
  CHECK (bad_results > 0);
  CHECK_INT (bad_unmaps, goes_back ? bad_results : 0);
  CHECK_INT (stats ().mapped_bytes, mapped);
  CHECK_INT (mapped_events, events);
  CHECK (mir_space_check (space));
  bad_result = NULL;
  CHECK_INT (publish_long (4, LARGE, &third), MIR_CODE_OK);
  CHECK_INT (code_call (first), 1);
  CHECK_INT (code_call (second), 2);
  CHECK_INT (code_call (third), 4);
  finish ();
}

static char *at (uintptr_t addr) {
  return (char *) addr;
}

/* A page of data.  */
static char *a_page (void) {
  static char bytes[2 * 64 * 1024];
  return bytes + (0 - (uintptr_t) bytes) % pages.page_size;
}

#define BAD_RANGE(NAME, RESULT, GOES_BACK)             \
  static void *result_##NAME (size_t len) {            \
    (void) len;                                        \
    return RESULT;                                     \
  }                                                    \
  static void NAME (void) {                            \
    a_bad_range_is_refused (result_##NAME, GOES_BACK); \
  }

BAD_RANGE (the_same_range_again, last_start, 0)
BAD_RANGE (the_end_of_a_range_again, last_start + last_len - pages.page_size, 0)
BAD_RANGE (a_range_around_another, last_start - pages.page_size, 0)
BAD_RANGE (a_range_that_ends_in_another, last_start + pages.page_size - len, 0)
BAD_RANGE (a_byte_of_a_range_again, last_start + last_len - 1, 0)
BAD_RANGE (a_range_off_a_page, a_page () + 16, 1)
BAD_RANGE (a_range_off_a_page_by_half, a_page () + pages.page_size / 2, 1)
BAD_RANGE (an_address_in_the_first_page, at (16), 1)
BAD_RANGE (a_negative_errno, at (0u - (uintptr_t) 12), 1)
BAD_RANGE (the_end_of_the_address_space, at (0u - (uintptr_t) len), 1)
BAD_RANGE (a_range_around_the_end, at (0u - (uintptr_t) pages.page_size), 1)

/* Only where addresses have 64 bits do systems have half of them.  */
static uintptr_t upper_half (void) {
  return ~(UINTPTR_MAX >> 1);
}
BAD_RANGE (the_upper_half, at (upper_half ()), 1)
BAD_RANGE (a_range_that_reaches_the_upper_half, at (upper_half () - pages.page_size), 1)

/*---------------- Two threads -----------------------------*/

enum { THREADS = 2 };
static pthread_mutex_t meeting = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_there = PTHREAD_COND_INITIALIZER;
static int waiting;
static char *one_range;

/* Both threads get the same range, when both have asked.  */
static void *map_for_both (size_t len, void *user_data) {
  (void) user_data;
  pthread_mutex_lock (&meeting);
  if (one_range == NULL) one_range = (char *) MIR_mem_map (&pages.alloc, len);
  if (++waiting == THREADS) pthread_cond_broadcast (&all_there);
  while (waiting < THREADS) pthread_cond_wait (&all_there, &meeting);
  pthread_mutex_unlock (&meeting);
  return one_range;
}

static void *publish_in_thread (void *user_data) {
  MIR_code_status_t *status = (MIR_code_status_t *) user_data;
  MIR_code_writer_t own;
  uint8_t bytes[CODE_LEN], *addr;
  code_returning (bytes, 7);
  *status = MIR_code_writer_create (space, &own);
  if (*status != MIR_CODE_OK) return NULL;
  *status = MIR_code_publish (own, bytes, CODE_LEN, NULL, &addr);
  if (*status == MIR_CODE_OK && code_call (addr) != 7) *status = MIR_CODE_NOT_OURS;
  MIR_code_writer_finish (own);
  return NULL;
}

static void one_range_for_two_threads_has_one_owner (void) {
  pthread_t threads[THREADS];
  MIR_code_status_t statuses[THREADS];
  int good = 0, refused = 0;
  start_over_vtable ();
  vtable.mem_map = map_for_both;
  one_range = NULL;
  waiting = 0;
  for (int i = 0; i < THREADS; i++)
    REQUIRE (pthread_create (&threads[i], NULL, publish_in_thread, &statuses[i]) == 0);
  for (int i = 0; i < THREADS; i++) {
    pthread_join (threads[i], NULL);
    good += statuses[i] == MIR_CODE_OK;
    refused += statuses[i] == MIR_CODE_MAP_REFUSED;
  }
  CHECK (good >= 1); /* the other may find room in the slab of the first */
  CHECK_INT (good + refused, THREADS);
  CHECK_INT (stats ().mappings, 1);
  CHECK_INT (stats ().mapped_bytes, pages.mapped_bytes);
  finish ();
}

int main (void) {
  TEST_RUN (the_same_range_again);
  TEST_RUN (the_end_of_a_range_again);
  TEST_RUN (a_range_around_another);
  TEST_RUN (a_range_that_ends_in_another);
  TEST_RUN (a_byte_of_a_range_again);
  TEST_RUN (a_range_off_a_page);
  TEST_RUN (a_range_off_a_page_by_half);
  TEST_RUN (an_address_in_the_first_page);
  TEST_RUN (a_negative_errno);
  TEST_RUN (the_end_of_the_address_space);
  TEST_RUN (a_range_around_the_end);
  if (sizeof (void *) == 8) {
    TEST_RUN (the_upper_half);
    TEST_RUN (a_range_that_reaches_the_upper_half);
  }
  TEST_RUN (one_range_for_two_threads_has_one_owner);
  return tap_done ();
}
