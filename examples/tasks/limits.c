/* The task "limit memory": a heap per request, with a budget; an arena; what goes back to the system.  */
#include <mir-heap.h>

#include <string.h>

#include "support/tap.h"

/* What one request of a server has: a heap that ends as a whole, and a budget over it.  */
struct request {
  MIR_zone_t zone;
  MIR_limit_t limit;
  int is_tight; /* the soft limit was crossed: give up caches */
};

static void tight (void *user_data, size_t needed) {
  (void) needed;
  ((struct request *) user_data)->is_tight = 1;
}

static void request_end (struct request *r) {
  MIR_limit_finish (r->limit);
  MIR_zone_finish (r->zone); /* with all blocks that are still live */
}

static int request_begin (struct request *r) {
  MIR_limit_options_t options = {
      .size = sizeof (options), .hard = 4 << 20, .soft = 3 << 20, .func = tight, .user_data = r};
  *r = (struct request) {0};
  if (MIR_zone_create (NULL, &r->zone) == MIR_HEAP_OK
      && MIR_limit_create (&r->zone->alloc, &options, &r->limit) == MIR_HEAP_OK)
    return 0;
  request_end (r);
  return -1;
}

static void a_request_keeps_its_budget (void) {
  struct request r;
  size_t blocks = 0;
  REQUIRE (request_begin (&r) == 0);
  MIR_alloc_t alloc = &r.limit->alloc; /* for MIR_init2, Lua, containers, ... */
  while (MIR_malloc (alloc, 1000) != NULL) blocks++;
  CHECK (r.is_tight);
  CHECK_INT (blocks, (4 << 20) / 1000);
  CHECK (MIR_limit_bytes (r.limit) <= 4 << 20);
  request_end (&r);
}

/* Blocks that die together, phase by phase.  */
static void an_arena_is_reset (void) {
  MIR_arena_t arena;
  REQUIRE (MIR_arena_create (NULL, 0, &arena) == MIR_HEAP_OK);
  char *kept = (char *) MIR_malloc (&arena->alloc, 100);
  REQUIRE (kept != NULL);
  strcpy (kept, "older than the mark");
  MIR_arena_mark_t mark = MIR_arena_get_mark (arena);
  for (int i = 0; i < 10000; i++) CHECK (MIR_malloc (&arena->alloc, 100) != NULL);
  CHECK (MIR_arena_reset (arena, mark) == MIR_HEAP_OK);
  CHECK_STR (kept, "older than the mark");
  CHECK (MIR_arena_bytes (arena) < 1 << 20);
  MIR_arena_finish (arena);
}

/* Called before NULL is returned.  1: try again.  */
static int drop_cache (void *user_data, size_t size, unsigned attempt) {
  void **cache = (void **) user_data;
  (void) size;
  if (attempt > 1 || *cache == NULL) return 0;
  MIR_free (MIR_default_alloc (), *cache);
  *cache = NULL;
  return 1;
}

static void a_cache_makes_room (void) {
  MIR_failing_options_t rules = {.size = sizeof (rules)};
  MIR_failing_t failing;
  MIR_oom_t oom;
  void *cache = MIR_malloc (MIR_default_alloc (), 1 << 20);
  REQUIRE (MIR_failing_create (NULL, &rules, &failing) == MIR_HEAP_OK);
  REQUIRE (MIR_oom_create (&failing->alloc, drop_cache, &cache, &oom) == MIR_HEAP_OK);
  rules.nth = 1; /* the next call finds no memory */
  REQUIRE (MIR_failing_set (failing, &rules) == MIR_HEAP_OK);
  void *block = MIR_malloc (&oom->alloc, 100);
  CHECK (block != NULL && cache == NULL);
  MIR_free (&oom->alloc, block);
  MIR_oom_finish (oom);
  MIR_failing_finish (failing);
}

static void free_memory_goes_back (void) {
  void *blocks[1000];
  for (int i = 0; i < 1000; i++) blocks[i] = MIR_malloc (MIR_default_alloc (), 10000);
  for (int i = 0; i < 1000; i++) MIR_free (MIR_default_alloc (), blocks[i]);
  size_t bytes =
      MIR_heap_trim (1 << 20); /* all that is free but 1 MiB; 0 where nothing can go back */
  tap_note ("%lu bytes went back", (unsigned long) bytes);
}

int main (void) {
  TEST_RUN (a_request_keeps_its_budget);
  TEST_RUN (an_arena_is_reset);
  TEST_RUN (a_cache_makes_room);
  TEST_RUN (free_memory_goes_back);
  return tap_done ();
}
