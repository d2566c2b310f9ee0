/* Makes and ends the memory of the guests.  */
#include "memory.h"

#include <stdio.h> /* remove */

/* The context takes its data from the limit; the code that it might publish is in the trace, too.  */
static const char *make_context (struct shared *shared) {
  MIR_code_options_t code = {.size = sizeof (code)};
  MIR_context_options_t options = {
      .size = sizeof (options), .alloc = &shared->limit->alloc, .code = &code};
  if (shared->trace != NULL) code.hooks = MIR_trace_hooks (shared->trace);
  MIR_code_status_t status = MIR_init_with (&options, &shared->ctx);
  return status == MIR_CODE_OK ? NULL : MIR_code_status_text (status);
}

/* Above the trace, if there is one.  NULL, or why it cannot be.  */
static const char *make_limit (struct shared *shared) {
  MIR_alloc_t below = shared->trace != NULL ? MIR_trace_alloc (shared->trace) : NULL;
  MIR_limit_options_t options = {.size = sizeof (options), .hard = shared->bytes};
  MIR_heap_status_t status = MIR_limit_create (below, &options, &shared->limit);
  const char *why = status != MIR_HEAP_OK ? MIR_heap_status_text (status) : make_context (shared);
  if (why != NULL) MIR_limit_finish (shared->limit);
  return why;
}

/* Whether a shared of so many bytes can be, in one without a trace: NULL, or why not.  */
static const char *try_limit (size_t bytes) {
  struct shared trial = {.bytes = bytes};
  size_t live;
  const char *why = make_limit (&trial);
  return why != NULL ? why : shared_close (&trial, &live);
}

/* A trace replaces the file of its name, and is below all else: the rest is tried without it, so that
   no file is lost for a limit that is too low.  */
const char *shared_open (struct shared *shared, size_t bytes, const char *trace, int is_checked,
                         int *is_of_trace) {
  *shared = (struct shared) {.bytes = bytes, .is_checked = is_checked};
  *is_of_trace = 0;
  if (trace == NULL) return make_limit (shared);
  const char *why = try_limit (bytes);
  if (why != NULL) return why;
  MIR_trace_options_t options = {.size = sizeof (options), .file = trace, .title = "host"};
  MIR_trace_status_t status = MIR_trace_create (&options, &shared->trace);
  *is_of_trace = status != MIR_TRACE_OK;
  if (*is_of_trace) return MIR_trace_status_text (status);
  why = make_limit (shared);
  if (why == NULL) return NULL;
  MIR_trace_finish (shared->trace);
  (void) remove (trace);
  return why;
}

const char *shared_close (struct shared *shared, size_t *live) {
  MIR_finish (shared->ctx);
  *live = MIR_limit_bytes (shared->limit);
  MIR_limit_finish (shared->limit);
  MIR_trace_status_t status = MIR_trace_finish (shared->trace);
  return status == MIR_TRACE_OK ? NULL : MIR_trace_status_text (status);
}

size_t shared_free (const struct shared *shared) {
  size_t used = MIR_limit_bytes (shared->limit);
  return used < shared->bytes ? shared->bytes - used : 0;
}

const char *memory_open (struct memory *memory, struct shared *shared) {
  *memory = (struct memory) {.shared = shared};
  MIR_heap_status_t status = MIR_zone_create (MIR_get_alloc (shared->ctx), &memory->zone);
  MIR_alloc_t below = status == MIR_HEAP_OK ? &memory->zone->alloc : NULL;
  if (status == MIR_HEAP_OK && shared->is_checked) {
    status = MIR_checking_create (below, NULL, &memory->checking);
    if (status == MIR_HEAP_OK) below = &memory->checking->alloc;
  }
  if (status == MIR_HEAP_OK) status = MIR_stats_create (below, &memory->stats);
  if (status == MIR_HEAP_OK) {
    memory->alloc = &memory->stats->alloc;
    return NULL;
  }
  MIR_checking_finish (memory->checking);
  MIR_zone_finish (memory->zone);
  memory->zone = NULL;
  return MIR_heap_status_text (status);
}

size_t memory_close (struct memory *memory, MIR_stats_report_t *report) {
  MIR_stats_get (memory->stats, report);
  MIR_stats_finish (memory->stats);
  size_t findings = MIR_checking_finish (memory->checking);
  MIR_zone_finish (memory->zone);
  return findings;
}

void memory_enter (struct memory *memory, const char *guest, const char *what) {
  MIR_heap_set_label (guest);
  MIR_trace_push (memory->shared->trace, guest);
  MIR_trace_push (memory->shared->trace, what);
}

void memory_leave (struct memory *memory) {
  MIR_trace_pop (memory->shared->trace);
  MIR_trace_pop (memory->shared->trace);
  MIR_heap_set_label (NULL);
}
