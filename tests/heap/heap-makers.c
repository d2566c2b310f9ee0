/* Makers of every ready-made allocator.  */
#include "heap/heap-makers.h"

#include <stddef.h>

#define HANDLE(TYPE, ALLOC) ((TYPE) (void *) (ALLOC))

static MIR_alloc_t make_arena (MIR_alloc_t below) {
  MIR_arena_t arena;
  return MIR_arena_create (below, 0, &arena) == MIR_HEAP_OK ? &arena->alloc : NULL;
}

static void finish_arena (MIR_alloc_t alloc) {
  MIR_arena_finish (HANDLE (MIR_arena_t, alloc));
}

static MIR_alloc_t make_small_arena (MIR_alloc_t below) {
  MIR_arena_t arena;
  return MIR_arena_create (below, 1024, &arena) == MIR_HEAP_OK ? &arena->alloc : NULL;
}

static MIR_alloc_t make_checking (MIR_alloc_t below) {
  static const MIR_checking_options_t options = {.size = sizeof (options), .frames = 4};
  MIR_checking_t checking;
  return MIR_checking_create (below, &options, &checking) == MIR_HEAP_OK ? &checking->alloc : NULL;
}

static void finish_checking (MIR_alloc_t alloc) {
  MIR_checking_finish (HANDLE (MIR_checking_t, alloc));
}

static MIR_alloc_t make_limit (MIR_alloc_t below) {
  static const MIR_limit_options_t options = {.size = sizeof (options), .hard = SIZE_MAX / 2};
  MIR_limit_t limit;
  return MIR_limit_create (below, &options, &limit) == MIR_HEAP_OK ? &limit->alloc : NULL;
}

static void finish_limit (MIR_alloc_t alloc) {
  MIR_limit_finish (HANDLE (MIR_limit_t, alloc));
}

static MIR_alloc_t make_failing (MIR_alloc_t below) {
  static const MIR_failing_options_t options = {.size = sizeof (options)};
  MIR_failing_t failing;
  return MIR_failing_create (below, &options, &failing) == MIR_HEAP_OK ? &failing->alloc : NULL;
}

static void finish_failing (MIR_alloc_t alloc) {
  MIR_failing_finish (HANDLE (MIR_failing_t, alloc));
}

static int give_up (void *user_data, size_t size, unsigned attempt) {
  (void) user_data, (void) size, (void) attempt;
  return 0;
}

static MIR_alloc_t make_oom (MIR_alloc_t below) {
  MIR_oom_t oom;
  return MIR_oom_create (below, give_up, NULL, &oom) == MIR_HEAP_OK ? &oom->alloc : NULL;
}

static void finish_oom (MIR_alloc_t alloc) {
  MIR_oom_finish (HANDLE (MIR_oom_t, alloc));
}

static MIR_alloc_t make_locked (MIR_alloc_t below) {
  MIR_locked_t locked;
  return MIR_locked_create (below, &locked) == MIR_HEAP_OK ? &locked->alloc : NULL;
}

static void finish_locked (MIR_alloc_t alloc) {
  MIR_locked_finish (HANDLE (MIR_locked_t, alloc));
}

static MIR_alloc_t make_sized (MIR_alloc_t below) {
  MIR_sized_t sized;
  return MIR_sized_create (below, &sized) == MIR_HEAP_OK ? &sized->alloc : NULL;
}

static void finish_sized (MIR_alloc_t alloc) {
  MIR_sized_finish (HANDLE (MIR_sized_t, alloc));
}

static MIR_alloc_t make_stats (MIR_alloc_t below) {
  MIR_stats_t stats;
  return MIR_stats_create (below, &stats) == MIR_HEAP_OK ? &stats->alloc : NULL;
}

static void finish_stats (MIR_alloc_t alloc) {
  MIR_stats_finish (HANDLE (MIR_stats_t, alloc));
}

static MIR_alloc_t make_zone (MIR_alloc_t below) {
  MIR_zone_t zone;
  return MIR_zone_create (below, &zone) == MIR_HEAP_OK ? &zone->alloc : NULL;
}

static void finish_zone (MIR_alloc_t alloc) {
  MIR_zone_finish (HANDLE (MIR_zone_t, alloc));
}

const struct heap_maker heap_makers[] = {
    {.name = "arena", .make = make_arena, .finish = finish_arena},
    {.name = "arena_of_small_chunks", .make = make_small_arena, .finish = finish_arena},
    {.name = "checking", .make = make_checking, .finish = finish_checking, .any_thread = 1},
    {.name = "limit", .make = make_limit, .finish = finish_limit, .any_thread = 1},
    {.name = "failing", .make = make_failing, .finish = finish_failing, .any_thread = 1},
    {.name = "oom", .make = make_oom, .finish = finish_oom, .any_thread = 1},
    {.name = "locked", .make = make_locked, .finish = finish_locked, .any_thread = 1},
    {.name = "sized", .make = make_sized, .finish = finish_sized, .any_thread = 1},
    {.name = "stats", .make = make_stats, .finish = finish_stats, .any_thread = 1},
    {.name = "zone", .make = make_zone, .finish = finish_zone, .any_thread = 1},
    {.name = NULL},
};
