/* Random operations of every kind, compared with a model after each: several writers, reservations,
   batches, frees with and without grace periods, patches, queries, cells, trims, limits, refusals;
   over each back end at each level.  TAP_SCALE=1000 makes the longest run a million operations.  */
#include "code/model-events.h"
#include "code/model.h"

#include <stdio.h>

/* Whether LIMIT is wrong where only the alignment makes a room too short.  */
enum { ALIGNED_ROOM_IS_FOUND = 1 };

enum { WRITERS = 4, PERIODS = 4, CELLS = 40, CHECKED_EACH = 64, COMPARED_EACH = 1000 };

struct model_writer {
  MIR_code_writer_t writer; /* NULL: none */
  int batching;
  struct model_block *reserved; /* NULL: none */
  MIR_code_place_t place;
};

static struct model_writer writers[WRITERS];
static struct {
  MIR_code_grace_t grace;
  uint64_t begun;
} periods[PERIODS];
static unsigned periods_num;
static uint64_t periods_begun, published, published_bytes, patched, last_calls;
static MIR_code_cell_t *cells[CELLS];
static size_t failed_before, refusals, limits, longest;
static int refusing; /* memory and pages are refused at random */

/*---------------- Refusals -----------------------------*/

/* Let the next operation find memory, or its pages, refused.  */
static void maybe_refuse (void) {
  uint64_t r = tap_random ();
  failed_before = data.failed;
  if (!refusing || r % 4 != 0) return;
  if (!over_pages || r >> 8 & 1)
    probe_alloc_fail_after (&data, (long) (r >> 16 & 3), r >> 24 & 1);
  else if (r >> 9 & 1)
    pages.fail_map_in = 0;
  else
    pages.fail_protects = 1ull << (r >> 16 & 3);
}

/* Let every allocation fail: the next operation needs none.  */
static void refuse_memory (void) {
  probe_alloc_fail_after (&data, 0, 1);
}

/* Let the next operation, which poisons, find a protection refused.  */
static void maybe_refuse_poison (void) {
  uint64_t r = tap_random ();
  if (refusing && over_pages && options.poison != MIR_CODE_KEEP && r % 4 == 0)
    pages.fail_protects = 1ull << (r >> 16 & 3);
}

static void refuse_nothing (void) {
  probe_alloc_fail_after (&data, -1, 0);
  if (!over_pages) return;
  pages.fail_map_in = -1;
  pages.fail_protects = 0;
}

/* LIMIT is right only if no free room fits and no mapping of the size either.  */
static void check_limit (size_t len, size_t alignment) {
  size_t size = model_round (len) + GRANULE, page = mir_os_page_size ();
  CHECK (options.max_bytes != 0 || options.reserve != 0);
  limits++;
  if (!model_hooked) return;
  if (alignment < GRANULE) alignment = GRANULE;
  CHECK (ALIGNED_ROOM_IS_FOUND ? !model_has_room (size, alignment)
                               : !model_has_room (size + alignment - GRANULE, GRANULE));
  if (options.max_bytes != 0)
    CHECK (model_used_mappings () + (size + alignment - GRANULE + page - 1) / page * page
           > options.max_bytes);
}

/* Check that the failure STATUS of an operation that needs LEN bytes has a cause.  */
static void check_refused (MIR_code_status_t status, size_t len, size_t alignment) {
  refusals++;
  if (status == MIR_CODE_NO_MEMORY)
    CHECK (data.failed > failed_before);
  else if (status == MIR_CODE_MAP_REFUSED || status == MIR_CODE_WRITE_REFUSED)
    CHECK (refusing && over_pages);
  else if (status == MIR_CODE_LIMIT)
    check_limit (len, alignment);
  else
    CHECK_INT (status, MIR_CODE_OK);
}

/*---------------- Checks -----------------------------*/

/* Query ADDR and compare with BLOCK, which holds it; NULL: none does.  */
static void check_query (const uint8_t *addr, const struct model_block *block) {
  MIR_code_piece_t found = {.size = sizeof (found)};
  refuse_memory ();
  MIR_code_status_t status = MIR_code_query (space, addr, &found);
  refuse_nothing ();
  if (block != NULL && block->state == MODEL_RESERVED && status == MIR_CODE_NOT_OURS) return;
  CHECK_INT (status, block != NULL ? MIR_CODE_OK : MIR_CODE_NOT_OURS);
  if (block == NULL || status != MIR_CODE_OK) return;
  CHECK_PTR (found.start, block->addr);
  CHECK_INT (found.freed != 0, block->state != MODEL_LIVE);
  if (block->state == MODEL_RESERVED) return;
  CHECK_INT (found.len, block->size);
  CHECK_INT (found.tag, block->tag);
}

/* The size of the new block at ADDR, of LEN bytes.  */
static size_t size_of (const uint8_t *addr, size_t len) {
  MIR_code_piece_t found = {.size = sizeof (found)};
  REQUIRE (MIR_code_query (space, addr, &found) == MIR_CODE_OK);
  CHECK (found.len >= model_round (len) && found.len <= model_round (len) + GRANULE);
  return found.len;
}

static void check_block (const struct model_block *block) {
  if (block->state == MODEL_LIVE || block->state == MODEL_WAITING) model_check_contents (block);
  check_query (block->addr + tap_random () % block->size, block);
}

/* Check the neighbours of ADDR: where something was written or freed.  */
static void check_around (const uint8_t *addr) {
  unsigned i = model_count_below (addr);
  for (unsigned n = i < 2 ? 0 : i - 2; n < i + 1 && n < model_order_num; n++)
    check_block (&model_blocks[model_order[n]]);
}

struct totals {
  size_t num[MODEL_RESERVED + 1], size[MODEL_RESERVED + 1], len;
};

static struct totals count_all (void) {
  struct totals totals = {{0}, {0}, 0};
  for (unsigned i = 0; i < model_order_num; i++) {
    const struct model_block *block = &model_blocks[model_order[i]];
    totals.num[block->state]++;
    totals.size[block->state] += block->size;
    if (block->state == MODEL_BATCHED) totals.len += block->len;
  }
  return totals;
}

static size_t count_writers (void) {
  size_t num = 0;
  for (int i = 0; i < WRITERS; i++) num += writers[i].writer != NULL;
  return num;
}

/* Blocks of open batches and reservations may be counted already.  */
static void check_stats (void) {
  struct totals totals = count_all ();
  MIR_code_stats_t seen = stats ();
  CHECK (seen.pieces >= totals.num[MODEL_LIVE]);
  CHECK (seen.pieces - totals.num[MODEL_LIVE]
         <= totals.num[MODEL_BATCHED] + totals.num[MODEL_RESERVED]);
  CHECK (seen.piece_bytes >= totals.size[MODEL_LIVE]);
  CHECK (seen.piece_bytes - totals.size[MODEL_LIVE]
         <= totals.size[MODEL_BATCHED] + totals.size[MODEL_RESERVED]);
  CHECK_INT (seen.freed, totals.num[MODEL_WAITING]);
  CHECK_INT (seen.freed_bytes, totals.size[MODEL_WAITING]);
  CHECK (seen.published >= published && seen.published - published <= totals.num[MODEL_BATCHED]);
  CHECK (seen.published_bytes >= published_bytes
         && seen.published_bytes - published_bytes <= totals.len);
  CHECK_INT (seen.patched, patched);
  CHECK_INT (seen.writers, count_writers ());
  CHECK_INT (seen.bookkeeping_bytes, data.live_bytes);
  CHECK (seen.system_calls >= last_calls);
  CHECK (seen.peak_mapped_bytes >= seen.mapped_bytes);
  if (options.max_bytes != 0) CHECK (seen.peak_mapped_bytes <= options.max_bytes);
  last_calls = seen.system_calls;
  if (!model_hooked) return;
  CHECK_INT (seen.mapped_bytes, model_mapped);
  CHECK_INT (seen.mappings, model_mappings_num);
  CHECK (seen.peak_mapped_bytes >= model_peak);
}

static void check_all (void) {
  CHECK (mir_space_check (space));
  CHECK_INT (probe_alloc_check (&data), 0);
  check_stats ();
  for (unsigned i = 0; i < model_order_num; i++) check_block (&model_blocks[model_order[i]]);
}

/*---------------- Publishing -----------------------------*/

/* A length between 1 and `longest`, log-normal around 512: the median and the deviation of the
   functions of a JIT compiler, and now and then of anything.  */
static size_t random_len (void) {
  uint64_t r = tap_random ();
  int64_t sum = 0, log2; /* both in units of 1 / 65536 */
  for (int i = 0; i < 4; i++) sum += (int64_t) (r >> 16 * i & 0xffff);
  log2 = (9 << 16) + (sum - (2 << 16)) * (tap_random () % 64 == 0 ? 11 : 3);
  if (log2 < 0) return 1;
  size_t len = (size_t) (((uint64_t) (0x10000 + (log2 & 0xffff)) << (log2 >> 16)) >> 16);
  return len > longest ? longest : len;
}

static struct model_block new_block (void) {
  static const char *const names[] = {NULL, "a", "function", "another function"};
  struct model_block block = {.len = random_len (), .seed = tap_random ()};
  block.value = (uint32_t) (block.seed >> 32);
  if (block.seed % 3 == 0) block.tag = block.seed | 1;
  events_name = names[tap_random () % 4];
  return block;
}

/* Give BLOCK, which STATUS says was published by W, to the model.  */
static void add (const struct model_writer *w, struct model_block *block) {
  block->state = w->batching ? MODEL_BATCHED : MODEL_LIVE;
  block->batch = (unsigned) (w - writers);
  block->size = size_of (block->addr, block->len);
  check_around (model_add (block)->addr);
  if (w->batching) return;
  published++;
  published_bytes += block->len;
}

static void publish_one (struct model_writer *w) {
  static uint8_t bytes[MODEL_LONGEST + 4096];
  struct model_block block = new_block ();
  MIR_code_info_t info = {sizeof (info), events_name, block.tag};
  uint8_t *addr = NULL;
  model_fill (bytes, &block);
  events_expect (w->batching ? NULL : &block);
  maybe_refuse ();
  MIR_code_status_t status = MIR_code_publish (w->writer, bytes, block.len, &info, &addr);
  refuse_nothing ();
  CHECK_INT (events_told (), model_hooked && status == MIR_CODE_OK && !w->batching);
  if (status != MIR_CODE_OK) {
    CHECK_PTR (addr, NULL);
    check_refused (status, block.len, 0);
    return;
  }
  if (model_hooked && !w->batching) CHECK_PTR (addr, block.addr);
  block.addr = addr;
  add (w, &block);
}

static void reserve_one (struct model_writer *w) {
  struct model_block block = {.len = random_len (), .state = MODEL_RESERVED};
  size_t alignment = tap_random () % 2 == 0 ? 0 : (size_t) 1 << tap_random () % 13;
  maybe_refuse ();
  w->place.size = sizeof (w->place);
  MIR_code_status_t status = MIR_code_reserve (w->writer, block.len, alignment, &w->place);
  refuse_nothing ();
  if (status != MIR_CODE_OK) {
    check_refused (status, block.len, alignment);
    return;
  }
  if (alignment != 0) CHECK_INT ((uintptr_t) w->place.addr % alignment, 0);
  CHECK (w->place.len >= block.len);
  block.addr = w->place.addr;
  block.size = w->place.len;
  w->reserved = model_add (&block);
  memset (w->place.buffer, 0x5a, w->place.len);
  check_around (block.addr);
}

static void commit_one (struct model_writer *w) {
  struct model_block block = new_block ();
  MIR_code_info_t info = {sizeof (info), events_name, block.tag};
  if (tap_random () % 2 == 0)
    block.len = w->reserved->len;
  else if (block.len > w->place.len)
    block.len = w->place.len;
  block.addr = w->place.addr;
  model_fill (w->place.buffer, &block);
  events_expect (w->batching ? NULL : &block);
  maybe_refuse ();
  MIR_code_status_t status = MIR_code_commit (w->writer, block.len, &info);
  refuse_nothing ();
  CHECK_INT (events_told (), model_hooked && status == MIR_CODE_OK && !w->batching);
  if (status != MIR_CODE_OK) { /* the reservation stays */
    check_refused (status, block.len, 0);
    return;
  }
  model_remove (w->reserved);
  w->reserved = NULL;
  add (w, &block);
}

static void abort_one (struct model_writer *w) {
  refuse_memory ();
  CHECK_INT (MIR_code_abort (w->writer), MIR_CODE_OK);
  refuse_nothing ();
  model_remove (w->reserved);
  w->reserved = NULL;
}

static void grow (struct model_writer *w) {
  uint64_t r = tap_random () % 8;
  if (w->reserved == NULL)
    (r < 5 ? publish_one : reserve_one) (w);
  else
    (r < 6 ? commit_one : abort_one) (w);
}

/*---------------- Batches and writers -----------------------------*/

/* The batch of W has ended: its blocks are live, or gone.  */
static void settle_batch (struct model_writer *w, int ended_well) {
  for (unsigned i = model_num[MODEL_BATCHED]; i-- > 0;) {
    struct model_block *block = &model_blocks[model_ids[MODEL_BATCHED][i]];
    if (block->batch != (unsigned) (w - writers)) continue;
    CHECK_INT (block->told, ended_well && model_hooked);
    block->told = 0;
    if (ended_well) {
      published++;
      published_bytes += block->len;
      model_set_state (block, MODEL_LIVE);
      check_block (block);
    } else {
      model_remove (block);
    }
  }
  w->batching = 0;
}

static void begin_or_end_batch (struct model_writer *w) {
  if (w->reserved != NULL) {
    CHECK_INT (MIR_code_batch_begin (w->writer), MIR_CODE_BAD_ORDER);
    CHECK_INT (MIR_code_batch_end (w->writer), MIR_CODE_BAD_ORDER);
    return;
  }
  events_expect (NULL);
  maybe_refuse ();
  MIR_code_status_t status =
      w->batching ? MIR_code_batch_end (w->writer) : MIR_code_batch_begin (w->writer);
  refuse_nothing ();
  if (status != MIR_CODE_OK) check_refused (status, 0, 0);
  if (w->batching)
    settle_batch (w, status == MIR_CODE_OK);
  else
    w->batching = status == MIR_CODE_OK;
}

static void finish_writer (struct model_writer *w) {
  events_expect (NULL);
  refuse_memory ();
  MIR_code_writer_finish (w->writer);
  refuse_nothing ();
  if (w->reserved != NULL) model_remove (w->reserved);
  settle_batch (w, 0);
  memset (w, 0, sizeof (*w));
}

static void create_writer (struct model_writer *w) {
  maybe_refuse ();
  MIR_code_status_t status = MIR_code_writer_create (space, &w->writer);
  refuse_nothing ();
  if (status == MIR_CODE_OK) return;
  w->writer = NULL;
  check_refused (status, 0, 0);
}

/*---------------- Giving back -----------------------------*/

static void free_one (struct model_writer *w) {
  (void) w;
  if (model_num[MODEL_LIVE] == 0) return;
  struct model_block *block = model_any (MODEL_LIVE);
  uint8_t *addr = block->addr;
  check_block (block);
  refuse_memory ();
  if (tap_random () % 2 == 0) {
    events_release (block, 0);
    maybe_refuse_poison ();
    MIR_code_status_t status = MIR_code_free_now (space, addr);
    CHECK_INT (block->released, model_hooked && status == MIR_CODE_OK);
    if (status == MIR_CODE_OK)
      model_remove (block);
    else /* it stays as it was */
      check_refused (status, 0, 0);
  } else {
    CHECK_INT (MIR_code_free (space, addr), MIR_CODE_OK);
    block->period = periods_begun;
    model_set_state (block, MODEL_WAITING);
  }
  refuse_nothing ();
  check_around (addr);
}

static void reclaim_one (struct model_writer *w) {
  (void) w;
  if (periods_num < PERIODS && tap_random () % 3 != 0) {
    periods[periods_num].grace = MIR_code_grace_begin (space);
    periods[periods_num++].begun = ++periods_begun;
    return;
  }
  if (periods_num == 0) return;
  unsigned i = (unsigned) tap_random () % periods_num;
  events_release (NULL, periods[i].begun);
  refuse_memory ();
  maybe_refuse_poison ();
  MIR_code_status_t status = MIR_code_reclaim (space, periods[i].grace);
  refuse_nothing ();
  if (status != MIR_CODE_OK) { /* some have stayed: they are as they were, and are tried again */
    check_refused (status, 0, 0);
    for (unsigned n = model_num[MODEL_WAITING]; n-- > 0;) {
      struct model_block *block = &model_blocks[model_ids[MODEL_WAITING][n]];
      if (block->released)
        model_remove (block);
      else
        check_block (block);
    }
    CHECK_INT (MIR_code_reclaim (space, periods[i].grace), MIR_CODE_OK);
  }
  for (unsigned n = model_num[MODEL_WAITING]; n-- > 0;) {
    struct model_block *block = &model_blocks[model_ids[MODEL_WAITING][n]];
    int over = block->period < periods[i].begun;
    CHECK_INT (block->released, over && model_hooked);
    if (over) model_remove (block);
  }
  periods[i] = periods[--periods_num];
  check_stats ();
}

/* What is not published, or not the start of a block, cannot be freed.  */
static void free_wrongly (struct model_writer *w) {
  (void) w;
  if (model_order_num == 0) return;
  const struct model_block *block = &model_blocks[model_order[tap_random () % model_order_num]];
  const uint8_t *addr = block->addr;
  if (block->state == MODEL_LIVE) addr += 1 + tap_random () % block->size;
  const struct model_block *there = model_find (addr);
  if (there != NULL && there->addr == addr && there->state == MODEL_LIVE) return;
  CHECK_INT (MIR_code_free (space, addr), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_free_now (space, addr), MIR_CODE_NOT_OURS);
  check_block (block);
}

/* Whether the system keeps the memory of empty mappings, which then stay: that of sealed files.  */
static int keeps_mappings (void) {
  return options.protection == MIR_CODE_SEALED && strcmp (stats ().backend, "anon") != 0;
}

static void trim (struct model_writer *w) {
  (void) w;
  refuse_memory ();
  (void) MIR_code_trim (space);
  refuse_nothing ();
  if (model_hooked && !keeps_mappings ()) CHECK_INT (model_used_mappings (), model_mapped);
  check_all ();
}

/*---------------- Changing -----------------------------*/

/* Replace all of BLOCK: another function, other bytes.  */
static void replace (struct model_block *block) {
  struct model_block changed = *block;
  changed.seed = tap_random ();
  changed.value = (uint32_t) (changed.seed >> 32);
  changed.patches_num = 0;
  static uint8_t bytes[MODEL_LONGEST + 4096];
  model_fill (bytes, &changed);
  maybe_refuse ();
  MIR_code_status_t status = MIR_code_patch_stopped (space, block->addr, bytes, block->len);
  refuse_nothing ();
  if (status == MIR_CODE_OK) {
    patched++;
    *block = changed;
  } else {
    check_refused (status, 0, 0);
  }
}

/* Change the function, which fits in a word on some CPUs.  */
static void patch_function (struct model_block *block) {
  uint8_t bytes[CODE_LEN];
  uint32_t value = (uint32_t) tap_random ();
  code_returning (bytes, value);
  maybe_refuse ();
  MIR_code_status_t status = MIR_code_patch (space, block->addr, bytes, CODE_LEN);
  refuse_nothing ();
  if (status == MIR_CODE_NOT_ATOMIC) return;
  if (status == MIR_CODE_OK) {
    patched++;
    block->value = value;
  } else {
    check_refused (status, 0, 0);
  }
}

/* Change bytes within a word, behind the function.  */
static void patch_bytes (struct model_block *block) {
  struct model_patch patch = {.seed = tap_random ()};
  uint8_t bytes[8];
  size_t first = block->len > CODE_LEN ? CODE_LEN : 0;
  patch.offset = first + tap_random () % (block->len - first);
  patch.len = 8 - ((uintptr_t) block->addr + patch.offset) % 8;
  if (patch.len > block->len - patch.offset) patch.len = block->len - patch.offset;
  model_pattern (bytes, patch.len, patch.seed);
  maybe_refuse ();
  MIR_code_status_t status = MIR_code_patch (space, block->addr + patch.offset, bytes, patch.len);
  refuse_nothing ();
  if (status == MIR_CODE_NOT_ATOMIC) return;
  if (status == MIR_CODE_OK) {
    patched++;
    block->patches[block->patches_num++] = patch;
  } else {
    check_refused (status, 0, 0);
  }
}

static void patch_one (struct model_writer *w) {
  (void) w;
  if (model_num[MODEL_LIVE] == 0) return;
  struct model_block *block = model_any (MODEL_LIVE);
  if (block->patches_num == MODEL_PATCHES || tap_random () % 4 == 0 || block->len == CODE_LEN)
    replace (block);
  else if (CODE_LEN <= 8 && block->len >= CODE_LEN && tap_random () % 2 == 0)
    patch_function (block);
  else
    patch_bytes (block);
  check_around (block->addr);
}

/* What is not wholly published, or free, cannot be patched.  */
static void patch_wrongly (struct model_writer *w) {
  (void) w;
  if (model_order_num == 0) return;
  const struct model_block *block = &model_blocks[model_order[tap_random () % model_order_num]];
  uint8_t byte[2] = {0, 0}, *last = block->addr + block->size - 1;
  if (block->state == MODEL_BATCHED || block->state == MODEL_RESERVED) {
    CHECK_INT (MIR_code_patch_stopped (space, block->addr, byte, 1), MIR_CODE_NOT_OURS);
    MIR_code_status_t status = MIR_code_patch (space, block->addr, byte, 1);
    CHECK (status == MIR_CODE_NOT_OURS || status == MIR_CODE_NOT_ATOMIC);
    return;
  }
  CHECK_INT (MIR_code_patch_stopped (space, last, byte, 2), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_patch (space, last, byte, 2), MIR_CODE_NOT_ATOMIC);
  if (model_find (last + 1) == NULL)
    CHECK_INT (MIR_code_patch_stopped (space, last + 1, byte, 1), MIR_CODE_NOT_OURS);
  check_around (block->addr);
}

/*---------------- Queries and cells -----------------------------*/

static void query_some (struct model_writer *w) {
  (void) w;
  if (model_order_num > 0) {
    const struct model_block *block = &model_blocks[model_order[tap_random () % model_order_num]];
    const uint8_t *bound = block->addr + block->size;
    check_query (block->addr, block);
    check_query (bound - 1, block);
    check_query (bound, model_find (bound));
    check_query (block->addr - 1, model_find (block->addr - 1));
  }
  if (model_mappings_num > 0) {
    const struct model_mapping *mapping = &model_mappings[tap_random () % model_mappings_num];
    const uint8_t *addr = mapping->start + tap_random () % mapping->len;
    check_query (addr, model_find (addr));
  }
  check_query (NULL, NULL);
  check_query ((const uint8_t *) &options, NULL);
  check_query ((const uint8_t *) UINTPTR_MAX, NULL);
}

static void use_cell (struct model_writer *w) {
  (void) w;
  size_t i = tap_random () % CELLS;
  if (cells[i] == NULL) {
    maybe_refuse ();
    MIR_code_status_t status = MIR_code_cell_new (space, &cells[i], &cells[i]);
    refuse_nothing ();
    if (status != MIR_CODE_OK) {
      cells[i] = NULL;
      CHECK (status == MIR_CODE_NO_MEMORY || (status == MIR_CODE_LIMIT && options.reserve != 0));
      return;
    }
  }
  CHECK_PTR (MIR_code_cell_get (cells[i]), &cells[i]);
  MIR_code_cell_set (cells[i], w);
  CHECK_PTR (MIR_code_cell_get (cells[i]), w);
  MIR_code_cell_set (cells[i], &cells[i]);
  if (tap_random () % 2 != 0) return;
  MIR_code_cell_free (space, cells[i]);
  cells[i] = NULL;
}

/*---------------- Runs -----------------------------*/

struct run {
  const char *name; /* of what this run is about, beside the back end and the level */
  size_t operations, blocks, longest, writers;
  unsigned backend;
  MIR_code_protection_t protection;
  MIR_code_poison_t poison;
  size_t reserve, max_bytes;
  int pages, refusing, late_hooks;
};

static const struct run *run; /* the one under test */

/* Grow and shrink in turn, so that the number of blocks swings between few and many.  */
static void step (size_t n, size_t operations) {
  size_t phase = operations / 8 + 1, wanted = n / phase % 2 == 0 ? run->blocks : run->blocks / 50;
  uint64_t r = tap_random () % 100;
  struct model_writer *w = &writers[tap_random () % run->writers];
  if (w->writer == NULL)
    create_writer (w);
  else if (r < 60)
    (r % 4 < (model_order_num < wanted ? 3u : 1u) && model_order_num < run->blocks ? grow
                                                                                   : free_one) (w);
  else if (r < 70)
    patch_one (w);
  else if (r < 76)
    begin_or_end_batch (w);
  else if (r < 80)
    reclaim_one (w);
  else if (r < 86)
    query_some (w);
  else if (r < 90)
    use_cell (w);
  else if (r < 94)
    free_wrongly (w);
  else if (r < 98)
    patch_wrongly (w);
  else if (r == 98 && tap_random () % 20 == 0)
    trim (w);
  else if (r == 99 && tap_random () % 4 == 0)
    finish_writer (w);
  if (n % CHECKED_EACH == 0) check_stats ();
  if (n % COMPARED_EACH == 0) check_all ();
}

static void start_run (void) {
  set_defaults ();
  options.backends = run->backend;
  options.protection = run->protection;
  options.poison = run->poison;
  options.reserve = run->reserve;
  options.max_bytes = run->max_bytes;
  options.purge_ms = UINT32_MAX; /* no result depends on time */
  options.hooks = run->late_hooks ? NULL : &events_hooks;
  over_pages = run->pages;
  if (over_pages) {
    probe_code_alloc_init (&pages);
    options.code_alloc = &pages.alloc;
  }
  model_reset ();
  model_hooked = !run->late_hooks;
  events_start (run->poison);
  start_with_options ();
  MIR_code_writer_finish (writer);
  writer = NULL;
  memset (writers, 0, sizeof (writers));
  memset (cells, 0, sizeof (cells));
  periods_num = 0;
  periods_begun = published = published_bytes = patched = last_calls = 0;
  refusals = limits = 0;
  refusing = run->refusing;
  longest = run->longest;
}

/* Free everything: nothing stays mapped.  */
static void finish_run (void) {
  for (int i = 0; i < WRITERS; i++)
    if (writers[i].writer != NULL) finish_writer (&writers[i]);
  while (model_num[MODEL_LIVE] > 0) free_one (NULL);
  while (model_num[MODEL_WAITING] > 0) reclaim_one (NULL);
  check_all ();
  (void) MIR_code_trim (space);
  CHECK_INT (stats ().pieces, 0);
  if (!keeps_mappings ()) CHECK_INT (stats ().mapped_bytes, 0);
  if (!keeps_mappings ()) CHECK_INT (model_mappings_num, 0);
  for (int i = 0; i < CELLS; i++) MIR_code_cell_free (space, cells[i]);
  if (over_pages) CHECK (probe_code_all_closed (&pages));
  finish ();
}

static void operations_agree_with_the_model (void) {
  size_t operations = tap_scaled (run->operations);
  start_run ();
  for (size_t n = 0; n < operations; n++) {
    if (n >= operations / 2 && run->late_hooks && !model_hooked) {
      MIR_code_status_t set = MIR_code_set_hooks (space, &events_hooks);
      CHECK_INT (set, model_num[MODEL_BATCHED] != 0 ? MIR_CODE_BAD_ORDER : set);
      if (set == MIR_CODE_BAD_ORDER) {
        step (n, operations);
        continue;
      }
      CHECK_INT (set, MIR_CODE_OK);
      model_hooked = 1;
      for (unsigned i = 0; i < model_order_num; i++)
        CHECK (model_mapping_of (model_blocks[model_order[i]].addr) != NULL);
    }
    step (n, operations);
  }
  /* Few operations need memory: with some seeds none of them has found it refused so far.  */
  for (size_t n = operations; run->refusing && refusals == 0 && n < 20 * (operations + 1000); n++)
    step (n, 20 * (operations + 1000));
  MIR_code_stats_t seen = stats ();
  tap_note (
      "%s: %zu operations: %llu published, %llu patched, %zu refusals, %zu of them limits; "
      "%zu live in %zu bytes of %zu, at most %zu",
      seen.backend, operations, (unsigned long long) published, (unsigned long long) patched,
      refusals, limits, seen.pieces, seen.piece_bytes, seen.mapped_bytes, seen.peak_mapped_bytes);
  if (run->refusing) CHECK (refusals > 0);
  finish_run ();
}

static void run_as (const struct run *as) {
  static const char *const levels[] = {"open_alias", "closed_alias", "no_alias", "sealed"};
  char name[120];
  snprintf (name, sizeof (name), "operations_agree_with_the_model_%s_%s", as->name,
            levels[as->protection]);
  run = as;
  tap_run (name, operations_agree_with_the_model);
}

/* Each back end that this system has, at each of its levels, with each poison.  */
static void run_all_backends (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  unsigned kind = 0;
  for (unsigned bit = 1; bit <= MIR_CODE_RWX; bit <<= 1)
    for (int level = MIR_CODE_OPEN_ALIAS; level <= MIR_CODE_SEALED; level++, kind++) {
      MIR_code_options_t wanted = {.size = sizeof (wanted)};
      wanted.backends = bit;
      wanted.protection = (MIR_code_protection_t) level;
      if (MIR_code_probe (&wanted, &report) != MIR_CODE_OK) continue;
      struct run one = {.name = report.backend,
                        .operations = 3000,
                        .blocks = 300,
                        .longest = 200000,
                        .writers = WRITERS,
                        .backend = bit,
                        .protection = (MIR_code_protection_t) level,
                        .poison = (MIR_code_poison_t) (kind % 3),
                        .refusing = 1,
                        .late_hooks = kind % 2 != 0};
      run_as (&one);
    }
}

int main (void) {
  const struct run runs[] = {
      {.name = "of_one_writer", .operations = 20000, .blocks = 3000, .writers = 1},
      {.name = "of_several_writers", .operations = 100000, .blocks = 3000, .writers = WRITERS},
      {.name = "without_hooks", .operations = 20000, .blocks = 3000, .writers = 2, .late_hooks = 1},
      {.name = "with_refusals", .operations = 20000, .blocks = 1000, .writers = 3, .refusing = 1},
      {.name = "with_poison",
       .operations = 10000,
       .blocks = 1000,
       .writers = 3,
       .poison = MIR_CODE_POISON_ALL},
      {.name = "with_a_limit",
       .operations = 20000,
       .blocks = 3000,
       .writers = WRITERS,
       .max_bytes = 1500000,
       .refusing = 1},
      {.name = "with_a_small_limit",
       .operations = 20000,
       .blocks = 3000,
       .writers = 2,
       .max_bytes = 200000,
       .longest = 50000},
      {.name = "in_a_range",
       .operations = 20000,
       .blocks = 3000,
       .writers = 3,
       .reserve = 4 << 20,
       .poison = MIR_CODE_POISON_ENTRY},
      {.name = "over_pages",
       .operations = 10000,
       .blocks = 300,
       .writers = 3,
       .longest = 300000,
       .pages = 1,
       .refusing = 1},
      {.name = "over_pages_with_poison",
       .operations = 10000,
       .blocks = 300,
       .writers = 3,
       .longest = 300000,
       .pages = 1,
       .refusing = 1,
       .poison = MIR_CODE_POISON_ALL},
  };
  for (size_t i = 0; i < sizeof (runs) / sizeof (runs[0]); i++) {
    struct run one = runs[i];
    if (one.longest == 0) one.longest = MODEL_LONGEST;
    run_as (&one);
  }
  run_all_backends ();
  return tap_done ();
}
