/* Ways: this library's spaces, writers and contexts.  */
#include <stdlib.h>
#include <string.h>

#include "ways.h"
#include "mir-code.h"
#include "mir.h"
#include "bench.h"

enum { BATCH = 16, RECLAIM = 64 };

struct hand {
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  unsigned pending; /* published in the open batch, or freed and not reclaimed */
};

static void must (MIR_code_status_t status) {
  if (status != MIR_CODE_OK) bench_fail (MIR_code_status_text (status));
}

static void *open_with (MIR_code_poison_t poison) {
  MIR_code_options_t options = {.size = sizeof (options), .poison = poison};
  MIR_code_space_t space;
  must (MIR_code_space_create (&options, &space));
  return space;
}

static void *open_space (size_t bytes) {
  (void) bytes;
  return open_with (MIR_CODE_KEEP);
}
static void *open_poisoned_space (size_t bytes) {
  (void) bytes;
  return open_with (MIR_CODE_POISON_ENTRY);
}
static void *open_huge_space (size_t bytes) {
  MIR_code_options_t options = {.size = sizeof (options), .huge_pages = 1};
  MIR_code_space_t space;
  (void) bytes;
  must (MIR_code_space_create (&options, &space));
  return space;
}
static void close_space (void *store) {
  MIR_code_space_finish ((MIR_code_space_t) store);
}

static void *enter_space (void *store) {
  struct hand *h = (struct hand *) calloc (1, sizeof (*h));
  if (h == NULL) bench_fail ("no memory");
  h->space = (MIR_code_space_t) store;
  must (MIR_code_writer_create (h->space, &h->writer));
  return h;
}

static void leave_space (void *hand) {
  struct hand *h = (struct hand *) hand;
  MIR_code_writer_finish (h->writer);
  free (h);
}

static uint8_t *publish (void *hand, const uint8_t *code, size_t len) {
  struct hand *h = (struct hand *) hand;
  uint8_t *addr;
  must (MIR_code_publish (h->writer, code, len, NULL, &addr));
  return addr;
}

static void settle_batch (void *hand) {
  struct hand *h = (struct hand *) hand;
  if (h->pending == 0) return;
  must (MIR_code_batch_end (h->writer));
  h->pending = 0;
}

static uint8_t *publish_in_batch (void *hand, const uint8_t *code, size_t len) {
  struct hand *h = (struct hand *) hand;
  uint8_t *addr;
  if (h->pending == 0) must (MIR_code_batch_begin (h->writer));
  must (MIR_code_publish (h->writer, code, len, NULL, &addr));
  if (++h->pending == BATCH) settle_batch (hand);
  return addr;
}

/* As an assembler does that must know where its code will run: reserve for the worst case, and give
   back what was not used.  */
static uint8_t *reserve_and_commit (void *hand, const uint8_t *code, size_t len) {
  struct hand *h = (struct hand *) hand;
  MIR_code_place_t place = {.size = sizeof (place)};
  must (MIR_code_reserve (h->writer, len + len / 4, 0, &place));
  memcpy (place.buffer, code, len);
  must (MIR_code_commit (h->writer, len, NULL));
  return place.addr;
}

static void free_now (void *hand, uint8_t *addr) {
  must (MIR_code_free_now (((struct hand *) hand)->space, addr));
}

/* A code block of an open batch does not exist yet.  */
static void settle_and_free_now (void *hand, uint8_t *addr) {
  settle_batch (hand);
  free_now (hand, addr);
}

static void settle_freed (void *hand) {
  struct hand *h = (struct hand *) hand;
  must (MIR_code_reclaim (h->space, MIR_code_grace_begin (h->space)));
  h->pending = 0;
}

static void free_and_reclaim (void *hand, uint8_t *addr) {
  struct hand *h = (struct hand *) hand;
  must (MIR_code_free (h->space, addr));
  if (++h->pending == RECLAIM) settle_freed (hand);
}

static void patch (void *hand, uint8_t *addr, uint64_t word) {
  must (MIR_code_patch (((struct hand *) hand)->space, addr, &word, sizeof (word)));
}

static size_t mapped (void *store) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  must (MIR_code_get_stats ((MIR_code_space_t) store, &stats));
  return stats.mapped_bytes;
}

/*---------------- Several writers, a limit -----------------------------*/

enum { WRITERS = 4 };

struct hands {
  struct hand hand; /* with the first writer, to free and to settle */
  MIR_code_writer_t writers[WRITERS];
  unsigned next;
};

static void *enter_with_writers (void *store) {
  struct hands *h = (struct hands *) calloc (1, sizeof (*h));
  if (h == NULL) bench_fail ("no memory");
  h->hand.space = (MIR_code_space_t) store;
  for (int i = 0; i < WRITERS; i++) must (MIR_code_writer_create (h->hand.space, &h->writers[i]));
  return h;
}

static void leave_with_writers (void *hand) {
  struct hands *h = (struct hands *) hand;
  for (int i = 0; i < WRITERS; i++) MIR_code_writer_finish (h->writers[i]);
  free (h);
}

static uint8_t *publish_by_next (void *hand, const uint8_t *code, size_t len) {
  struct hands *h = (struct hands *) hand;
  uint8_t *addr;
  must (MIR_code_publish (h->writers[h->next++ % WRITERS], code, len, NULL, &addr));
  return addr;
}

static void free_until_settled (void *hand, uint8_t *addr) {
  must (MIR_code_free (((struct hand *) hand)->space, addr));
}

static void *open_limited (size_t bytes) {
  MIR_code_options_t options = {.size = sizeof (options), .max_bytes = bytes};
  MIR_code_space_t space;
  must (MIR_code_space_create (&options, &space));
  return space;
}

static uint8_t *publish_limited (void *hand, const uint8_t *code, size_t len) {
  uint8_t *addr;
  MIR_code_status_t status =
      MIR_code_publish (((struct hand *) hand)->writer, code, len, NULL, &addr);
  if (status == MIR_CODE_LIMIT) return NULL;
  must (status);
  return addr;
}

/*---------------- MIR's functions -----------------------------*/

static MIR_context_t new_context (MIR_code_alloc_t vtable) {
  MIR_context_t ctx = MIR_init2 (NULL, vtable);
  if (ctx == NULL) bench_fail ("MIR_init2");
  return ctx;
}

static void *open_context (size_t bytes) {
  (void) bytes;
  return new_context (NULL);
}

/* The library's default vtable, passed as a user would pass his own.  */
static void *open_vtable_context (size_t bytes) {
  static MIR_code_alloc_t vtable;
  (void) bytes;
  if (vtable == NULL) {
    MIR_context_t ctx = new_context (NULL);
    vtable = MIR_get_code_alloc (ctx);
    MIR_finish (ctx);
  }
  return new_context (vtable);
}

static void close_context (void *store) {
  MIR_finish ((MIR_context_t) store);
}
static void *enter_context (void *store) {
  return store;
}
static void leave_context (void *hand) {
  (void) hand;
}

static uint8_t *publish_as_mir (void *hand, const uint8_t *code, size_t len) {
  return _MIR_publish_code ((MIR_context_t) hand, code, len);
}

static void free_in_context (void *hand, uint8_t *addr) {
  must (MIR_code_free_now (MIR_get_code_space ((MIR_context_t) hand), addr));
}

static void update_as_mir (void *hand, uint8_t *addr, uint64_t word) {
  _MIR_update_code ((MIR_context_t) hand, addr, 1, (size_t) 0, (void *) (uintptr_t) word);
}

#define SPACE .close = close_space, .enter = enter_space, .leave = leave_space, .mapped = mapped
#define CONTEXT .close = close_context, .enter = enter_context, .leave = leave_context

const struct way way_publish = {.name = "MIR_code_publish",
                                .open = open_space,
                                SPACE,
                                .publish = publish,
                                .free = free_now,
                                .patch = patch};
const struct way way_huge = {.name = "MIR_code_publish, huge pages",
                             .open = open_huge_space,
                             SPACE,
                             .publish = publish,
                             .free = free_now};
const struct way way_batch = {.name = "MIR_code_publish, batches of 16",
                              .open = open_space,
                              SPACE,
                              .publish = publish_in_batch,
                              .settle = settle_batch,
                              .free = settle_and_free_now};
const struct way way_reserve = {.name = "MIR_code_reserve, commit",
                                .open = open_space,
                                SPACE,
                                .publish = reserve_and_commit,
                                .free = free_now};
const struct way way_poison = {.name = "MIR_code_publish, entry poisoned",
                               .open = open_poisoned_space,
                               SPACE,
                               .publish = publish,
                               .free = free_now};
const struct way way_reclaim = {.name = "MIR_code_publish, 64 reclaimed at once",
                                .open = open_space,
                                SPACE,
                                .publish = publish,
                                .settle = settle_freed,
                                .free = free_and_reclaim};
const struct way way_writers = {.name = "MIR_code_publish, four writers",
                                .open = open_space,
                                .close = close_space,
                                .enter = enter_with_writers,
                                .leave = leave_with_writers,
                                .publish = publish_by_next,
                                .free = free_now,
                                .mapped = mapped};
const struct way way_grace = {.name = "MIR_code_publish, grace periods",
                              .open = open_space,
                              SPACE,
                              .publish = publish,
                              .settle = settle_freed,
                              .free = free_until_settled};
const struct way way_limited = {.name = "MIR_code_publish, max_bytes",
                                .open = open_limited,
                                SPACE,
                                .publish = publish_limited,
                                .free = free_now};
const struct way way_mir = {.name = "_MIR_publish_code",
                            .open = open_context,
                            CONTEXT,
                            .publish = publish_as_mir,
                            .free = free_in_context,
                            .patch = update_as_mir};
const struct way way_vtable = {.name = "_MIR_publish_code by a vtable",
                               .open = open_vtable_context,
                               CONTEXT,
                               .publish = publish_as_mir,
                               .free = free_in_context,
                               .patch = update_as_mir};
