/* Makes and ends the memory of the guests.  */
#include "room.h"

#include <stdio.h> /* remove */

/* The context takes its data from the limit; the code that it might publish is in the trace, too.  */
static const char *make_context (struct house *house) {
  MIR_code_options_t code = {.size = sizeof (code)};
  MIR_context_options_t options = {
      .size = sizeof (options), .alloc = &house->limit->alloc, .code = &code};
  if (house->trace != NULL) code.hooks = MIR_trace_hooks (house->trace);
  MIR_code_status_t status = MIR_init_with (&options, &house->ctx);
  return status == MIR_CODE_OK ? NULL : MIR_code_status_text (status);
}

/* Above the trace, if there is one.  NULL, or why it cannot be.  */
static const char *make_limit (struct house *house) {
  MIR_alloc_t below = house->trace != NULL ? MIR_trace_alloc (house->trace) : NULL;
  MIR_limit_options_t options = {.size = sizeof (options), .hard = house->bytes};
  MIR_heap_status_t status = MIR_limit_create (below, &options, &house->limit);
  const char *why = status != MIR_HEAP_OK ? MIR_heap_status_text (status) : make_context (house);
  if (why != NULL) MIR_limit_finish (house->limit);
  return why;
}

/* Whether a house of so many bytes can be, in one without a trace: NULL, or why not.  */
static const char *try_limit (size_t bytes) {
  struct house trial = {.bytes = bytes};
  size_t live;
  const char *why = make_limit (&trial);
  return why != NULL ? why : house_close (&trial, &live);
}

/* A trace replaces the file of its name, and is below all else: the rest is tried without it, so that
   no file is lost for a limit that is too low.  */
const char *house_open (struct house *house, size_t bytes, const char *trace, int is_checked,
                        int *is_of_trace) {
  *house = (struct house) {.bytes = bytes, .is_checked = is_checked};
  *is_of_trace = 0;
  if (trace == NULL) return make_limit (house);
  const char *why = try_limit (bytes);
  if (why != NULL) return why;
  MIR_trace_options_t options = {.size = sizeof (options), .file = trace, .title = "host"};
  MIR_trace_status_t status = MIR_trace_create (&options, &house->trace);
  *is_of_trace = status != MIR_TRACE_OK;
  if (*is_of_trace) return MIR_trace_status_text (status);
  why = make_limit (house);
  if (why == NULL) return NULL;
  MIR_trace_finish (house->trace);
  (void) remove (trace);
  return why;
}

const char *house_close (struct house *house, size_t *live) {
  MIR_finish (house->ctx);
  *live = MIR_limit_bytes (house->limit);
  MIR_limit_finish (house->limit);
  MIR_trace_status_t status = MIR_trace_finish (house->trace);
  return status == MIR_TRACE_OK ? NULL : MIR_trace_status_text (status);
}

size_t house_free (const struct house *house) {
  size_t used = MIR_limit_bytes (house->limit);
  return used < house->bytes ? house->bytes - used : 0;
}

const char *room_open (struct room *room, struct house *house) {
  *room = (struct room) {.house = house};
  MIR_heap_status_t status = MIR_zone_create (MIR_get_alloc (house->ctx), &room->zone);
  MIR_alloc_t below = status == MIR_HEAP_OK ? &room->zone->alloc : NULL;
  if (status == MIR_HEAP_OK && house->is_checked) {
    status = MIR_checking_create (below, NULL, &room->checking);
    if (status == MIR_HEAP_OK) below = &room->checking->alloc;
  }
  if (status == MIR_HEAP_OK) status = MIR_stats_create (below, &room->stats);
  if (status == MIR_HEAP_OK) {
    room->alloc = &room->stats->alloc;
    return NULL;
  }
  MIR_checking_finish (room->checking);
  MIR_zone_finish (room->zone);
  room->zone = NULL;
  return MIR_heap_status_text (status);
}

size_t room_close (struct room *room, MIR_stats_report_t *report) {
  MIR_stats_get (room->stats, report);
  MIR_stats_finish (room->stats);
  size_t findings = MIR_checking_finish (room->checking);
  MIR_zone_finish (room->zone);
  return findings;
}

void room_enter (struct room *room, const char *guest, const char *what) {
  MIR_heap_set_label (guest);
  MIR_trace_push (room->house->trace, guest);
  MIR_trace_push (room->house->trace, what);
}

void room_leave (struct room *room) {
  MIR_trace_pop (room->house->trace);
  MIR_trace_pop (room->house->trace);
  MIR_heap_set_label (NULL);
}
