/* Replays the allocations of a real compiler (bench/heap/README.md) over the default heap, over a
   separate heap, and under the checking allocator.  Every block must keep what was written to it,
   and nothing may be left when all blocks are freed.  Argument: the trace.  */
#include <stdlib.h>
#include <string.h>

#include "heap/trace-format.h"
#include "heap/trace.h"
#include "mir-heap.h"
#include "mir.h"
#include "support/tap.h"

enum { HEAP_CALLS = 4000000, CHECKED_CALLS = 300000 };

static const char *trace_name;
static struct trace trace;

/* A block of the trace, and the byte that it starts and ends with.  */
static struct held {
  unsigned char *block;
  size_t size;
  unsigned char mark;
} *held;

static size_t wrong, live;

static void read_trace (size_t most) {
  REQUIRE (trace_read (trace_name, most, &trace) == 0);
  CHECK_INT (trace.calls_num, most); /* the trace is longer */
  CHECK (trace.counts[TRACE_MALLOC] > 0 && trace.counts[TRACE_FREE] > 0);
  held = (struct held *) calloc (trace.slots_num, sizeof (held[0]));
  REQUIRE (held != NULL);
  wrong = live = 0;
}

static size_t ends (size_t size) {
  return size < 16 ? size : 16;
}

static void write_mark (struct held *slot, size_t size) {
  slot->size = size;
  slot->mark++;
  memset (slot->block, slot->mark, ends (size));
  memset (slot->block + size - ends (size), slot->mark, ends (size));
}

static size_t count_wrong (const unsigned char *bytes, size_t num, unsigned char mark) {
  size_t res = 0;
  for (size_t i = 0; i < num; i++) res += bytes[i] != mark;
  return res;
}

static void check_mark (const struct held *slot) {
  size_t num = ends (slot->size);
  wrong += count_wrong (slot->block, num, slot->mark);
  wrong += count_wrong (slot->block + slot->size - num, num, slot->mark);
}

static void free_slot (MIR_alloc_t alloc, struct held *slot) {
  if (slot->block == NULL) return;
  check_mark (slot);
  MIR_free (alloc, slot->block);
  slot->block = NULL;
  live--;
}

static void replay_call (MIR_alloc_t alloc, const struct trace_call *call) {
  struct held *slot = &held[call->slot];
  size_t kept = call->size < call->old_size ? call->size : call->old_size;
  if (call->op == TRACE_FREE) {
    free_slot (alloc, slot);
    return;
  }
  if (call->op == TRACE_REALLOC) {
    check_mark (slot);
    slot->block = (unsigned char *) MIR_realloc (alloc, slot->block, call->old_size, call->size);
  } else {
    slot->block = (unsigned char *) (call->op == TRACE_CALLOC ? MIR_calloc (alloc, 1, call->size)
                                                              : MIR_malloc (alloc, call->size));
    live++;
  }
  REQUIRE (slot->block != NULL);
  if (call->op == TRACE_REALLOC) wrong += count_wrong (slot->block, ends (kept), slot->mark);
  if (call->op == TRACE_CALLOC) wrong += count_wrong (slot->block, call->size, 0);
  write_mark (slot, call->size);
}

static void replay (MIR_alloc_t alloc) {
  for (size_t i = 0; i < trace.calls_num; i++) replay_call (alloc, &trace.calls[i]);
  CHECK_INT (live,
             trace.counts[TRACE_MALLOC] + trace.counts[TRACE_CALLOC] - trace.counts[TRACE_FREE]);
  for (size_t i = 0; i < trace.slots_num; i++) free_slot (alloc, &held[i]);
  CHECK_INT (live, 0);
  CHECK_INT (wrong, 0);
  free (held);
  trace_free (&trace);
}

static void the_default_heap_serves_a_compilation (void) {
  read_trace (tap_scaled (HEAP_CALLS));
  MIR_context_t ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  replay (MIR_get_alloc (ctx));
  MIR_finish (ctx);
}

static void a_heap_of_its_own_serves_a_compilation (void) {
  MIR_heap_t heap;
  MIR_heap_status_t status = MIR_heap_create (&heap);
  if (status == MIR_HEAP_NOT_SUPPORTED) tap_skip ("mimalloc has no such heaps");
  REQUIRE (status == MIR_HEAP_OK);
  read_trace (tap_scaled (HEAP_CALLS));
  replay (&heap->alloc);
  MIR_heap_finish (heap);
}

static void checking_finds_nothing_in_a_compilation (void) {
  MIR_checking_t checking;
  read_trace (tap_scaled (CHECKED_CALLS));
  REQUIRE (MIR_checking_create (NULL, NULL, &checking) == MIR_HEAP_OK);
  replay (&checking->alloc);
  CHECK_INT (MIR_checking_verify (checking), 0);
  CHECK_INT (MIR_checking_finish (checking), 0);
}

/* Ensures that the test before does not pass because the checking allocator sees nothing.  */
static size_t seen_leaks;

static void count_leak (void *user_data, const MIR_check_t *check) {
  (void) user_data;
  seen_leaks += check->kind == MIR_CHECK_LEAK;
}

static void checking_finds_the_block_that_is_not_freed (void) {
  MIR_checking_options_t options = {.size = sizeof (options), .func = count_leak};
  MIR_checking_t checking;
  read_trace (tap_scaled (CHECKED_CALLS));
  REQUIRE (MIR_checking_create (NULL, &options, &checking) == MIR_HEAP_OK);
  CHECK (MIR_malloc (&checking->alloc, 10) != NULL);
  replay (&checking->alloc);
  CHECK_INT (MIR_checking_finish (checking), 1);
  CHECK_INT (seen_leaks, 1);
}

static void what_is_no_trace_is_refused (void) {
  CHECK_INT (trace_read ("/nonexistent/trace", 1, &trace), -1);
  CHECK_PTR (trace.calls, NULL);
}

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  trace_name = argv[1];
  TEST_RUN (the_default_heap_serves_a_compilation);
  TEST_RUN (a_heap_of_its_own_serves_a_compilation);
  TEST_RUN (checking_finds_nothing_in_a_compilation);
  TEST_RUN (checking_finds_the_block_that_is_not_freed);
  TEST_RUN (what_is_no_trace_is_refused);
  return tap_done ();
}
