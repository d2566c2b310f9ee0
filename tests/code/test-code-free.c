/* Code that comes and goes, against a model: code blocks are found by any address and freed, and
   their places are used again.  */
#include "mir-code.h"

#include "code/code-fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "code/cpu.h"

enum { GRANULE = 32, MAX_LIVE = 2000 };

struct live {
  uint8_t *addr;
  size_t len;
  unsigned value;
};

static struct live live[MAX_LIVE];
static size_t live_num, live_bytes; /* bytes: whole granules */
static unsigned next_value;

/* LEN as whole granules, with one more for a multiple of 16.  */
static size_t whole (size_t len) {
  size_t granules = (len + GRANULE - 1) / GRANULE;
  return (granules % 16 == 0 ? granules + 1 : granules) * GRANULE;
}

/* Mostly small lengths, a few of many pages.  */
static size_t random_len (void) {
  uint64_t r = tap_random ();
  size_t len = CODE_LEN + (size_t) (r >> 8) % 1000;
  return r % 200 == 0 ? len * 100 : len;
}

/* A code block returns its value, whose lowest byte is also its last one.  */
static void publish_one (void) {
  static uint8_t code[110000];
  struct live *l = &live[live_num];
  l->len = random_len ();
  l->value = ++next_value;
  memset (code, 0, l->len);
  code[l->len - 1] = (uint8_t) l->value;
  if (l->len > CODE_LEN) code_returning (code, l->value);
  l->addr = _MIR_publish_code (ctx, code, l->len);
  REQUIRE (l->addr != NULL);
  live_bytes += whole (l->len);
  live_num++;
}

static void check_one (size_t i) {
  struct live *l = &live[i];
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  if (l->len > CODE_LEN) CHECK_INT (code_call (l->addr), l->value);
  CHECK_INT (l->addr[l->len - 1], (uint8_t) l->value);
  REQUIRE (MIR_code_query (MIR_get_code_space (ctx), l->addr + tap_random () % l->len, &piece)
           == 0);
  CHECK_PTR (piece.start, l->addr);
  CHECK_INT (piece.len, whole (l->len));
}

static void free_one (size_t i) {
  check_one (i);
  MIR_code_free_now (MIR_get_code_space (ctx), live[i].addr);
  live_bytes -= whole (live[i].len);
  live[i] = live[--live_num];
}

static void check_totals (void) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  CHECK (mir_space_check (ctx->space));
  (void) MIR_code_get_stats (MIR_get_code_space (ctx), &stats);
  CHECK_INT (stats.pieces, live_num);
  CHECK_INT (stats.piece_bytes, live_bytes);
  CHECK (stats.mapped_bytes >= stats.piece_bytes);
}

/* The number of live code blocks swings between few and many.  */
static void churn (size_t operations) {
  live_num = live_bytes = 0;
  for (size_t n = 0; n < operations; n++) {
    size_t wanted = n / 20000 % 2 == 0 ? MAX_LIVE : 50;
    if (live_num < MAX_LIVE && (live_num == 0 || tap_random () % 3 < (live_num < wanted ? 2 : 1)))
      publish_one ();
    else
      free_one (tap_random () % live_num);
    if (n % 1000 == 0) check_totals ();
  }
  for (size_t i = 0; i < live_num; i++) check_one (i);
  while (live_num > 0) free_one (live_num - 1);
  check_totals ();
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  CHECK (MIR_code_trim (MIR_get_code_space (ctx)) > 0);
  (void) MIR_code_get_stats (MIR_get_code_space (ctx), &stats);
  CHECK_INT (stats.mappings, 0);
  CHECK_INT (stats.mapped_bytes, 0);
}

static void random_churn_agrees_with_a_model (void) {
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  churn (tap_scaled (300000));
  MIR_finish (ctx);
}

static void random_churn_over_a_vtable_agrees_with_a_model (void) {
  start ();
  churn (tap_scaled (40000));
  CHECK (probe_code_all_closed (&pages));
  finish ();
}

static void churn_does_not_grow (void) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  uint8_t *funcs[100] = {NULL};
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  for (size_t n = tap_scaled (1000000); n > 0; n--) {
    uint8_t **func = &funcs[n % 100];
    if (*func != NULL) MIR_code_free_now (MIR_get_code_space (ctx), *func);
    *func = publish_long (1, CODE_LEN + n * 7 % 500);
  }
  (void) MIR_code_get_stats (MIR_get_code_space (ctx), &stats);
  tap_note ("%zu bytes mapped for %zu bytes of code", stats.mapped_bytes, stats.piece_bytes);
  CHECK_INT (stats.pieces, 100);
  CHECK (stats.mapped_bytes <= 256 * 1024);
  MIR_finish (ctx);
}

static void empty_mappings_are_given_back (void) {
  enum { LARGE = 20 };
  uint8_t *large[LARGE];
  start ();
  for (int i = 0; i < LARGE; i++) large[i] = publish_long (1, 1024 * 1024);
  size_t most = pages.mapped_bytes;
  for (int i = 0; i < LARGE; i++) MIR_code_free_now (MIR_get_code_space (ctx), large[i]);
  CHECK (most >= LARGE * 1024 * 1024);
  size_t left = pages.mapped_bytes; /* on a slow machine some were empty for half a second */
  CHECK (left <= most);
  CHECK_INT (MIR_code_trim (MIR_get_code_space (ctx)), left);
  CHECK_INT (pages.mapped_bytes, 0);
  CHECK_INT (code_call (publish_returning (4)), 4);
  finish ();
}

/* Slabs for small functions do not take their size from a large one which is gone.  */
static void a_large_function_that_is_gone_leaves_nothing_large (void) {
  start ();
  uint8_t *large = publish_long (1, 6 * 1024 * 1024), *small = publish_long (2, 100 * 1024);
  MIR_code_free_now (MIR_get_code_space (ctx), large);
  MIR_code_trim (MIR_get_code_space (ctx));
  size_t mapped = pages.mapped_bytes;
  CHECK (mapped < 1024 * 1024);
  while (pages.mapped_bytes == mapped) publish_long (3, 10 * 1024);
  CHECK (pages.mapped_bytes - mapped <= 1024 * 1024);
  CHECK_INT (code_call (small), 2);
  finish ();
}

static void what_starts_no_block_is_not_freed (void) {
  uint8_t other[64] = {0};
  MIR_code_piece_t piece = {sizeof (piece), NULL, 7, 0, 0};
  start ();
  uint8_t *func = publish_long (1, 100), *freed = publish_returning (2);
  MIR_code_free_now (MIR_get_code_space (ctx), freed);
  uint8_t *bad[] = {
      NULL, other, func + 1, func + GRANULE, func - 1, freed, func + 1024 * 1024 * 1024};
  for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
    CHECK_INT (MIR_code_free_now (MIR_get_code_space (ctx), bad[i]), MIR_CODE_NOT_OURS);
  }
  CHECK_INT (MIR_code_query (MIR_get_code_space (ctx), freed, &piece), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_query (MIR_get_code_space (ctx), other, &piece), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_query (MIR_get_code_space (ctx), NULL, &piece), MIR_CODE_NOT_OURS);
  CHECK_INT (piece.len, 7);
  CHECK_INT (code_call (func), 1);
  finish ();
}

static void note_freed (void *user_data, const MIR_code_event_t *event) {
  (void) event;
  ++*(int *) user_data;
}

/* As hooks are not notified of its publication.  */
static void hooks_are_not_notified_of_a_freed_thunk (void) {
  int told = 0;
  MIR_code_hooks_t hooks = {sizeof (hooks), NULL, NULL, NULL, note_freed, &told};
  start ();
  if (mir_cpu.thunk_cell == 0) tap_skip ("no thunks for this CPU");
  CHECK_INT (MIR_code_set_hooks (MIR_get_code_space (ctx), &hooks), MIR_CODE_OK);
  CHECK_INT (MIR_code_free_now (MIR_get_code_space (ctx), publish_returning (1)), MIR_CODE_OK);
  CHECK_INT (told, 1);
  CHECK_INT (MIR_code_free_now (MIR_get_code_space (ctx), _MIR_get_thunk (ctx)), MIR_CODE_OK);
  CHECK_INT (told, 1);
  finish ();
}

static void freeing_needs_no_memory_and_no_protection (void) {
  enum { FUNCS = 1000 };
  static uint8_t *funcs[FUNCS];
  start ();
  for (unsigned i = 0; i < FUNCS; i++) funcs[i] = publish_returning (i);
  probe_alloc_fail_after (&data, 0, 1);
  pages.fail_protect_in = 0;
  pages.fail_protect_forever = 1;
  for (unsigned i = 0; i < FUNCS; i += 2) MIR_code_free_now (MIR_get_code_space (ctx), funcs[i]);
  for (unsigned i = 1; i < FUNCS; i += 2) MIR_code_free_now (MIR_get_code_space (ctx), funcs[i]);
  CHECK_INT (error_trap_count, 0);
  probe_alloc_fail_after (&data, -1, 0);
  pages.fail_protect_in = -1;
  CHECK_INT (code_call (publish_returning (4)), 4);
  finish ();
}

/* Bookkeeping is needed for the first publication and whenever the number of blocks doubles.  */
static void refused_bookkeeping_is_one_error_and_changes_nothing (void) {
  enum { FUNCS = 3000 };
  static uint8_t *funcs[FUNCS];
  static int refusals; /* static: longjmp leaves them alone */
  static unsigned n;
  refusals = 0;
  start ();
  for (n = 0; n < FUNCS; n++) {
    static uint8_t code[CODE_LEN];
    code_returning (code, n);
    probe_alloc_fail_after (&data, 0, 1);
    funcs[n] = NULL;
    if (ERROR_CAUGHT (funcs[n] = _MIR_publish_code (ctx, code, CODE_LEN))) {
      CHECK_INT (error_trap_type, MIR_alloc_error);
      CHECK (mir_space_check (ctx->space));
      refusals++;
      probe_alloc_fail_after (&data, -1, 0);
      funcs[n] = _MIR_publish_code (ctx, code, CODE_LEN);
    }
    probe_alloc_fail_after (&data, -1, 0);
  }
  CHECK_INT (error_trap_count, refusals);
  tap_note ("%d refusals in %d publications", refusals, FUNCS);
  CHECK (refusals > 3);
  for (unsigned i = 0; i < FUNCS; i++) CHECK_INT (code_call (funcs[i]), i);
  finish ();
}

static void a_refused_unmap_keeps_the_mapping_in_use (void) {
  start ();
  uint8_t *large[3];
  for (int i = 0; i < 3; i++) large[i] = publish_long (1, 1024 * 1024);
  pages.refuse_unmap = 1;
  for (int i = 0; i < 3; i++) MIR_code_free_now (MIR_get_code_space (ctx), large[i]);
  pages.refuse_unmap = 0;
  size_t mapped = pages.mapped_bytes;
  for (int i = 0; i < 3; i++) CHECK_INT (code_call (publish_long (2, 1024 * 1024)), 2);
  CHECK_INT (pages.mapped_bytes, mapped);
  finish ();
}

/*---------------- Threads -----------------------------*/

enum { WORKERS = 3, WORKER_LIVE = 50 };

/* Publish, call and free; all threads share a context, and each has its own code blocks.  */
static void *work (void *arg) {
  uint8_t *funcs[WORKER_LIVE] = {NULL};
  unsigned values[WORKER_LIVE] = {0}, base = *(unsigned *) arg, wrong = 0;
  for (unsigned n = 0; n < tap_scaled (30000); n++) {
    unsigned i = n * 7 % WORKER_LIVE;
    if (funcs[i] != NULL) {
      wrong += code_call (funcs[i]) != values[i];
      MIR_code_free_now (MIR_get_code_space (ctx), funcs[i]);
    }
    values[i] = base + n;
    funcs[i] = publish_returning (values[i]);
  }
  *(unsigned *) arg = wrong;
  return NULL;
}

static void threads_free_and_publish_in_one_context (void) {
  pthread_t threads[WORKERS];
  unsigned args[WORKERS];
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  for (unsigned i = 0; i < WORKERS; i++) {
    args[i] = i * 1000000;
    REQUIRE (pthread_create (&threads[i], NULL, work, &args[i]) == 0);
  }
  for (int i = 0; i < WORKERS; i++) {
    pthread_join (threads[i], NULL);
    CHECK_INT (args[i], 0);
  }
  CHECK (mir_space_check (ctx->space));
  MIR_finish (ctx);
}

int main (void) {
  TEST_RUN (random_churn_agrees_with_a_model);
  TEST_RUN (random_churn_over_a_vtable_agrees_with_a_model);
  TEST_RUN (churn_does_not_grow);
  TEST_RUN (empty_mappings_are_given_back);
  TEST_RUN (a_large_function_that_is_gone_leaves_nothing_large);
  TEST_RUN (what_starts_no_block_is_not_freed);
  TEST_RUN (hooks_are_not_notified_of_a_freed_thunk);
  TEST_RUN (freeing_needs_no_memory_and_no_protection);
  TEST_RUN (refused_bookkeeping_is_one_error_and_changes_nothing);
  TEST_RUN (a_refused_unmap_keeps_the_mapping_in_use);
  TEST_RUN (threads_free_and_publish_in_one_context);
  return tap_done ();
}
