/* A million random operations of every kind against a model: two writers, reservations, batches,
   frees with and without grace periods, patches, cells, trims; invariants are checked after each
   thousand.  */
#include "code/space-fixture.h"

enum { MAX_LIVE = 3000, MAX_FREED = 500, MAX_BATCH = 20 };

struct block {
  uint8_t *addr;
  size_t len; /* at least CODE_LEN */
  uint64_t tag;
  unsigned value; /* the result; its lowest byte is the last one of a longer block */
};

static struct block live[MAX_LIVE], freed[MAX_FREED], batch[MAX_BATCH];
static size_t live_num, freed_num, batch_num, count[8];
static int in_batch;
static unsigned next_value;
static MIR_code_writer_t writers[2];

static size_t random_len (void) {
  uint64_t r = tap_random ();
  size_t len = CODE_LEN + (size_t) (r >> 8) % 900;
  return r % 300 == 0 ? len * 60 : len;
}

static void fill_code (uint8_t *bytes, const struct block *p) {
  memset (bytes, 0, p->len);
  bytes[p->len - 1] = (uint8_t) p->value;
  code_returning (bytes, p->value);
}

static void check_block (const struct block *p, int is_freed) {
  MIR_code_piece_t found = {.size = sizeof (found)};
  CHECK_INT (code_call (p->addr), p->value);
  if (p->len > CODE_LEN) CHECK_INT (p->addr[p->len - 1], (uint8_t) p->value);
  REQUIRE (MIR_code_query (space, p->addr + tap_random () % p->len, &found) == MIR_CODE_OK);
  CHECK_PTR (found.start, p->addr);
  CHECK_INT (found.tag, p->tag);
  CHECK_INT (found.freed, is_freed);
  CHECK (found.len >= p->len && found.len < p->len + 2 * GRANULE);
}

static struct block new_block (void) {
  struct block p = {NULL, random_len (), tap_random () % 4 == 0 ? tap_random () : 0, ++next_value};
  return p;
}

static void add (struct block p) {
  if (in_batch)
    batch[batch_num++] = p;
  else
    live[live_num++] = p;
}

static void publish_one (MIR_code_writer_t w) {
  static uint8_t bytes[60000];
  struct block p = new_block ();
  MIR_code_info_t info = {sizeof (info), NULL, p.tag};
  fill_code (bytes, &p);
  REQUIRE (MIR_code_publish (w, bytes, p.len, &info, &p.addr) == MIR_CODE_OK);
  add (p);
  count[0]++;
}

static void reserve_one (MIR_code_writer_t w) {
  struct block p = new_block ();
  MIR_code_info_t info = {sizeof (info), NULL, p.tag};
  MIR_code_place_t place = {.size = sizeof (place)};
  size_t alignment = (size_t) 1 << tap_random () % 9;
  REQUIRE (MIR_code_reserve (w, p.len + tap_random () % 500, alignment, &place) == MIR_CODE_OK);
  CHECK_INT ((uintptr_t) place.addr % alignment, 0);
  count[1]++;
  if (tap_random () % 5 == 0) {
    CHECK_INT (MIR_code_abort (w), MIR_CODE_OK);
    return;
  }
  fill_code (place.buffer, &p);
  p.addr = place.addr;
  REQUIRE (MIR_code_commit (w, p.len, &info) == MIR_CODE_OK);
  add (p);
}

static void end_batch (void) {
  REQUIRE (MIR_code_batch_end (writers[0]) == MIR_CODE_OK);
  for (size_t i = 0; i < batch_num; i++) live[live_num++] = batch[i];
  batch_num = 0;
  in_batch = 0;
  count[2]++;
}

static struct block take_live (void) {
  size_t i = tap_random () % live_num;
  struct block p = live[i];
  check_block (&p, 0);
  live[i] = live[--live_num];
  return p;
}

static void reclaim (void) {
  for (size_t i = 0; i < freed_num; i++) check_block (&freed[i], 1);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  freed_num = 0;
  count[5]++;
}

static void free_one (void) {
  struct block p = take_live ();
  if (tap_random () % 2 == 0) {
    CHECK_INT (MIR_code_free_now (space, p.addr), MIR_CODE_OK);
    count[3]++;
    return;
  }
  CHECK_INT (MIR_code_free (space, p.addr), MIR_CODE_OK);
  freed[freed_num++] = p;
  count[4]++;
  if (freed_num == MAX_FREED) reclaim ();
}

static void patch_one (void) {
  struct block *p = &live[tap_random () % live_num];
  uint8_t bytes[CODE_LEN];
  p->value = (++next_value & ~0xffu) | (p->value & 0xff); /* the last byte stays right */
  code_returning (bytes, p->value);
  CHECK_INT (MIR_code_patch_stopped (space, p->addr, bytes, CODE_LEN), MIR_CODE_OK);
  count[6]++;
}

static void check_all (void) {
  CHECK (mir_space_check (space));
  MIR_code_stats_t seen = stats ();
  CHECK_INT (seen.pieces, live_num + batch_num);
  CHECK_INT (seen.freed, freed_num);
}

/* The number of live code blocks swings between few and many.  */
static void step (size_t n) {
  size_t wanted = n / 30000 % 2 == 0 ? MAX_LIVE - MAX_BATCH : 50;
  uint64_t r = tap_random () % 100;
  MIR_code_writer_t w = writers[in_batch ? 0 : tap_random () % 2];
  if (in_batch && (batch_num == MAX_BATCH || r < 5)) end_batch ();
  if (r < 2 && !in_batch) {
    REQUIRE (MIR_code_batch_begin (writers[0]) == MIR_CODE_OK);
    in_batch = 1;
    w = writers[0];
  }
  int grow =
      live_num < 10 || (live_num + MAX_BATCH < MAX_LIVE && r % 3 < (live_num < wanted ? 2 : 1));
  if (r >= 90 && live_num > 0)
    patch_one ();
  else if (r == 50 && n % 37 == 0)
    count[7] += MIR_code_trim (space) > 0;
  else if (grow && r % 2 == 0)
    publish_one (w);
  else if (grow)
    reserve_one (w);
  else
    free_one ();
  if (n % 1000 == 0) check_all ();
}

static void run_model (size_t operations) {
  REQUIRE (MIR_code_writer_create (space, &writers[1]) == MIR_CODE_OK);
  writers[0] = writer;
  live_num = freed_num = batch_num = 0;
  in_batch = 0;
  memset (count, 0, sizeof (count));
  for (size_t n = 0; n < operations; n++) step (n);
  if (in_batch) end_batch ();
  for (size_t i = 0; i < live_num; i++) check_block (&live[i], 0);
  tap_note (
      "%zu published, %zu reserved, %zu batches, %zu freed at once, %zu with grace in %zu "
      "periods, %zu patched, %zu trims",
      count[0], count[1], count[2], count[3], count[4], count[5], count[6], count[7]);
  while (live_num > 0) free_one ();
  reclaim ();
  check_all ();
  CHECK (MIR_code_trim (space) > 0);
  CHECK_INT (stats ().mapped_bytes, 0);
  CHECK_INT (data.broken, 0);
}

static void a_million_operations_agree_with_a_model (void) {
  start ();
  run_model (tap_scaled (1000000));
  finish ();
}

static void operations_over_a_vtable_agree_with_a_model (void) {
  start_flip ();
  run_model (tap_scaled (30000));
  CHECK (probe_code_all_closed (&pages));
  finish ();
}

static void operations_with_all_protections_agree_with_a_model (void) {
  set_defaults ();
  options.protection = MIR_CODE_NO_ALIAS;
  options.poison = MIR_CODE_POISON_ALL;
  options.reserve = 16 << 20; /* direct calls reach 32 MiB on ppc64 */
  start_with_options ();
  tap_note ("%s", stats ().backend);
  run_model (tap_scaled (30000));
  finish ();
}

int main (void) {
  TEST_RUN (a_million_operations_agree_with_a_model);
  TEST_RUN (operations_over_a_vtable_agree_with_a_model);
  TEST_RUN (operations_with_all_protections_agree_with_a_model);
  return tap_done ();
}
