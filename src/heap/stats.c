/* The statistics allocator: counts calls, blocks and bytes.  Any thread; lock-free: the counters
   are exact, but a report taken while others allocate mixes moments.  */
#include "heap/size-header.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

struct stats {
  struct MIR_stats pub;
  MIR_alloc_t below;
  /* resized: successful reallocs of a block.  */
  _Atomic uint64_t mallocs, callocs, reallocs, failed, resized;
  _Atomic uint64_t live_bytes, peak_bytes;
  /* The other numbers of a report are sums of these: each atomic addition costs time.  */
  struct {
    _Atomic uint64_t made, made_bytes, gone;
  } classes[MIR_STATS_CLASSES];
};

static void add_to (_Atomic uint64_t *to, uint64_t n) {
  atomic_fetch_add_explicit (to, n, memory_order_relaxed);
}

static uint64_t value_of (const _Atomic uint64_t *of) {
  return atomic_load_explicit (of, memory_order_relaxed);
}

/* The size class of SIZE: 0 for 0, N for 2^(N-1) <= SIZE < 2^N.  */
static int class_of (size_t size) {
  int kind = 0;
  for (; size != 0; size >>= 1) kind++;
  return kind;
}

/* LIVE bytes are live now: raise the peak if that is more.  */
static void note_peak (struct stats *stats, uint64_t live) {
  uint64_t peak = value_of (&stats->peak_bytes);
  while (live > peak
         && !atomic_compare_exchange_weak_explicit (&stats->peak_bytes, &peak, live,
                                                    memory_order_relaxed, memory_order_relaxed));
}

/* A block of SIZE bytes was allocated, or begins anew by a realloc.  */
static void count_made (struct stats *stats, size_t size) {
  int kind = class_of (size);
  add_to (&stats->classes[kind].made, 1);
  add_to (&stats->classes[kind].made_bytes, size);
  note_peak (stats,
             atomic_fetch_add_explicit (&stats->live_bytes, size, memory_order_relaxed) + size);
}

/* A block of SIZE bytes was freed, or ends by a realloc.  */
static void count_gone (struct stats *stats, size_t size) {
  add_to (&stats->classes[class_of (size)].gone, 1);
  add_to (&stats->live_bytes, (uint64_t) 0 - size);
}

/* Count RES, the result for SIZE bytes, as a block or as a failure, and return it.  */
static void *count_result (struct stats *stats, void *res, size_t size) {
  if (res == NULL)
    add_to (&stats->failed, 1);
  else
    count_made (stats, size);
  return res;
}

static void *stats_malloc (size_t size, void *user_data) {
  struct stats *stats = (struct stats *) user_data;
  add_to (&stats->mallocs, 1);
  return count_result (stats, mir_heap_header_malloc (stats->below, size, MIR_HEAP_TAG_STATS),
                       size);
}

static void *stats_calloc (size_t num, size_t size, void *user_data) {
  struct stats *stats = (struct stats *) user_data;
  size_t len;
  add_to (&stats->callocs, 1);
  if (mir_heap_overflows (num, size, &len)) return count_result (stats, NULL, 0);
  return count_result (stats, mir_heap_header_calloc (stats->below, len, MIR_HEAP_TAG_STATS), len);
}

static void *stats_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct stats *stats = (struct stats *) user_data;
  add_to (&stats->reallocs, 1);
  if (ptr == NULL)
    return count_result (stats, mir_heap_header_malloc (stats->below, new_size, MIR_HEAP_TAG_STATS),
                         new_size);
  struct mir_heap_header *header = mir_heap_checked (ptr, MIR_HEAP_TAG_STATS);
  old_size = header->size;
  void *res = mir_heap_header_realloc (stats->below, header, new_size, MIR_HEAP_TAG_STATS);
  if (res != NULL) {
    count_gone (stats, old_size);
    add_to (&stats->resized, 1);
    new_size = mir_heap_header_of (res)->size; /* the old one if a shrink was refused below */
  }
  return count_result (stats, res, new_size);
}

static void stats_free (void *ptr, void *user_data) {
  struct stats *stats = (struct stats *) user_data;
  if (ptr == NULL) return;
  struct mir_heap_header *header = mir_heap_checked (ptr, MIR_HEAP_TAG_STATS);
  count_gone (stats, header->size);
  mir_heap_header_free (stats->below, header);
}

MIR_heap_status_t MIR_stats_create (MIR_alloc_t below, MIR_stats_t *res) {
  struct stats *stats = (struct stats *) mir_heap_new (&below, sizeof (*stats));
  if (stats == NULL) return MIR_HEAP_NO_MEMORY;
  stats->pub.alloc = MIR_HEAP_ALLOC (stats);
  stats->below = below;
  *res = &stats->pub;
  return MIR_HEAP_OK;
}

void MIR_stats_finish (MIR_stats_t pub) {
  struct stats *stats = (struct stats *) pub;
  if (stats != NULL) MIR_free (stats->below, stats);
}

void MIR_stats_get (MIR_stats_t pub, MIR_stats_report_t *report) {
  struct stats *stats = (struct stats *) pub;
  uint64_t resized = value_of (&stats->resized), gone = 0;
  report->mallocs = value_of (&stats->mallocs);
  report->callocs = value_of (&stats->callocs);
  report->reallocs = value_of (&stats->reallocs);
  report->failed = value_of (&stats->failed);
  report->live_bytes = value_of (&stats->live_bytes);
  report->peak_bytes = value_of (&stats->peak_bytes);
  report->live_blocks = report->made_bytes = 0;
  for (int i = 0; i < MIR_STATS_CLASSES; i++) {
    MIR_stats_class_t *row = &report->classes[i];
    uint64_t row_gone = value_of (&stats->classes[i].gone); /* read first: MADE only grows */
    row->made = value_of (&stats->classes[i].made);
    row->made_bytes = value_of (&stats->classes[i].made_bytes);
    row->live = row->made - row_gone;
    report->live_blocks += row->live;
    report->made_bytes += row->made_bytes;
    gone += row_gone;
  }
  report->frees = gone - resized;
}

/*---------------- JSON -----------------------------*/

struct json_text {
  char *start; /* the caller's buffer */
  size_t len;  /* bytes at START */
  size_t used; /* bytes of the whole text so far, even beyond LEN */
};

/* Append to TEXT, as far as it fits.  */
static void print_json (struct json_text *text, const char *format, ...) {
  va_list args;
  size_t room = text->used < text->len ? text->len - text->used : 0;
  va_start (args, format);
  int len = vsnprintf (room == 0 ? NULL : text->start + text->used, room, format, args);
  va_end (args);
  if (len > 0) text->used += (size_t) len;
}

static void print_class (struct json_text *text, const MIR_stats_report_t *report, int i,
                         int *first) {
  const MIR_stats_class_t *row = &report->classes[i];
  uint64_t most = i == 0 ? 0 : i == 64 ? UINT64_MAX : ((uint64_t) 1 << i) - 1;
  if (row->made == 0) return;
  print_json (text,
              "%s{\"max_size\":%" PRIu64 ",\"made\":%" PRIu64 ",\"made_bytes\":%" PRIu64
              ",\"live\":%" PRIu64 "}",
              *first ? "" : ",", most, row->made, row->made_bytes, row->live);
  *first = 0;
}

size_t MIR_stats_json (const MIR_stats_report_t *report, char *buffer, size_t len) {
  struct json_text text = {.start = buffer, .len = len};
  int first = 1;
  print_json (&text,
              "{\"mallocs\":%" PRIu64 ",\"callocs\":%" PRIu64 ",\"reallocs\":%" PRIu64
              ",\"frees\":%" PRIu64 ",\"failed\":%" PRIu64,
              report->mallocs, report->callocs, report->reallocs, report->frees, report->failed);
  print_json (&text,
              ",\"live_blocks\":%" PRIu64 ",\"live_bytes\":%" PRIu64 ",\"peak_bytes\":%" PRIu64
              ",\"made_bytes\":%" PRIu64 ",\"classes\":[",
              report->live_blocks, report->live_bytes, report->peak_bytes, report->made_bytes);
  for (int i = 0; i < MIR_STATS_CLASSES; i++) print_class (&text, report, i, &first);
  print_json (&text, "]}");
  return text.used;
}
