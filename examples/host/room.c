/* Makes and ends the memory of the guests.  */
#include "room.h"

/* The context takes its data from the limit; the code that it might publish is in the trace, too.  */
static const char *make_context (struct house *house) {
  MIR_code_options_t code = {.size = sizeof (code)};
  MIR_context_options_t options = {
      .size = sizeof (options), .alloc = &house->limit->alloc, .code = &code};
  if (house->trace != NULL) code.hooks = MIR_trace_hooks (house->trace);
  MIR_code_status_t status = MIR_init_with (&options, &house->ctx);
  return status == MIR_CODE_OK ? NULL : MIR_code_status_text (status);
}

const char *house_open (struct house *house, size_t bytes, const char *trace, int is_checked) {
  *house = (struct house) {.bytes = bytes, .is_checked = is_checked};
  MIR_alloc_t below = NULL;
  if (trace != NULL) {
    MIR_trace_options_t options = {.size = sizeof (options), .file = trace, .title = "host"};
    MIR_trace_status_t status = MIR_trace_create (&options, &house->trace);
    if (status != MIR_TRACE_OK) return MIR_trace_status_text (status);
    below = MIR_trace_alloc (house->trace);
  }
  MIR_limit_options_t options = {.size = sizeof (options), .hard = bytes};
  MIR_heap_status_t status = MIR_limit_create (below, &options, &house->limit);
  const char *why = status != MIR_HEAP_OK ? MIR_heap_status_text (status) : make_context (house);
  if (why == NULL) return NULL;
  MIR_limit_finish (house->limit);
  MIR_trace_finish (house->trace);
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
