/* Zones: slots, chunks, large blocks, shrinking, misuse, and what memory checkers see.  */
#include "mir-heap.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mir.h"
#include "support/child.h"
#include "support/conformance.h"
#include "support/probe-alloc.h"
#include "support/tap.h"
#include SEEN_FILE

enum { LARGE = 5000 /* bytes: more than any slot has */ };

static struct probe_alloc probe;
static MIR_zone_t zone;

static void start (void) {
  probe_alloc_init (&probe);
  REQUIRE (MIR_zone_create (&probe.alloc, &zone) == MIR_HEAP_OK);
}

static void finish (void) {
  MIR_zone_finish (zone);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static unsigned char byte_for (size_t i, unsigned seed) {
  return (unsigned char) (seed * 31 + i * 7 + i / 256);
}

static void fill (void *block, size_t size, unsigned seed) {
  for (size_t i = 0; i < size; i++) ((unsigned char *) block)[i] = byte_for (i, seed);
}

static int is_filled (const void *block, size_t size, unsigned seed) {
  for (size_t i = 0; i < size; i++)
    if (((const unsigned char *) block)[i] != byte_for (i, seed)) return 0;
  return 1;
}

/* A block of SIZE bytes, filled.  */
static char *get (size_t size, unsigned seed) {
  char *block = (char *) MIR_malloc (&zone->alloc, size);
  REQUIRE (block != NULL);
  CHECK_INT ((uintptr_t) block % _Alignof (max_align_t), 0);
  fill (block, size, seed);
  return block;
}

/*---------------- Memory -----------------------------*/

static void a_zone_is_one_block_at_first (void) {
  start ();
  CHECK_INT (probe.calls, 1);
  CHECK (MIR_zone_bytes (zone) <= 1536);
  for (unsigned i = 0; i < 12; i++) get (48, i);
  CHECK_INT (probe.calls, 1); /* they are in the zone's own block */
  CHECK_INT (MIR_zone_bytes (zone), probe.live_bytes);
  finish ();
}

/* Blocks of 16 bytes to 2 KiB, 5.6 KiB in all.  */
static void a_small_context_is_small (void) {
  static const size_t sizes[] = {800, 32,  256, 32, 256, 32, 256, 128, 64, 32,
                                 512, 296, 16,  16, 88,  64, 48,  88,  24, 512};
  start ();
  for (unsigned i = 0; i < sizeof (sizes) / sizeof (sizes[0]); i++) get (sizes[i], i);
  get (2048, 0);
  CHECK (MIR_zone_bytes (zone) < 9 * 1024);
  finish ();
}

/* No two blocks overlap, whatever their sizes, and each has all of its bytes.  */
static void every_size_has_its_bytes (void) {
  static char *blocks[9000];
  size_t steps = tap_scaled (100) >= 100 ? 1 : 7;
  start ();
  for (size_t size = 0; size < 9000; size += steps) blocks[size] = get (size, (unsigned) size);
  for (size_t size = 0; size < 9000; size += steps) {
    if (!is_filled (blocks[size], size, (unsigned) size)) CHECK_INT (size, -1);
    MIR_free (&zone->alloc, blocks[size]);
  }
  finish ();
}

/* The second and all later rounds need no more memory than the first.  */
static void freed_memory_is_used_again (void) {
  static char *blocks[1000];
  size_t bytes = 0, calls = 0;
  start ();
  for (int round = 0; round < 5; round++) {
    for (unsigned i = 0; i < 1000; i++) blocks[i] = get (i % 300, i);
    for (unsigned i = 0; i < 1000; i++) {
      unsigned at = (i * 7 + (unsigned) round) % 1000; /* in another order each time */
      CHECK (is_filled (blocks[at], at % 300, at));
      MIR_free (&zone->alloc, blocks[at]);
    }
    if (round == 0) {
      bytes = MIR_zone_bytes (zone);
      calls = probe.calls;
    }
  }
  CHECK_INT (MIR_zone_bytes (zone), bytes);
  CHECK_INT (probe.calls, calls);
  finish ();
}

/* The blocks of 4000 bytes, once freed, are enough for as many bytes of small ones.  */
static void large_slots_are_cut_into_small_ones (void) {
  char *blocks[50];
  start ();
  for (unsigned i = 0; i < 50; i++) blocks[i] = get (4000, i);
  for (unsigned i = 0; i < 50; i++) MIR_free (&zone->alloc, blocks[i]);
  size_t bytes = MIR_zone_bytes (zone);
  for (unsigned i = 0; i < 50 * 4000 / 64; i++) get (56, i);
  CHECK_INT (MIR_zone_bytes (zone), bytes);
  finish ();
}

/* What is left of a chunk that is too short for a block serves smaller ones later.  */
static void the_rest_of_a_chunk_is_used (void) {
  start ();
  get (8, 0);
  get (4000, 1); /* in a chunk of its own */
  size_t calls = probe.calls;
  CHECK_INT (calls, 2);
  for (unsigned i = 0; i < 10; i++) get (8, i);
  get (400, 2);
  CHECK_INT (probe.calls, calls);
  finish ();
}

static void large_blocks_return_at_once (void) {
  char *blocks[5];
  start ();
  size_t bytes = MIR_zone_bytes (zone);
  for (unsigned i = 0; i < 5; i++) blocks[i] = get (LARGE * (i + 1), i);
  CHECK_INT (MIR_zone_bytes (zone), probe.live_bytes);
  static const unsigned order[] = {2, 0, 4, 1, 3}; /* a middle one, the ends, the others */
  for (unsigned i = 0; i < 5; i++) {
    CHECK (is_filled (blocks[order[i]], LARGE * (order[i] + 1), order[i]));
    MIR_free (&zone->alloc, blocks[order[i]]);
    CHECK_INT (probe.live_blocks, 5 - i);
    CHECK_INT (MIR_zone_bytes (zone), probe.live_bytes);
  }
  CHECK_INT (MIR_zone_bytes (zone), bytes);
  finish ();
}

static void the_end_takes_chunks_not_blocks (void) {
  start ();
  for (unsigned i = 0; i < 20000; i++) get (40, i); /* more than 900 KiB */
  get (LARGE, 1);
  size_t frees = probe.frees;
  CHECK (MIR_zone_bytes (zone) > 900 * 1024);
  MIR_zone_finish (zone);
  CHECK (probe.frees - frees < 40);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/*---------------- Resizing -----------------------------*/

static void blocks_grow_within_their_slots (void) {
  start ();
  char *block = get (130, 1);
  CHECK_PTR (MIR_realloc (&zone->alloc, block, 130, 136), block);
  CHECK_PTR (MIR_realloc (&zone->alloc, block, 136, 100), block);
  char *moved = (char *) MIR_realloc (&zone->alloc, block, 100, 137);
  REQUIRE (moved != NULL);
  CHECK (moved != block && is_filled (moved, 100, 1));
  finish ();
}

/* Nothing is left in the zone and nothing comes from below: no shrink fails, none loses a byte, and
   a block that could not move can have its room again.  */
static void shrinking_never_fails (void) {
  static const size_t sizes[] = {1000000, 60000, LARGE, 4104, 4000, 1040, 300, 137, 24, 9, 1, 0};
  enum { NUM = sizeof (sizes) / sizeof (sizes[0]) };
  for (int from = 0; from < NUM; from++)
    for (int to = from; to < NUM; to++) {
      start ();
      char *block = get (sizes[from], 3);
      probe_alloc_fail_after (&probe, 0, 1);
      while (MIR_malloc (&zone->alloc, 8) != NULL) continue;
      char *shrunk = (char *) MIR_realloc (&zone->alloc, block, sizes[from], sizes[to]);
      REQUIRE (shrunk != NULL);
      CHECK (is_filled (shrunk, sizes[to], 3));
      CHECK_PTR (MIR_realloc (&zone->alloc, shrunk, sizes[to], 2000000), NULL);
      CHECK (is_filled (shrunk, sizes[to], 3));
      if (shrunk == block)
        CHECK_PTR (MIR_realloc (&zone->alloc, shrunk, sizes[to], sizes[from]), block);
      finish ();
    }
}

/* A large block that becomes much smaller gives its memory back.  */
static void shrinking_frees (void) {
  start ();
  char *block = (char *) MIR_realloc (&zone->alloc, get (1000000, 5), 1000000, 10000);
  REQUIRE (block != NULL);
  CHECK (is_filled (block, 10000, 5) && MIR_zone_bytes (zone) < 12000);
  CHECK_PTR (MIR_realloc (&zone->alloc, block, 10000, 5100), block); /* more than half of it */
  block = (char *) MIR_realloc (&zone->alloc, block, 5100, 20);
  REQUIRE (block != NULL);
  CHECK (is_filled (block, 20, 5) && MIR_zone_bytes (zone) < 1536);
  finish ();
}

static void the_old_size_is_not_believed (void) {
  start ();
  char *block = (char *) MIR_realloc (&zone->alloc, get (100, 7), 3, 3000);
  REQUIRE (block != NULL);
  CHECK (is_filled (block, 100, 7));
  block = (char *) MIR_realloc (&zone->alloc, block, SIZE_MAX, 9000);
  REQUIRE (block != NULL);
  CHECK (is_filled (block, 100, 7));
  block = (char *) MIR_realloc (&zone->alloc, block, 0, 50);
  REQUIRE (block != NULL);
  CHECK (is_filled (block, 50, 7));
  finish ();
}

/*---------------- Refusals -----------------------------*/

static void a_refused_chunk_may_be_smaller (void) {
  start ();
  while (MIR_zone_bytes (zone) < 100000) get (1000, 1);
  for (int i = 0; i < 100; i++) {
    probe_alloc_fail_after (&probe, 0, 0); /* one refusal at the next call, if any comes */
    size_t failed = probe.failed, bytes = MIR_zone_bytes (zone);
    get (1000, 2);
    if (probe.failed != failed) CHECK (MIR_zone_bytes (zone) - bytes < 1100);
  }
  CHECK (probe.failed > 0);
  finish ();
}

static void creating_may_be_refused (void) {
  MIR_zone_t none = (MIR_zone_t) (void *) &probe;
  probe_alloc_init (&probe);
  probe_alloc_fail_after (&probe, 0, 1);
  CHECK_INT (MIR_zone_create (&probe.alloc, &none), MIR_HEAP_NO_MEMORY);
  CHECK_PTR (none, &probe);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* What happens to the block I; on failure it stays as it was.  */
static char *owned[6];
static size_t owned_sizes[6];

static void resize_owned (int i, size_t size) {
  char *block = (char *) MIR_realloc (&zone->alloc, owned[i], owned_sizes[i], size);
  if (block == NULL) return;
  owned[i] = block;
  owned_sizes[i] = size;
  fill (block, size, (unsigned) i);
}

static void step (int i) {
  static const size_t sizes[] = {100, LARGE, 3000, 2 * LARGE, 1900, 300000, 12 * LARGE};
  if (i % 9 != 8) {
    resize_owned (i % 6, sizes[i * 5 % 7]);
    return;
  }
  char *gone = owned[i % 6];
  owned[i % 6] = NULL;
  owned_sizes[i % 6] = 0;
  MIR_free (&zone->alloc, gone);
}

static jmp_buf out;
static size_t reallocs; /* passed on */

static void *jumping_malloc (size_t size, void *user_data) {
  void *block = MIR_malloc ((MIR_alloc_t) user_data, size);
  if (block == NULL) longjmp (out, 1);
  return block;
}

static void *jumping_calloc (size_t num, size_t size, void *user_data) {
  void *block = MIR_calloc ((MIR_alloc_t) user_data, num, size);
  if (block == NULL) longjmp (out, 1);
  return block;
}

static void *jumping_realloc (void *ptr, size_t old_size, size_t size, void *user_data) {
  void *block = MIR_realloc ((MIR_alloc_t) user_data, ptr, old_size, size);
  reallocs++;
  if (block == NULL) longjmp (out, 1);
  return block;
}

static void jumping_free (void *ptr, void *user_data) {
  MIR_free ((MIR_alloc_t) user_data, ptr);
}

static struct MIR_alloc jumping = {jumping_malloc, jumping_calloc, jumping_realloc, jumping_free,
                                   &probe.alloc};

static void create_over_jumping (void) {
  if (setjmp (out) == 0)
    CHECK_INT (MIR_zone_create (&jumping, &zone), MIR_HEAP_OK);
  else
    zone = NULL;
}

static void step_or_jump (int i) {
  if (setjmp (out) == 0) step (i);
}

/* The allocator below leaves its N-th call by longjmp: the zone is whole, no lock is held, every
   block is as it was, and all memory goes back at the end, though nothing else is freed.  */
static void the_one_below_may_leave_by_longjmp (void) {
  for (int forever = 0; forever < 2; forever++)
    for (long n = 0, failed = 1; failed != 0; n++) {
      probe_alloc_init (&probe);
      memset (owned, 0, sizeof (owned));
      memset (owned_sizes, 0, sizeof (owned_sizes));
      probe_alloc_fail_after (&probe, n, forever);
      create_over_jumping ();
      for (int i = 0; zone != NULL && i < 60; i++) step_or_jump (i);
      for (unsigned i = 0; i < 6; i++) CHECK (is_filled (owned[i], owned_sizes[i], i));
      failed = (long) probe.failed;
      if (zone != NULL) CHECK_INT (MIR_zone_bytes (zone), probe.live_bytes);
      finish ();
      REQUIRE (n < 1000);
    }
  CHECK (reallocs != 0 || seen_is_checked ());
}

/*---------------- Many zones, many threads -----------------------------*/

enum { ZONES = 6, BLOCKS = 60 };

static struct {
  MIR_zone_t zone;
  struct {
    char *block;
    size_t size;
    unsigned seed;
  } blocks[BLOCKS];
} models[ZONES];

static size_t random_size (void) {
  static const size_t most[] = {16, 40, 64, 200, 600, 2000, 5000, 30000};
  uint64_t r = tap_random ();
  return (size_t) (r >> 8) % (most[r % 8] + 1);
}

/* Do something at random to a block of the zone I, and compare it with the model before.  */
static void change_block (int i) {
  int at = (int) (tap_random () % BLOCKS);
  char *block = models[i].blocks[at].block;
  size_t old = models[i].blocks[at].size, size = random_size ();
  MIR_alloc_t alloc = &models[i].zone->alloc;
  CHECK (is_filled (block, old, models[i].blocks[at].seed));
  switch (tap_random () % 4) {
    case 0:
      MIR_free (alloc, block);
      block = NULL;
      size = 0;
      break;
    case 1:
      MIR_free (alloc, block);
      block = (char *) MIR_calloc (alloc, 1, size);
      REQUIRE (block != NULL);
      for (size_t j = 0; j < size; j++)
        if (block[j] != 0) CHECK_INT (j, -1);
      break;
    default:
      block = (char *) MIR_realloc (alloc, block, old, size);
      REQUIRE (block != NULL);
      CHECK (is_filled (block, old < size ? old : size, models[i].blocks[at].seed));
  }
  models[i].blocks[at].block = block;
  models[i].blocks[at].size = size;
  fill (block, size, models[i].blocks[at].seed = (unsigned) tap_random ());
}

static void end_model (int i) {
  for (int j = 0; j < BLOCKS; j++)
    CHECK (
        is_filled (models[i].blocks[j].block, models[i].blocks[j].size, models[i].blocks[j].seed));
  MIR_zone_finish (models[i].zone);
  memset (&models[i], 0, sizeof (models[i]));
}

static void random_operations_agree_with_a_model (void) {
  probe_alloc_init (&probe);
  memset (models, 0, sizeof (models));
  for (size_t n = 0; n < tap_scaled (100000); n++) {
    int i = (int) (tap_random () % ZONES);
    if (models[i].zone == NULL)
      REQUIRE (MIR_zone_create (&probe.alloc, &models[i].zone) == MIR_HEAP_OK);
    if (n % 4096 == 0)
      end_model (i); /* with its blocks */
    else
      change_block (i);
    if (n % 1024 != 0) continue;
    size_t bytes = 0;
    for (int j = 0; j < ZONES; j++)
      if (models[j].zone != NULL) bytes += MIR_zone_bytes (models[j].zone);
    CHECK_INT (bytes, probe.live_bytes);
  }
  for (int i = 0; i < ZONES; i++) end_model (i);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void thousands_of_zones_live_at_once (void) {
  size_t num = tap_scaled (10000);
  MIR_zone_t *zones = (MIR_zone_t *) calloc (num, sizeof (zones[0]));
  char *(*blocks)[3] = (char *(*) [3]) calloc (num, sizeof (blocks[0]));
  REQUIRE (zones != NULL && blocks != NULL);
  for (size_t i = 0; i < num; i++) {
    REQUIRE (MIR_zone_create (NULL, &zone) == MIR_HEAP_OK);
    zones[i] = zone;
    for (unsigned j = 0; j < 3; j++) blocks[i][j] = get (50 + 900 * j, (unsigned) i + j);
  }
  for (size_t i = 0; i < num; i++) {
    size_t at = i * 7919 % num; /* a prime: every zone once, in another order */
    for (unsigned j = 0; j < 3; j++)
      CHECK (zones[at] != NULL && is_filled (blocks[at][j], 50 + 900 * j, (unsigned) at + j));
    MIR_zone_finish (zones[at]);
    zones[at] = NULL;
  }
  free (zones);
  free (blocks);
}

enum { THREADS = 4, RING = 64 };

static _Atomic (char *) ring[RING]; /* blocks on their way from one thread to another */

/* Exchange a new block for one that another thread has made, and free or resize that.  */
static void *exchange (void *arg) {
  uint64_t state = (uintptr_t) arg;
  size_t wrong = 0;
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    size_t size = 1 + (size_t) (state >> 40) % (i % 50 == 0 ? 2 * LARGE : 400);
    char *block = (char *) MIR_malloc (&zone->alloc, size);
    if (block != NULL) block[0] = block[size - 1] = 'x';
    block = atomic_exchange (&ring[(state >> 33) % RING], block);
    if (block == NULL) continue;
    wrong += block[0] != 'x';
    block[0] = 'y'; /* no other thread has it */
    if (state >> 63) block = (char *) MIR_realloc (&zone->alloc, block, 1, 1000);
    wrong += block == NULL || block[0] != 'y';
    MIR_free (&zone->alloc, block);
  }
  return (void *) (wrong + conformance_churn (&zone->alloc, state, tap_scaled (10000)));
}

static void any_thread_frees_any_block (void) {
  pthread_t threads[THREADS];
  start ();
  memset ((void *) ring, 0, sizeof (ring));
  for (uintptr_t i = 0; i < THREADS; i++)
    REQUIRE (pthread_create (&threads[i], NULL, exchange, (void *) (i + 1)) == 0);
  for (int i = 0; i < THREADS; i++) {
    void *wrong;
    pthread_join (threads[i], &wrong);
    CHECK_INT ((size_t) wrong, 0);
  }
  CHECK_INT (MIR_zone_bytes (zone), probe.live_bytes);
  finish (); /* what is left in the ring ends with the zone */
}

static void a_context_runs_on_it (void) {
  REQUIRE (MIR_zone_create (NULL, &zone) == MIR_HEAP_OK);
  MIR_context_t ctx = MIR_init2 (&zone->alloc, NULL);
  REQUIRE (ctx != NULL);
  CHECK_PTR (MIR_get_alloc (ctx), &zone->alloc);
  MIR_finish (ctx);
  MIR_zone_finish (zone);
  MIR_zone_finish (NULL);
}

/*---------------- Misuse -----------------------------*/

static const char *misuse_of; /* which */

/* Never returns 0: the process ends by a signal before.  */
static int misuse (void) {
  static char bytes[64];
  MIR_zone_t other;
  if (MIR_zone_create (NULL, &zone) != MIR_HEAP_OK || MIR_zone_create (NULL, &other) != MIR_HEAP_OK)
    return 99;
  MIR_alloc_t alloc = &zone->alloc;
  char *small = (char *) MIR_calloc (alloc, 1, 40), *next = (char *) MIR_calloc (alloc, 1, 40);
  char *large = (char *) MIR_calloc (alloc, 1, LARGE);
  const char *what = misuse_of;
  if (strcmp (what, "small, twice") == 0) MIR_free (alloc, small);
  if (strcmp (what, "resized after free") == 0) MIR_free (alloc, small);
  if (strcmp (what, "resized after free") == 0) MIR_realloc (alloc, small, 40, 41);
  if (strcmp (what, "of another zone") == 0) small = (char *) MIR_malloc (&other->alloc, 40);
  if (strcmp (what, "large, of another zone") == 0)
    small = (char *) MIR_malloc (&other->alloc, LARGE);
  if (strcmp (what, "inside a block") == 0) small += 16;
  if (strcmp (what, "one byte into a block") == 0) small++;
  if (strcmp (what, "inside a large block") == 0) small = large + 4096;
  if (strcmp (what, "no block") == 0) small = bytes + 32;
  if (strcmp (what, "one byte too far") == 0) small[40] ^= 1, small = next;
  if (strcmp (what, "one byte before") == 0) small[-1] ^= 1;
  if (strcmp (what, "copied with its header") == 0) {
    memcpy (large + 8, small - 8, 48);
    small = large + 16;
  }
  if (strcmp (what, "link overwritten") == 0) {
    MIR_free (alloc, next);
    MIR_free (alloc, small);
    char *pointer = bytes + 32;
    memcpy (small, &pointer, sizeof (pointer));
    MIR_malloc (alloc, 40);
    MIR_malloc (alloc, 40);
  }
  if (strcmp (what, "freed header overwritten") == 0) {
    MIR_free (alloc, next);
    small[40] ^= 1;
    MIR_malloc (alloc, 40);
  }
  MIR_free (alloc, small);
  return 99;
}

static void ends_with (const char *what, const char *expected) {
  char text[4000];
  misuse_of = what;
  struct child_end end = run_child (misuse, text, sizeof (text));
  if (end.signal == 0) tap_note ("%s: status %d", what, end.status);
  CHECK (end.signal != 0);
  if (strstr (text, expected) == NULL) tap_note ("%s: %s", what, text);
  CHECK (strstr (text, expected) != NULL);
}

static void bad_pointers_end_the_process (void) {
  ends_with ("small, twice", ": freed twice");
  ends_with ("resized after free", ": freed twice");
  ends_with ("of another zone", ": not a live block of this allocator");
  if (tap_scaled (100) < 10)
    return; /* valgrind looks for leaks, for long, when a signal ends a process */
  ends_with ("large, of another zone", ": not a live block of this allocator");
  ends_with ("inside a block", ": not a live block of this allocator");
  ends_with ("one byte into a block", ": not a live block of this allocator");
  ends_with ("inside a large block", ": not a live block of this allocator");
  ends_with ("no block", ": not a live block of this allocator");
}

static void damage_ends_the_process (void) {
  if (seen_is_checked ()) tap_skip ("the memory checker reports it first");
  ends_with ("one byte too far", ": not a live block of this allocator");
  ends_with ("one byte before", ": not a live block of this allocator");
  ends_with ("copied with its header", ": not a live block of this allocator");
  ends_with ("link overwritten", ": written to after it was freed");
  ends_with ("freed header overwritten", ": written to after it was freed");
}

static void checkers_see_blocks_and_headers (void) {
  if (!seen_is_checked ()) tap_skip ("no memory checker runs this");
  start ();
  char *block = get (41, 1), *next = get (24, 2), *large = get (LARGE, 3);
  CHECK (seen_is_closed (block - 1) && seen_is_closed (block - 8));
  CHECK (!seen_is_closed (block) && !seen_is_closed (block + 40) && seen_is_closed (block + 41));
  CHECK (!seen_is_closed (next + 23) && seen_is_closed (next + 24));
  CHECK (seen_is_closed (large - 1) && !seen_is_closed (large + LARGE - 1));
  MIR_free (&zone->alloc, block);
  CHECK (seen_is_closed (block) && seen_is_closed (block + 40) && seen_is_closed (block - 1));
  CHECK_PTR (get (50, 4), block);
  CHECK (!seen_is_closed (block + 49) && seen_is_closed (block + 50));
  CHECK_PTR (MIR_realloc (&zone->alloc, block, 50, 40), block);
  CHECK (!seen_is_closed (block + 39) && seen_is_closed (block + 40));
  CHECK_PTR (MIR_realloc (&zone->alloc, block, 40, 52), block);
  CHECK (!seen_is_closed (block + 51) && seen_is_closed (block + 52));
  CHECK_PTR (MIR_realloc (&zone->alloc, large, LARGE, 4200), large);
  CHECK (!seen_is_closed (large + 4199) && seen_is_closed (large + 4200));
  CHECK_PTR (MIR_realloc (&zone->alloc, large, 4200, 4500), large);
  CHECK (!seen_is_closed (large + 4499) && seen_is_closed (large + 4500));
  char *moved = (char *) MIR_realloc (&zone->alloc, next, 24, 500);
  REQUIRE (moved != NULL);
  CHECK (seen_is_closed (next) && !seen_is_closed (moved + 499) && seen_is_closed (moved + 500));
  finish ();
}

int main (void) {
  TEST_RUN (a_zone_is_one_block_at_first);
  TEST_RUN (a_small_context_is_small);
  TEST_RUN (every_size_has_its_bytes);
  TEST_RUN (freed_memory_is_used_again);
  TEST_RUN (large_slots_are_cut_into_small_ones);
  TEST_RUN (the_rest_of_a_chunk_is_used);
  TEST_RUN (large_blocks_return_at_once);
  TEST_RUN (the_end_takes_chunks_not_blocks);
  TEST_RUN (blocks_grow_within_their_slots);
  TEST_RUN (shrinking_never_fails);
  TEST_RUN (shrinking_frees);
  TEST_RUN (the_old_size_is_not_believed);
  TEST_RUN (a_refused_chunk_may_be_smaller);
  TEST_RUN (creating_may_be_refused);
  TEST_RUN (the_one_below_may_leave_by_longjmp);
  TEST_RUN (random_operations_agree_with_a_model);
  TEST_RUN (thousands_of_zones_live_at_once);
  TEST_RUN (any_thread_frees_any_block);
  TEST_RUN (a_context_runs_on_it);
  TEST_RUN (bad_pointers_end_the_process);
  TEST_RUN (damage_ends_the_process);
  TEST_RUN (checkers_see_blocks_and_headers);
  return tap_done ();
}
