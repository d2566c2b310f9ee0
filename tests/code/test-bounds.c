/* What a space costs is bounded by what is live: room that one writer freed serves every other one,
   a writer left behind costs no more than a finished one, churn does not fragment, and bookkeeping
   shrinks again.  */
#include "code/space-fixture.h"

#include <pthread.h>

#include "mir.h"

static uint8_t bytes[4 << 20];

static uint8_t *publish_len (MIR_code_writer_t w, size_t len) {
  uint8_t *addr = NULL;
  return MIR_code_publish (w, bytes, len, NULL, &addr) == MIR_CODE_OK ? addr : NULL;
}

static uint8_t *reserve_len (MIR_code_writer_t w, size_t len) {
  MIR_code_place_t place = {.size = sizeof (place)};
  if (MIR_code_reserve (w, len, 0, &place) != MIR_CODE_OK) return NULL;
  memcpy (place.buffer, bytes, len);
  REQUIRE (MIR_code_commit (w, len, NULL) == MIR_CODE_OK);
  return place.addr;
}

/*---------------- Room of another writer -----------------------------*/

enum { FUNC = 500, FUNCS = 20000 };

typedef uint8_t *(*make_func_t) (MIR_code_writer_t w, size_t len);

/* Let one writer publish FUNCS functions and free seven of eight; returns how many are free.  */
static unsigned make_room (MIR_code_writer_t w) {
  static uint8_t *funcs[FUNCS];
  unsigned num = 0, freed = 0;
  while (num < FUNCS && (funcs[num] = publish_len (w, FUNC)) != NULL) num++;
  for (unsigned i = 0; i < num; i++)
    if (i % 8 != 0) {
      CHECK_INT (MIR_code_free_now (space, funcs[i]), MIR_CODE_OK);
      freed++;
    }
  return freed;
}

/* A writer may map its own memory while not more than this part of what is mapped is free.  */
static size_t spare (size_t mapped) {
  return mapped / 8;
}

/* Another writer makes as many by MAKE: little is mapped, and nothing refused.  */
static void room_serves_another (make_func_t make) {
  MIR_code_writer_t other;
  unsigned made = 0;
  REQUIRE (MIR_code_writer_create (space, &other) == MIR_CODE_OK);
  unsigned freed = make_room (writer);
  size_t mapped = stats ().mapped_bytes;
  while (made < freed && make (other, FUNC) != NULL) made++;
  tap_note ("%u freed, %u made again; %zu KiB mapped, then %zu", freed, made, mapped / 1024,
            stats ().mapped_bytes / 1024);
  CHECK_INT (made, freed);
  CHECK (stats ().mapped_bytes <= mapped + spare (mapped));
  finish ();
}

static void start_without_probe (void) {
  set_defaults ();
  options.alloc = NULL; /* so many calls that the probe would take most of the time */
}

static void room_that_one_writer_freed_serves_another (void) {
  start_without_probe ();
  start_with_options ();
  room_serves_another (publish_len);
  start_without_probe ();
  start_with_options ();
  room_serves_another (reserve_len);
}

static void room_of_another_writer_comes_before_the_limit (void) {
  start_without_probe ();
  options.max_bytes = 4 << 20;
  start_with_options ();
  room_serves_another (publish_len);
  start_without_probe ();
  options.reserve = 4 << 20;
  start_with_options ();
  room_serves_another (reserve_len);
}

static void room_of_a_writer_serves_the_functions_of_the_context (void) {
  MIR_context_t ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  space = MIR_get_code_space (ctx);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  unsigned freed = make_room (writer);
  size_t mapped = stats ().mapped_bytes;
  for (unsigned i = 0; i < freed; i++) REQUIRE (_MIR_publish_code (ctx, bytes, FUNC) != NULL);
  CHECK (stats ().mapped_bytes <= mapped + spare (mapped));
  CHECK (mir_space_check (space));
  MIR_finish (ctx);
}

/*---------------- Writers left behind -----------------------------*/

static struct passer {
  unsigned funcs, kept_each; /* of KEPT_EACH functions one stays */
  int finishes, wrong;
} passer;

static void *pass_by (void *arg) {
  uint8_t *funcs[500];
  MIR_code_writer_t w;
  (void) arg;
  if (MIR_code_writer_create (space, &w) != MIR_CODE_OK) {
    passer.wrong++;
    return NULL;
  }
  for (unsigned i = 0; i < passer.funcs; i++)
    passer.wrong += (funcs[i] = publish_len (w, FUNC)) == NULL;
  for (unsigned i = 0; i < passer.funcs; i++)
    if (i % passer.kept_each != 0)
      passer.wrong += MIR_code_free_now (space, funcs[i]) != MIR_CODE_OK;
  if (passer.finishes) MIR_code_writer_finish (w);
  return NULL;
}

/* The statistics after THREADS threads, one after another, and AFTER functions more.  */
static MIR_code_stats_t let_pass_by (size_t threads, size_t after, int finishes) {
  start_without_probe ();
  start_with_options ();
  passer.finishes = finishes;
  passer.wrong = 0;
  for (size_t i = 0; i < threads; i++) {
    pthread_t thread;
    REQUIRE (pthread_create (&thread, NULL, pass_by, NULL) == 0);
    pthread_join (thread, NULL);
  }
  for (size_t i = 0; i < after; i++) REQUIRE (publish_len (writer, FUNC) != NULL);
  CHECK_INT (passer.wrong, 0);
  MIR_code_stats_t res = stats ();
  tap_note ("%zu threads, %zu writers: %zu KiB live, %zu mapped, %zu for bookkeeping", threads,
            res.writers, res.piece_bytes / 1024, res.mapped_bytes / 1024,
            res.bookkeeping_bytes / 1024);
  finish ();
  return res;
}

static void check_cost_the_same (size_t threads, size_t after) {
  enum { EACH_WRITER = 256, TABLES = 256 * 1024 }; /* bytes; the tables of a few */
  MIR_code_stats_t finished = let_pass_by (threads, after, 1);
  MIR_code_stats_t left = let_pass_by (threads, after, 0);
  CHECK (left.mapped_bytes <= finished.mapped_bytes + spare (finished.mapped_bytes));
  CHECK (left.bookkeeping_bytes <= finished.bookkeeping_bytes + threads * EACH_WRITER + TABLES);
}

static void writers_left_behind_cost_no_more_than_finished_ones (void) {
  passer.funcs = 500;
  passer.kept_each = 10;
  check_cost_the_same (100, 0);
  check_cost_the_same (100, tap_scaled (50000));
}

static void ten_thousand_writers_left_behind_cost_no_more (void) {
  passer.funcs = 20;
  passer.kept_each = 10;
  check_cost_the_same (tap_scaled (10000), 0);
}

/*---------------- Churn -----------------------------*/

enum {
  EVENTS = 300000,
  WARM_UP = 100000,
  SAMPLED_EACH = 1000,
  MAX_PIECES = 60000,
  FEW = 200000,
  CHURN_SEED = 1
};

/* What is live, as a heap by the event that ends it.  */
static struct life {
  uint8_t *addr;
  size_t len;
  uint64_t end;
} lives[MAX_PIECES];
static size_t lives_num;

static void push_life (struct life life) {
  size_t i = lives_num++;
  for (; i > 0 && lives[(i - 1) / 2].end > life.end; i = (i - 1) / 2) lives[i] = lives[(i - 1) / 2];
  lives[i] = life;
}

static struct life pop_life (void) {
  struct life first = lives[0], last = lives[--lives_num];
  size_t i = 0, child;
  while ((child = 2 * i + 1) < lives_num) {
    if (child + 1 < lives_num && lives[child + 1].end < lives[child].end) child++;
    if (lives[child].end >= last.end) break;
    lives[i] = lives[child];
    i = child;
  }
  lives[i] = last;
  return first;
}

/* The same events in each run, so that the bounds hold always or never.  */
static uint64_t churn_state;

static uint64_t churn_random (void) {
  uint64_t z = churn_state += 0x9e3779b97f4a7c15u; /* SplitMix64, as tap_random */
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* Log-normal: half of the lengths are below 512, and the deviation of the logarithm is WIDTH times
   0.4.  */
static size_t churn_len (unsigned width) {
  uint64_t r = churn_random ();
  int64_t sum = 0, log2; /* both in units of 1 / 65536 */
  for (int i = 0; i < 4; i++) sum += (int64_t) (r >> 16 * i & 0xffff);
  log2 = (9 << 16) + (sum - (2 << 16)) * (int64_t) width;
  if (log2 < 0) return 1;
  size_t len = (size_t) (((uint64_t) (0x10000 + (log2 & 0xffff)) << (log2 >> 16)) >> 16);
  return len < sizeof (bytes) ? len : sizeof (bytes);
}

/* Zipf: a life longer than N events has a probability in inverse proportion to N.  */
static uint64_t churn_life (void) {
  return 1500 * (uint64_t) 2000000 / (1 + churn_random () % 2000000);
}

/* Publish in WRITERS_NUM writers in turn for many events, free what ends, with grace periods if
   GRACED.  The mean of mapped memory to what is live or waits must not exceed PERCENT, and no sample
   WORST_PERCENT.  */
static void churn (unsigned writers_num, unsigned width, int graced, unsigned percent,
                   unsigned worst_percent) {
  MIR_code_writer_t writers[4];
  uint64_t events = tap_scaled (EVENTS), sum = 0, worst = 0, samples = 0;
  size_t live = 0;
  start_without_probe ();
  start_with_options ();
  for (unsigned i = 0; i < writers_num; i++)
    REQUIRE (MIR_code_writer_create (space, &writers[i]) == MIR_CODE_OK);
  lives_num = 0;
  churn_state = CHURN_SEED;
  for (uint64_t now = 1; now <= events; now++) {
    while (lives_num > 0 && lives[0].end <= now) {
      struct life life = pop_life ();
      live -= life.len;
      REQUIRE ((graced ? MIR_code_free : MIR_code_free_now) (space, life.addr) == MIR_CODE_OK);
    }
    if (graced && now % 500 == 0)
      REQUIRE (MIR_code_reclaim (space, MIR_code_grace_begin (space)) == MIR_CODE_OK);
    struct life life = {NULL, churn_len (width), now + churn_life ()};
    life.addr = publish_len (writers[churn_random () % writers_num], life.len);
    REQUIRE (life.addr != NULL && lives_num < MAX_PIECES);
    push_life (life);
    live += life.len;
    if (now % SAMPLED_EACH != 0 || now < WARM_UP) continue;
    MIR_code_stats_t seen = stats ();
    uint64_t ratio = (uint64_t) seen.mapped_bytes * 1000 / (live + seen.freed_bytes);
    sum += ratio;
    samples++;
    if (worst < ratio) worst = ratio;
  }
  tap_note (
      "%u writers, width %u%s: %zu live in %zu KiB of %zu mapped, %llu / 1000 in the mean, "
      "%llu at worst",
      writers_num, width, graced ? ", grace periods" : "", lives_num, live / 1024,
      stats ().mapped_bytes / 1024, (unsigned long long) (samples ? sum / samples : 0),
      (unsigned long long) worst);
  if (events >= FEW) {
    CHECK (sum <= samples * percent * 10);
    CHECK (worst <= worst_percent * 10);
  }
  while (lives_num > 0) CHECK_INT (MIR_code_free_now (space, pop_life ().addr), MIR_CODE_OK);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  MIR_code_trim (space);
  CHECK_INT (stats ().mapped_bytes, 0);
  finish ();
}

static void churn_of_one_writer_is_bounded (void) {
  churn (1, 3, 0, 120, 135);
  churn (1, 2, 0, 120, 135);
  churn (1, 3, 1, 120, 135);
}

static void churn_of_four_writers_is_bounded (void) {
  churn (4, 3, 0, 130, 140);
  churn (4, 3, 1, 130, 140);
}

/*---------------- Bookkeeping -----------------------------*/

enum { SMALL = 64 * 1024 }; /* bytes that may stay */

static void a_huge_reservation_leaves_no_buffer (void) {
  enum { HUGE_SIZE = 64 << 20 };
  MIR_code_place_t place = {.size = sizeof (place)};
  start_without_probe (); /* the probe would touch the whole buffer */
  start_with_options ();
  REQUIRE (publish (1) != NULL);
  size_t before = stats ().bookkeeping_bytes;
  REQUIRE (MIR_code_reserve (writer, HUGE_SIZE, 0, &place) == MIR_CODE_OK);
  code_returning (place.buffer, 2);
  REQUIRE (MIR_code_commit (writer, CODE_LEN, NULL) == MIR_CODE_OK);
  size_t committed = stats ().bookkeeping_bytes, mapped = stats ().mapped_bytes;
  CHECK_INT (MIR_code_free_now (space, place.addr), MIR_CODE_OK);
  MIR_code_trim (space);
  size_t freed = stats ().bookkeeping_bytes;
  tap_note ("bookkeeping: %zu, %zu when committed, %zu when freed; %zu mapped", before, committed,
            freed, mapped);
  CHECK (committed <= before + mapped / 64 + SMALL); /* bitmaps */
  CHECK (freed <= before + SMALL);
  REQUIRE (MIR_code_reserve (writer, HUGE_SIZE, 0, &place) == MIR_CODE_OK);
  CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK);
  MIR_code_trim (space);
  CHECK (stats ().bookkeeping_bytes <= before + SMALL);
  finish ();
}

static void tables_shrink_when_all_is_freed (void) {
  /* So many at least that a writer keeps none of the arrays of its batch, nor the buffer.  */
  enum { MANY = 100000, FEWEST = 5000 };
  static uint8_t *funcs[MANY];
  size_t num = tap_scaled (MANY);
  if (num > MANY) num = MANY;
  if (num < FEWEST) num = FEWEST;
  for (int batch = 0; batch < 2; batch++) {
    start_without_probe ();
    options.protection = batch ? MIR_CODE_CLOSED_ALIAS : MIR_CODE_OPEN_ALIAS;
    start_with_options ();
    REQUIRE (publish (1) != NULL);
    size_t before = stats ().bookkeeping_bytes;
    if (batch) REQUIRE (MIR_code_batch_begin (writer) == MIR_CODE_OK);
    for (size_t i = 0; i < num; i++) {
      MIR_code_info_t info = {sizeof (info), NULL, i + 1};
      REQUIRE (MIR_code_publish (writer, bytes, 40, &info, &funcs[i]) == MIR_CODE_OK);
    }
    if (batch) REQUIRE (MIR_code_batch_end (writer) == MIR_CODE_OK);
    size_t full = stats ().bookkeeping_bytes;
    for (size_t i = 0; i < num; i++) CHECK_INT (MIR_code_free (space, funcs[i]), MIR_CODE_OK);
    CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
    MIR_code_trim (space);
    tap_note ("bookkeeping: %zu, %zu for %zu blocks, %zu when they are freed", before, full, num,
              stats ().bookkeeping_bytes);
    CHECK (stats ().bookkeeping_bytes <= before + SMALL);
    finish ();
  }
}

int main (void) {
  TEST_RUN (room_that_one_writer_freed_serves_another);
  TEST_RUN (room_of_another_writer_comes_before_the_limit);
  TEST_RUN (room_of_a_writer_serves_the_functions_of_the_context);
  TEST_RUN (writers_left_behind_cost_no_more_than_finished_ones);
  TEST_RUN (ten_thousand_writers_left_behind_cost_no_more);
  TEST_RUN (churn_of_one_writer_is_bounded);
  TEST_RUN (churn_of_four_writers_is_bounded);
  TEST_RUN (a_huge_reservation_leaves_no_buffer);
  TEST_RUN (tables_shrink_when_all_is_freed);
  return tap_done ();
}
