/* The hooks of the model: they keep its mappings, and compare each event with the operation that
   causes it.  */
#ifndef MIR_TESTS_CODE_MODEL_EVENTS_H
#define MIR_TESTS_CODE_MODEL_EVENTS_H

#include "code/model.h"
#include "os/os.h" /* mir_os_page_size */

enum { EVENTS_ENTRY = 4, EVENTS_TRAP = 4 }; /* bytes */

static struct model_block *events_block; /* being published alone; NULL: nothing, or a batch */
static const char *events_name;          /* of that */
static int events_calls;                 /* of `published` during the operation */
static const struct model_block *events_freed; /* given to free_now */
static uint64_t events_begun;                  /* blocks which were freed before are reclaimed */
static MIR_code_poison_t events_poison;
static uint8_t events_trap[EVENTS_TRAP]; /* the first one that was seen */
static int events_trap_known;

/* BLOCK is about to be published, or NULL, as a batch may be.  */
static inline void events_expect (struct model_block *block) {
  events_block = block;
  events_calls = 0;
}

/* How often `published` was called since.  */
static inline int events_told (void) {
  return events_calls;
}

/* BLOCK is about to be freed at once, or all that were freed before period BEGUN reclaimed.  */
static inline void events_release (const struct model_block *block, uint64_t begun) {
  events_freed = block;
  events_begun = begun;
}

/*---------------- Hooks -----------------------------*/

static void events_mapped (void *user_data, uint8_t *start, size_t len) {
  size_t page = mir_os_page_size ();
  (void) user_data;
  CHECK (len > 0 && len % page == 0 && (uintptr_t) start % page == 0);
  for (size_t i = 0; i < model_mappings_num; i++) {
    const struct model_mapping *other = &model_mappings[i];
    CHECK (start + len <= other->start || other->start + other->len <= start);
  }
  REQUIRE (model_mappings_num < MODEL_MAPPINGS);
  model_mappings[model_mappings_num++] = (struct model_mapping) {start, len};
  model_mapped += len;
  if (model_peak < model_mapped) model_peak = model_mapped;
}

/* Whether a block lies in MAPPING that is published, and not being freed in this operation.  */
static int events_is_used (const struct model_mapping *mapping) {
  int used = 0;
  for (unsigned i = model_count_below (mapping->start); i < model_order_num; i++) {
    const struct model_block *block = &model_blocks[model_order[i]];
    if (block->addr >= mapping->start + mapping->len) break;
    used |= (block->state == MODEL_LIVE && block != events_freed)
            || (block->state == MODEL_WAITING && block->period >= events_begun);
  }
  return used;
}

static void events_unmapped (void *user_data, uint8_t *start, size_t len) {
  size_t i = 0;
  (void) user_data;
  while (i < model_mappings_num && model_mappings[i].start != start) i++;
  CHECK (i < model_mappings_num);
  if (i == model_mappings_num) return;
  CHECK_INT (len, model_mappings[i].len);
  CHECK (!events_is_used (&model_mappings[i]));
  model_mapped -= model_mappings[i].len;
  model_mappings[i] = model_mappings[--model_mappings_num];
}

static void events_check_published (const MIR_code_event_t *event, struct model_block *block) {
  CHECK_INT (event->size, block->len);
  CHECK_INT (event->tag, block->tag);
  CHECK_INT (block->told, 0);
  block->told = 1;
  block->addr = (uint8_t *) event->start;
  model_check_contents (block);
}

static void events_published (void *user_data, const MIR_code_event_t *events, size_t num) {
  (void) user_data;
  events_calls++;
  CHECK (num > 0);
  CHECK_INT (events_calls, 1);
  for (size_t i = 0; i < num; i++) {
    struct model_block *block = events_block;
    if (block != NULL) {
      CHECK_INT (num, 1);
      CHECK_STR (events[i].name, events_name);
      if (block->addr != NULL) CHECK_PTR (events[i].start, block->addr);
    } else {
      block = model_find (events[i].start);
      CHECK (block != NULL && block->addr == events[i].start && block->state == MODEL_BATCHED);
      if (block == NULL) continue;
    }
    events_check_published (&events[i], block);
  }
}

/* Check that the LEN bytes at ADDR are traps, all the same.  */
static void events_check_traps (const uint8_t *addr, size_t len) {
  if (!events_trap_known) memcpy (events_trap, addr, EVENTS_TRAP);
  events_trap_known = 1;
  size_t wrong = 0;
  for (size_t i = 0; i < len; i++) wrong += addr[i] != events_trap[i % EVENTS_TRAP];
  CHECK_INT (wrong, 0);
}

static void events_freed_one (void *user_data, const MIR_code_event_t *event) {
  struct model_block *block = model_find (event->start);
  (void) user_data;
  CHECK (block != NULL);
  if (block == NULL) return;
  CHECK_PTR (event->start, block->addr);
  CHECK_INT (event->size, block->size);
  CHECK_INT (event->tag, block->tag);
  CHECK_PTR (event->name, NULL);
  CHECK (block == events_freed || (block->state == MODEL_WAITING && block->period < events_begun));
  CHECK_INT (block->released, 0);
  block->released = 1;
  if (events_poison == MIR_CODE_KEEP)
    model_check_contents (block);
  else
    events_check_traps (block->addr,
                        events_poison == MIR_CODE_POISON_ALL ? block->size : EVENTS_ENTRY);
}

static const MIR_code_hooks_t events_hooks = {.size = sizeof (MIR_code_hooks_t),
                                              .mapped = events_mapped,
                                              .unmapped = events_unmapped,
                                              .published = events_published,
                                              .freed = events_freed_one};

/* No event has been seen; what is reclaimed is poisoned as POISON says.  */
static inline void events_start (MIR_code_poison_t poison) {
  events_poison = poison;
  events_trap_known = 0;
  events_block = NULL;
  events_freed = NULL;
  events_begun = 0;
}

#endif /* MIR_TESTS_CODE_MODEL_EVENTS_H */
