/* Contexts made with options: each option is the space's, bad ones are refused, and nothing is left of a
   context that could not be created.  */
#include "mir.h"

#include <string.h>

#include "mir-heap.h"
#include "support/error-trap.h"
#include "support/machine-code.h"
#include "support/probe-alloc.h"
#include "support/probe-code-alloc.h"
#include "support/tap.h"

static struct probe_alloc data;
static struct probe_code_alloc pages;
static MIR_context_options_t options;
static MIR_code_options_t code_options;
static MIR_context_t ctx;
static const uint8_t zeros[1024 * 1024]; /* code that nobody runs */

/* The options of the next start: those of a context and of its code, all defaults but the allocator.  */
static void set_defaults (void) {
  probe_alloc_init (&data);
  memset (&options, 0, sizeof (options));
  options.size = sizeof (options);
  options.alloc = &data.alloc;
  options.code = &code_options;
  memset (&code_options, 0, sizeof (code_options));
  code_options.size = sizeof (code_options);
}

static void start (void) {
  MIR_code_status_t status = MIR_init_with (&options, &ctx);
  if (status == MIR_CODE_NO_BACKEND) tap_skip ("%s", MIR_code_status_text (status));
  CHECK_STR (MIR_code_status_text (status), MIR_code_status_text (MIR_CODE_OK));
  REQUIRE (status == MIR_CODE_OK);
  MIR_set_error_func (ctx, error_trap_func);
  error_trap_count = 0;
}

static void finish (void) {
  MIR_finish (ctx);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

static uint8_t *publish_returning (unsigned value) {
  uint8_t code[CODE_LEN];
  code_returning (code, value);
  return _MIR_publish_code (ctx, code, CODE_LEN);
}

static MIR_code_stats_t stats (void) {
  MIR_code_stats_t res = {.size = sizeof (res)};
  CHECK_INT (MIR_code_get_stats (MIR_get_code_space (ctx), &res), MIR_CODE_OK);
  return res;
}

/*---------------- Options that work -----------------------------*/

static void no_options_are_those_of_MIR_init (void) {
  REQUIRE (MIR_init_with (NULL, &ctx) == MIR_CODE_OK);
  CHECK_PTR (MIR_get_alloc (ctx), MIR_default_alloc ());
  CHECK_PTR (MIR_get_code_alloc (ctx), MIR_default_code_alloc ());
  CHECK_INT (code_call (publish_returning (5)), 5);
  MIR_finish (ctx);
}

static void a_context_keeps_the_given_allocators (void) {
  set_defaults ();
  probe_code_alloc_init (&pages);
  options.code = NULL;
  options.code_alloc = &pages.alloc;
  start ();
  CHECK_PTR (MIR_get_alloc (ctx), &data.alloc);
  CHECK_PTR (MIR_get_code_alloc (ctx), &pages.alloc);
  CHECK (pages.mapped_bytes > 0);
  CHECK_INT (code_call (publish_returning (6)), 6);
  finish ();
  CHECK_INT (probe_code_alloc_finish (&pages), 0);
}

static void an_older_version_of_the_options_is_read (void) {
  set_defaults ();
  options.size = offsetof (MIR_context_options_t, code_alloc);
  options.code_alloc = &pages.alloc; /* behind the end of the older version */
  options.code = (const MIR_code_options_t *) &data;
  start ();
  CHECK_PTR (MIR_get_alloc (ctx), &data.alloc);
  CHECK_PTR (MIR_get_code_alloc (ctx), MIR_default_code_alloc ());
  finish ();
}

static void an_older_version_of_the_code_options_is_read (void) {
  set_defaults ();
  code_options.size = offsetof (MIR_code_options_t, hooks);
  code_options.hooks = (const MIR_code_hooks_t *) &data;
  start ();
  CHECK_INT (code_call (publish_returning (7)), 7);
  finish ();
}

static int mapped_num, published_num, freed_num;

static void on_mapped (void *user_data, uint8_t *addr, size_t len) {
  CHECK_PTR (user_data, &mapped_num);
  CHECK (addr != NULL && len > 0);
  mapped_num++;
}

static void on_published (void *user_data, const MIR_code_event_t *events, size_t num) {
  (void) user_data;
  published_num += (int) num;
  CHECK (events->start != NULL && events->name == NULL);
}

static void on_freed (void *user_data, const MIR_code_event_t *event) {
  (void) user_data;
  CHECK (event->start != NULL);
  freed_num++;
}

static void hooks_are_told_of_everything (void) {
  MIR_code_hooks_t hooks = {.size = sizeof (hooks),
                            .mapped = on_mapped,
                            .published = on_published,
                            .freed = on_freed,
                            .user_data = &mapped_num};
  mapped_num = published_num = freed_num = 0;
  set_defaults ();
  code_options.hooks = &hooks;
  start ();
  memset (&hooks, 0, sizeof (hooks)); /* read during the call only */
  CHECK_INT (mapped_num, 1);
  uint8_t *func = publish_returning (8);
  CHECK_INT (published_num, 1);
  CHECK_INT (MIR_code_free_now (MIR_get_code_space (ctx), func), MIR_CODE_OK);
  CHECK_INT (freed_num, 1);
  finish ();
}

static void a_limit_is_an_error_of_the_context (void) {
  set_defaults ();
  code_options.max_bytes = 512 * 1024;
  start ();
  int n = 0;
  while (n < 100 && !ERROR_CAUGHT (_MIR_publish_code (ctx, zeros, 64 * 1024))) n++;
  CHECK (n > 0 && n <= 8);
  CHECK_INT (error_trap_type, MIR_alloc_error);
  CHECK (strstr (error_trap_text, "limit") != NULL);
  CHECK (stats ().mapped_bytes <= 512 * 1024);
  CHECK_INT (code_call (publish_returning (9)), 9); /* there is room for less */
  finish ();
}

static void a_range_is_used_up_and_serves_again (void) {
  enum { LEN = 256 * 1024, MAX = 20 };
  uint8_t *funcs[MAX];
  volatile int n = 0;
  set_defaults ();
  code_options.reserve = MAX * LEN / 4;
  start ();
  while (n < MAX && !ERROR_CAUGHT (funcs[n] = _MIR_publish_code (ctx, zeros, LEN))) n++;
  CHECK (n > 1 && n <= MAX / 4);
  CHECK_INT (error_trap_type, MIR_alloc_error);
  for (int i = 0; i < n; i++)
    CHECK (funcs[i] < funcs[0] + code_options.reserve
           && funcs[0] < funcs[i] + code_options.reserve);
  CHECK_INT (MIR_code_free_now (MIR_get_code_space (ctx), funcs[0]), MIR_CODE_OK);
  CHECK_INT (ERROR_CAUGHT (funcs[0] = _MIR_publish_code (ctx, zeros, LEN)), 0);
  finish ();
}

static void protection_is_the_asked_one (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  set_defaults ();
  code_options.protection = MIR_CODE_NO_ALIAS;
  if (MIR_code_probe (&code_options, &report) != MIR_CODE_OK) tap_skip ("no such back end here");
  start ();
  CHECK_STR (stats ().backend, report.backend);
  CHECK_INT (code_call (publish_returning (10)), 10);
  finish ();
}

static void freed_code_is_poisoned (void) {
  set_defaults ();
  code_options.poison = MIR_CODE_POISON_ALL;
  start ();
  uint8_t *func = publish_returning (11), old[CODE_LEN];
  memcpy (old, func, CODE_LEN);
  CHECK_INT (MIR_code_free_now (MIR_get_code_space (ctx), func), MIR_CODE_OK);
  CHECK (memcmp (old, func, CODE_LEN) != 0);
  finish ();
}

static void anywhere_has_no_range_to_use_up (void) {
  set_defaults ();
  options.anywhere = 1;
  code_options.max_bytes = 3 * sizeof (zeros);
  start ();
  for (int i = 0; i < 2; i++)
    CHECK_INT (ERROR_CAUGHT (_MIR_publish_code (ctx, zeros, sizeof (zeros))), 0);
  CHECK_INT (code_call (publish_returning (12)), 12);
  finish ();
}

/*---------------- What MIR's functions lack -----------------------------*/

static int is_piece (const void *addr, MIR_code_piece_t *piece) {
  memset (piece, 0, sizeof (*piece));
  piece->size = sizeof (*piece);
  return MIR_code_query (MIR_get_code_space (ctx), addr, piece) == MIR_CODE_OK && !piece->freed;
}

static void a_function_has_a_tag_at_the_address_mir_chose (void) {
  MIR_code_info_t info = {.size = sizeof (info), .name = "f", .tag = 99};
  MIR_code_piece_t piece;
  uint8_t code[CODE_LEN];
  set_defaults ();
  start ();
  uint8_t *addr = _MIR_get_new_code_addr (ctx, CODE_LEN);
  code_returning (code, 13);
  CHECK_INT (MIR_code_publish_at (MIR_get_code_space (ctx), addr, code, CODE_LEN, &info),
             MIR_CODE_OK);
  CHECK_INT (code_call (addr), 13);
  CHECK (is_piece (addr, &piece));
  CHECK_INT (piece.tag, 99);
  CHECK_PTR (_MIR_publish_code_by_addr (ctx, addr, code, CODE_LEN), NULL); /* taken */
  finish ();
}

static void a_writer_publishes_in_batches_beside_mirs_functions (void) {
  enum { FUNCS = 5 };
  MIR_code_writer_t writer;
  uint8_t code[CODE_LEN], *funcs[FUNCS];
  set_defaults ();
  start ();
  REQUIRE (MIR_code_writer_create (MIR_get_code_space (ctx), &writer) == MIR_CODE_OK);
  CHECK_INT (MIR_code_batch_begin (writer), MIR_CODE_OK);
  for (unsigned i = 0; i < FUNCS; i++) {
    code_returning (code, i);
    CHECK_INT (MIR_code_publish (writer, code, CODE_LEN, NULL, &funcs[i]), MIR_CODE_OK);
  }
  uint8_t *beside = publish_returning (FUNCS);
  CHECK_INT (MIR_code_batch_end (writer), MIR_CODE_OK);
  for (unsigned i = 0; i < FUNCS; i++) CHECK_INT (code_call (funcs[i]), i);
  CHECK_INT (code_call (beside), FUNCS);
  finish (); /* and the writer */
}

static void all_that_mir_publishes_can_be_given_back (void) {
  MIR_code_piece_t piece;
  set_defaults ();
  start ();
  MIR_code_space_t space = MIR_get_code_space (ctx);
  uint8_t *one = publish_returning (1), *two = publish_returning (2);
  void *thunk = NULL;
  int has_thunk = !ERROR_CAUGHT (thunk = _MIR_get_thunk (ctx));
  CHECK_INT (MIR_code_free_now (space, one), MIR_CODE_OK);
  CHECK (!is_piece (one, &piece));
  CHECK_INT (MIR_code_free (space, two), MIR_CODE_OK);
  if (has_thunk) CHECK_INT (MIR_code_free (space, thunk), MIR_CODE_OK);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  CHECK_INT (stats ().pieces + stats ().freed, 0);
  if (has_thunk) CHECK (ERROR_CAUGHT (_MIR_redirect_thunk (ctx, thunk, one)));
  finish ();
}

/*---------------- Options that are refused -----------------------------*/

/* The context is not created, and nothing is left of it.  */
static void is_refused (MIR_code_status_t expected) {
  MIR_context_t before = ctx = (MIR_context_t) &data;
  MIR_code_status_t status = MIR_init_with (&options, &ctx);
  CHECK_INT (status, expected);
  CHECK_PTR (ctx, before);
  if (status == MIR_CODE_OK) MIR_finish (ctx);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

static void sizes_of_no_version_are_refused (void) {
  const size_t sizes[] = {0, sizeof (size_t) - 1, sizeof (options) + 1, SIZE_MAX};
  for (size_t i = 0; i < sizeof (sizes) / sizeof (sizes[0]); i++) {
    set_defaults ();
    options.size = sizes[i];
    is_refused (MIR_CODE_BAD_OPTION);
  }
  const size_t code_sizes[] = {0, sizeof (size_t) - 1, sizeof (code_options) + 1, SIZE_MAX};
  for (size_t i = 0; i < sizeof (code_sizes) / sizeof (code_sizes[0]); i++) {
    set_defaults ();
    code_options.size = code_sizes[i];
    is_refused (MIR_CODE_BAD_OPTION);
  }
}

static void allocators_among_the_code_options_are_refused (void) {
  set_defaults ();
  code_options.alloc = &data.alloc;
  is_refused (MIR_CODE_BAD_OPTION);
  set_defaults ();
  code_options.code_alloc = MIR_default_code_alloc ();
  is_refused (MIR_CODE_BAD_OPTION);
}

static void what_a_space_refuses_a_context_refuses (void) {
  MIR_code_hooks_t hooks = {.size = 1};
  set_defaults ();
  code_options.protection = (MIR_code_protection_t) (MIR_CODE_SEALED + 1);
  is_refused (MIR_CODE_BAD_OPTION);
  set_defaults ();
  code_options.hooks = &hooks;
  is_refused (MIR_CODE_BAD_OPTION);
  set_defaults ();
  options.code_alloc = MIR_default_code_alloc ();
  code_options.reserve = 64 * 1024;
  is_refused (MIR_CODE_BAD_OPTION);
  set_defaults ();
  options.anywhere = 1;
  code_options.near_addr = &ctx;
  is_refused (MIR_CODE_BAD_OPTION);
  set_defaults ();
  code_options.reserve = SIZE_MAX;
  is_refused (MIR_CODE_TOO_LARGE);
  set_defaults ();
  code_options.max_bytes = 1; /* less than a page */
  is_refused (MIR_CODE_LIMIT);
}

static void refused_memory_leaves_nothing (void) {
  long n = 0;
  MIR_code_status_t status;
  set_defaults ();
  for (;; n++) {
    probe_alloc_fail_after (&data, n, 1);
    MIR_context_t before = ctx = (MIR_context_t) &data;
    if ((status = MIR_init_with (&options, &ctx)) != MIR_CODE_NO_MEMORY) break;
    CHECK_PTR (ctx, before);
    CHECK_INT (data.live_blocks, 0);
  }
  tap_note ("MIR_init_with: %ld points where memory can be refused", n);
  CHECK (n > 1);
  CHECK_INT (status, MIR_CODE_OK);
  finish ();
}

static void refused_code_memory_leaves_nothing (void) {
  set_defaults ();
  probe_code_alloc_init (&pages);
  pages.fail_map_in = 0;
  options.code_alloc = &pages.alloc;
  is_refused (MIR_CODE_MAP_REFUSED);
  CHECK_INT (probe_code_alloc_finish (&pages), 0);
}

int main (void) {
  TEST_RUN (no_options_are_those_of_MIR_init);
  TEST_RUN (a_context_keeps_the_given_allocators);
  TEST_RUN (an_older_version_of_the_options_is_read);
  TEST_RUN (an_older_version_of_the_code_options_is_read);
  TEST_RUN (hooks_are_told_of_everything);
  TEST_RUN (a_limit_is_an_error_of_the_context);
  TEST_RUN (a_range_is_used_up_and_serves_again);
  TEST_RUN (protection_is_the_asked_one);
  TEST_RUN (freed_code_is_poisoned);
  TEST_RUN (anywhere_has_no_range_to_use_up);
  TEST_RUN (a_function_has_a_tag_at_the_address_mir_chose);
  TEST_RUN (a_writer_publishes_in_batches_beside_mirs_functions);
  TEST_RUN (all_that_mir_publishes_can_be_given_back);
  TEST_RUN (sizes_of_no_version_are_refused);
  TEST_RUN (allocators_among_the_code_options_are_refused);
  TEST_RUN (what_a_space_refuses_a_context_refuses);
  TEST_RUN (refused_memory_leaves_nothing);
  TEST_RUN (refused_code_memory_leaves_nothing);
  return tap_done ();
}
