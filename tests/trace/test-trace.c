/* A trace tells what happened: blocks, threads, scopes, stacks and code.  */
#include "trace/trace-fixture.h"

#include <pthread.h>
#include <setjmp.h>

#include "mir.h"
#include "trace/record.h"
#include "trace/unnamed.h"

/*---------------- A model -----------------------------*/

enum { SLOTS = 200, STEPS = 20000 };

/* Counts like a statistics allocator, independently of it.  */
struct model {
  void *blocks[SLOTS];
  size_t sizes[SLOTS];
  uint64_t mallocs, callocs, reallocs, frees, failed, live_blocks, live_bytes, peak_bytes,
      made_blocks, made_bytes;
  struct size_class classes[PICTURE_CLASSES];
};

static unsigned class_of (size_t size) {
  return size == 0 ? 0 : 64 - (unsigned) __builtin_clzll (size);
}

static void model_free (struct model *m, size_t i) {
  if (m->blocks[i] == NULL) return;
  m->live_blocks--;
  m->live_bytes -= m->sizes[i];
  m->classes[class_of (m->sizes[i])].live--;
  m->blocks[i] = NULL;
}

static void model_made (struct model *m, size_t i, void *block, size_t size) {
  if (block == NULL) {
    m->failed++;
    return;
  }
  model_free (m, i);
  m->blocks[i] = block;
  m->sizes[i] = size;
  m->live_blocks++;
  m->live_bytes += size;
  if (m->peak_bytes < m->live_bytes) m->peak_bytes = m->live_bytes;
  m->made_blocks++;
  m->made_bytes += size;
  m->classes[class_of (size)].made++;
  m->classes[class_of (size)].made_bytes += size;
  m->classes[class_of (size)].live++;
}

static size_t random_size (void) {
  return 1 + (size_t) (tap_random () % ((uint64_t) 1 << tap_random () % 14));
}

static void step (struct model *m) {
  size_t i = (size_t) (tap_random () % SLOTS), size = random_size ();
  void *block = m->blocks[i];
  if (tap_random () % 50 == 0) probe_alloc_fail_after (&probe, 0, 0);
  if (block == NULL && tap_random () % 3 == 0) {
    m->callocs++;
    model_made (m, i, MIR_calloc (traced, 1 + size % 7, size), (1 + size % 7) * size);
  } else if (block == NULL && tap_random () % 2 == 0) {
    m->mallocs++;
    model_made (m, i, MIR_malloc (traced, size), size);
  } else if (tap_random () % 2 == 0) {
    m->reallocs++;
    model_made (m, i, MIR_realloc (traced, block, block == NULL ? 0 : m->sizes[i], size), size);
  } else {
    m->frees += block != NULL;
    MIR_free (traced, block);
    model_free (m, i);
  }
  probe_alloc_fail_after (&probe, -1, 0);
}

static void check_totals (const struct model *m) {
  const struct totals *t = &picture.totals;
  CHECK_INT (t->mallocs, m->mallocs);
  CHECK_INT (t->callocs, m->callocs);
  CHECK_INT (t->reallocs, m->reallocs);
  CHECK_INT (t->frees, m->frees);
  CHECK_INT (t->failed, m->failed);
  CHECK_INT (t->live.blocks, m->live_blocks);
  CHECK_INT (t->live.bytes, m->live_bytes);
  CHECK_INT (t->peak.bytes, m->peak_bytes);
  CHECK_INT (t->made.blocks, m->made_blocks);
  CHECK_INT (t->made.bytes, m->made_bytes);
  CHECK_INT (t->strange, 0);
  for (int i = 0; i < PICTURE_CLASSES; i++) {
    CHECK_INT (picture.classes[i].made, m->classes[i].made);
    CHECK_INT (picture.classes[i].made_bytes, m->classes[i].made_bytes);
    CHECK_INT (picture.classes[i].live, m->classes[i].live);
  }
}

static uint64_t timeline_peak (void) {
  uint64_t most = 0;
  for (size_t i = 0; i < picture.timeline.num; i++)
    if (most < picture.timeline.most[i].live) most = picture.timeline.most[i].live;
  return most;
}

/* There are so few scopes here that every live byte is in a layer.  */
static void check_layers (void) {
  for (size_t bin = 0; bin < picture.timeline.num; bin++) {
    uint64_t sum = 0;
    for (size_t i = 0; i < picture.layers.num; i++) sum += picture.layers.live[bin][i];
    if (sum != picture.timeline.most[bin].live) CHECK_INT (sum, picture.timeline.most[bin].live);
  }
}

/* Half of the blocks are still live at the end, and are freed by the allocator below.  */
static void numbers_are_those_of_a_model (void) {
  struct model *m = (struct model *) calloc (1, sizeof (*m));
  uint64_t freed = 0, peak = 0;
  size_t steps = tap_scaled (STEPS);
  begin ();
  for (size_t n = steps < 400 ? 400 : steps; n > 0; n--) { /* enough steps to enter both scopes */
    if (n % 100 == 0) MIR_trace_push (trace, n % 300 == 0 ? "one" : "two");
    step (m);
    if (n % 100 == 50) MIR_trace_pop (trace);
  }
  CHECK_INT (MIR_trace_finish (trace), MIR_TRACE_OK);
  for (int i = 0; i < SLOTS; i++) MIR_free (&probe.alloc, m->blocks[i]);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  REQUIRE (look (0) == 0);
  check_totals (m);
  check_layers ();
  CHECK_INT (timeline_peak (), m->peak_bytes);
  CHECK_INT (picture.layers.num, 3);
  for (int i = 0; i < PICTURE_LIFETIMES; i++) freed += picture.lifetimes[i].blocks;
  CHECK_INT (freed, m->frees);
  for (size_t i = 0; i < VARR_LENGTH (node_t, picture.nodes); i++)
    peak += picture_stack (&picture, picture_node (&picture, (uint32_t) i))->peak.bytes;
  CHECK_INT (peak, m->peak_bytes);
  picture_finish (&picture);
  free (m);
}

static void failed_and_empty_calls_are_told_apart (void) {
  begin ();
  MIR_free (traced, NULL);
  CHECK_PTR (MIR_calloc (traced, SIZE_MAX / 2, 4), NULL);
  void *block = MIR_realloc (traced, NULL, 0, 10);
  probe_alloc_fail_after (&probe, 0, 0);
  CHECK_PTR (MIR_realloc (traced, block, 10, 20), NULL);
  MIR_free (traced, block);
  end_and_look ();
  CHECK_INT (picture.totals.frees, 1);
  CHECK_INT (picture.totals.failed, 2);
  CHECK_INT (picture.totals.callocs, 1);
  CHECK_INT (picture.totals.reallocs, 2);
  CHECK_INT (picture.totals.peak.bytes, 10);
  CHECK_INT (picture.totals.live.blocks, 0);
  picture_finish (&picture);
}

/* Otherwise a traced program would run on other memory than an untraced one.  */
static void the_default_below_is_that_of_a_context (void) {
  MIR_trace_options_t options = {.size = sizeof (options), .file = trace_path};
  MIR_context_t ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  REQUIRE (MIR_trace_create (&options, &trace) == MIR_TRACE_OK);
  CHECK_PTR (trace->below, MIR_get_alloc (ctx));
  CHECK_PTR (trace->own, MIR_get_alloc (ctx));
  CHECK_INT (MIR_trace_finish (trace), MIR_TRACE_OK);
  MIR_finish (ctx);
}

static jmp_buf out;

static void *leaving_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) ptr, (void) old_size, (void) new_size, (void) user_data;
  longjmp (out, 1);
}

static void a_call_left_by_longjmp_has_not_happened (void) {
  MIR_trace_options_t options = {.size = sizeof (options), .file = trace_path};
  struct MIR_alloc leaving;
  void *volatile block;
  probe_alloc_init (&probe);
  leaving = probe.alloc;
  leaving.realloc = leaving_realloc;
  options.alloc = &leaving;
  options.own = &probe.alloc;
  REQUIRE (MIR_trace_create (&options, &trace) == MIR_TRACE_OK);
  traced = MIR_trace_alloc (trace);
  block = MIR_malloc (traced, 10);
  if (setjmp (out) == 0) MIR_realloc (traced, block, 10, 20);
  MIR_free (traced, block);
  end_and_look ();
  CHECK_INT (picture.totals.peak.bytes, 10);
  CHECK_INT (picture.totals.live.blocks, 0);
  CHECK_INT (picture.totals.strange, 0);
  picture_finish (&picture);
}

/*---------------- Threads -----------------------------*/

enum { THREADS = 4, ROUNDS = 3000 };

static pthread_mutex_t exchange_lock = PTHREAD_MUTEX_INITIALIZER;
static void *exchanged[16];

/* Each thread frees blocks of the others, so addresses move from thread to thread.  */
static void *exchange_blocks (void *arg) {
  unsigned random = (unsigned) (uintptr_t) arg + 1;
  MIR_trace_push (trace, random % 2 == 0 ? "even" : "odd");
  for (size_t i = tap_scaled (ROUNDS); i > 0; i--) {
    size_t size = 8 + (random = random * 1664525u + 1013904223u) / 65536 % 100;
    void *block = MIR_malloc (traced, size), *old;
    if (random % 3 == 0) block = MIR_realloc (traced, block, size, 50);
    pthread_mutex_lock (&exchange_lock);
    old = exchanged[random / 256 % 16];
    exchanged[random / 256 % 16] = block;
    pthread_mutex_unlock (&exchange_lock);
    MIR_free (traced, old);
  }
  MIR_trace_pop (trace);
  return NULL;
}

static void threads_never_confuse_addresses (void) {
  MIR_trace_options_t options = {.size = sizeof (options), .file = trace_path};
  pthread_t threads[THREADS];
  uint64_t foreign = 0;
  REQUIRE (MIR_trace_create (&options, &trace)
           == MIR_TRACE_OK); /* mimalloc reuses addresses at once */
  traced = MIR_trace_alloc (trace);
  for (uintptr_t i = 0; i < THREADS; i++)
    REQUIRE (pthread_create (&threads[i], NULL, exchange_blocks, (void *) i) == 0);
  for (int i = 0; i < THREADS; i++) pthread_join (threads[i], NULL);
  for (int i = 0; i < 16; i++) {
    MIR_free (traced, exchanged[i]);
    exchanged[i] = NULL;
  }
  CHECK_INT (MIR_trace_finish (trace), MIR_TRACE_OK);
  REQUIRE (look (0) == 0);
  CHECK_INT (picture.totals.strange, 0);
  CHECK_INT (picture.totals.live.blocks, 0);
  CHECK_INT (picture.totals.live.bytes, 0);
  CHECK_INT (picture.totals.mallocs, THREADS * tap_scaled (ROUNDS));
  CHECK_INT (picture.totals.frees, THREADS * tap_scaled (ROUNDS));
  CHECK_INT (VARR_LENGTH (node_t, picture.nodes), 3);
  CHECK_INT (VARR_LENGTH (thread_t, picture.threads), THREADS + 1);
  for (size_t i = 0; i < VARR_LENGTH (thread_t, picture.threads); i++)
    foreign += VARR_GET (thread_t, picture.threads, i).foreign_frees;
  CHECK (foreign > 0);
  picture_finish (&picture);
}

/*---------------- Scopes and stacks -----------------------------*/

static const node_t *node_called (const char *name) {
  char buffer[24];
  for (uint32_t i = 0; i < VARR_LENGTH (node_t, picture.nodes); i++)
    if (strcmp (tree_node_name (&picture, picture_node (&picture, i), buffer), name) == 0)
      return picture_node (&picture, i);
  tap_note ("no node is called %s", name);
  return NULL;
}

static void blocks_belong_to_scopes (void) {
  void *a, *b, *c;
  begin ();
  MIR_trace_push (trace, "outer");
  a = MIR_malloc (traced, 100);
  MIR_trace_push (trace, "<inner> & \"\n");
  b = MIR_malloc (traced, 20);
  a = MIR_realloc (traced, a, 100, 300);
  MIR_trace_pop (trace);
  c = MIR_malloc (traced, 3);
  MIR_trace_pop (trace);
  MIR_trace_push (NULL, "nowhere");
  MIR_trace_pop (NULL);
  MIR_free (traced, a);
  MIR_free (traced, b);
  MIR_free (traced, c);
  end_and_look ();
  CHECK_INT (picture.totals.strange, 0);
  const node_t *outer = node_called ("outer"), *inner = node_called ("<inner> & \"?");
  REQUIRE (outer != NULL && inner != NULL);
  CHECK_INT (picture_stack (&picture, outer)->made.bytes, 103);
  CHECK_INT (picture_stack (&picture, outer)->peak.bytes, 3);
  CHECK_INT (picture_stack (&picture, inner)->made.bytes, 320);
  CHECK_INT (picture_stack (&picture, inner)->peak.bytes, 320);
  CHECK_INT (picture_stack (&picture, inner)->live.bytes, 0);
  CHECK_PTR (picture_node (&picture, inner->parent), outer);
  picture_finish (&picture);
}

static void long_names_and_deep_scopes_are_cut (void) {
  char name[3000];
  memset (name, 'x', sizeof (name) - 1);
  name[sizeof (name) - 1] = '\0';
  begin ();
  for (int i = 0; i < 500; i++) MIR_trace_push (trace, name);
  MIR_free (traced, MIR_malloc (traced, 1));
  for (int i = 0; i < 500; i++) MIR_trace_pop (trace);
  MIR_free (traced, MIR_malloc (traced, 2));
  end_and_look ();
  name[MIR_TRACE_NAME_MAX] = '\0';
  CHECK (node_called (name) != NULL);
  CHECK_INT (VARR_LENGTH (node_t, picture.nodes), PICTURE_MAX_SCOPES + 1);
  CHECK_INT (picture_stack (&picture, picture_node (&picture, 0))->made.bytes, 2);
  CHECK_INT (picture.totals.strange, 0);
  picture_finish (&picture);
}

/* The test program exports it, so that dladdr finds its name.  */
extern void *allocating_function (size_t size);

__attribute__ ((noinline, visibility ("default"))) void *allocating_function (size_t size) {
  void *block = MIR_malloc (traced, size);
  __asm__ volatile ("" : : "r"(block) : "memory"); /* otherwise the call becomes a jump */
  return block;
}

#ifdef __riscv
enum { HAS_UNWIND_TABLES = 0 }; /* GCC emits none for C unless told to */
#else
enum { HAS_UNWIND_TABLES = 1 };
#endif

static void stacks_name_functions (void) {
  const node_t *node;
  REQUIRE (begin_with (10, NULL) == MIR_TRACE_OK);
  MIR_trace_push (trace, "scope");
  MIR_free (traced, allocating_function (77));
  MIR_free (traced, allocating_function (77));
  MIR_trace_pop (trace);
  end_and_look ();
  if (VARR_LENGTH (node_t, picture.nodes) == 2) {
    picture_finish (&picture);
    tap_skip ("no stacks on this system");
  }
  node = node_called ("allocating_function");
  if (node == NULL && !HAS_UNWIND_TABLES) {
    picture_finish (&picture);
    tap_skip ("functions of C have no unwind tables on this CPU");
  }
  REQUIRE (node != NULL);
  CHECK_INT (node->kind, NODE_ADDRESS);
  CHECK_INT (picture_node (&picture, picture_scope (&picture, node->scope))->kind, NODE_SCOPE);
  CHECK_INT (picture_stack (&picture, node)->made.bytes >= 77,
             1); /* the innermost frame: the trace omits its own */
  picture_finish (&picture);
}

__attribute__ ((noinline)) static void *hidden_function (size_t size) {
  void *block = MIR_malloc (traced, size);
  __asm__ volatile ("" : : "r"(block) : "memory");
  return block;
}

static void static_functions_are_named_at_the_end (void) {
  REQUIRE (begin_with (10, NULL) == MIR_TRACE_OK);
  volatile size_t size = 55; /* a constant would make a copy of the function, with another name */
  for (volatile int i = 0; i < 3; i++) /* one call, not three */
    MIR_free (traced, hidden_function (size));
  CHECK_INT (MIR_trace_flush (trace), MIR_TRACE_OK);
  CHECK_INT (look (1), 0); /* what there is if the program ends here */
  int has_stacks = VARR_LENGTH (node_t, picture.nodes) > 1, early = 0;
  char buffer[24];
  for (uint32_t i = 0; i < VARR_LENGTH (node_t, picture.nodes); i++) {
    const char *name = tree_node_name (&picture, picture_node (&picture, i), buffer);
    if (strncmp (name, "test-trace+0x", 13) == 0) early++;
  }
  picture_finish (&picture);
  end_and_look ();
  if (!has_stacks || !HAS_UNWIND_TABLES) {
    picture_finish (&picture);
    tap_skip ("no stacks on this system");
  }
  CHECK (early > 0);
  const node_t *node = node_called ("hidden_function");
  REQUIRE (node != NULL);
  CHECK_INT (node->kind, NODE_ADDRESS);
  CHECK_INT (picture_stack (&picture, node)->made.bytes, 3 * 55);
  CHECK (node_called ("static_functions_are_named_at_the_end") != NULL);
  picture_finish (&picture);
}

static void only_so_many_addresses_are_kept (void) {
  struct mir_trace_unnamed *unnamed = (struct mir_trace_unnamed *) calloc (1, sizeof (*unnamed));
  REQUIRE (unnamed != NULL);
  for (int round = 0; round < 2; round++)
    for (uintptr_t i = 1; i <= 100; i++) mir_trace_keep_unnamed (unnamed, i << 20);
  CHECK_INT (unnamed->num, 100);
  for (uintptr_t i = 1; i <= 2 * MIR_TRACE_UNNAMED; i++) mir_trace_keep_unnamed (unnamed, i << 20);
  CHECK_INT (unnamed->num, MIR_TRACE_UNNAMED / 4 * 3);
  size_t num = 0;
  for (size_t i = 0; i < MIR_TRACE_UNNAMED; i++) num += unnamed->addresses[i] != 0;
  CHECK_INT (num, unnamed->num);
  free (unnamed);
}

/*---------------- Code -----------------------------*/

static size_t told;

static void count_published (void *user_data, const MIR_code_event_t *events, size_t num) {
  (void) user_data, (void) events;
  told += num;
}

static void hooks_of_an_unknown_version_are_refused (void) {
  static const size_t sizes[] = {0, sizeof (MIR_code_hooks_t) - 1, sizeof (MIR_code_hooks_t) + 1};
  MIR_code_hooks_t next = {.size = 0};
  for (size_t i = 0; i < sizeof (sizes) / sizeof (sizes[0]); i++) {
    next.size = sizes[i];
    CHECK_INT (begin_with (0, &next), MIR_TRACE_BAD_OPTION);
    CHECK_PTR (trace, NULL);
  }
}

static void code_is_mapped_published_and_freed (void) {
  static const uint8_t ret[4] = {0xc3};
  MIR_code_hooks_t next = {.size = sizeof (next), .published = count_published};
  MIR_code_options_t options = {.size = sizeof (options)};
  MIR_code_info_t info = {.size = sizeof (info), .name = "add_two"};
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  uint8_t *first, *second;
  told = 0;
  REQUIRE (begin_with (0, &next) == MIR_TRACE_OK);
  options.alloc = traced;
  options.hooks = MIR_trace_hooks (trace);
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  REQUIRE (MIR_code_publish (writer, ret, sizeof (ret), &info, &first) == MIR_CODE_OK);
  REQUIRE (MIR_code_publish (writer, ret, sizeof (ret), NULL, &second) == MIR_CODE_OK);
  REQUIRE (MIR_code_free_now (space, second) == MIR_CODE_OK);
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
  end_and_look ();
  CHECK_INT (told, 2);
  CHECK_INT (picture.totals.code_published, 2);
  CHECK_INT (picture.totals.code_published_bytes, 8);
  CHECK_INT (picture.totals.code_freed, 1);
  CHECK_INT (picture.totals.code_peak_bytes, 8);
  CHECK_INT (picture.totals.code_live, 0);
  CHECK_INT (picture.totals.code_mapped_bytes, 0);
  CHECK_INT (picture.totals.strange, 0);
  CHECK_INT (picture.code_peak.pieces, 2);
  const extent_t *piece = code_map_find (&picture.code_peak, (uintptr_t) first + 3);
  REQUIRE (piece != NULL);
  CHECK_STR (names_text (&picture.names, piece->name), "add_two");
  CHECK_PTR (code_map_find (&picture.code_peak, (uintptr_t) first + 4), NULL);
  picture_finish (&picture);
}

int main (void) {
  make_trace_dir ();
  TEST_RUN (numbers_are_those_of_a_model);
  TEST_RUN (failed_and_empty_calls_are_told_apart);
  TEST_RUN (the_default_below_is_that_of_a_context);
  TEST_RUN (a_call_left_by_longjmp_has_not_happened);
  TEST_RUN (threads_never_confuse_addresses);
  TEST_RUN (blocks_belong_to_scopes);
  TEST_RUN (long_names_and_deep_scopes_are_cut);
  TEST_RUN (stacks_name_functions);
  TEST_RUN (static_functions_are_named_at_the_end);
  TEST_RUN (only_so_many_addresses_are_kept);
  TEST_RUN (hooks_of_an_unknown_version_are_refused);
  TEST_RUN (code_is_mapped_published_and_freed);
  remove_trace_dir ();
  return tap_done ();
}
