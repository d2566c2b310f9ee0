/* Counts the records of a trace: threads, scopes, code and peaks; blocks.c counts blocks.  */
#include "report/picture.h"

#include <string.h>

#include "report/blocks.h"
#include "report/hash.h"
#include "report/tree.h"

/* A thread by its number in the trace: its index in the picture.  */
typedef struct thread_ref {
  uint64_t number;
  uint32_t thread;
} thread_ref_t;

#define HASH_THREAD(REF, ARG) ((void) (ARG), hash_bits ((REF).number))
#define SAME_THREAD(A, B, ARG) ((A).number == (B).number)

DEF_HTAB_BOUND (thread_ref_t, HASH_THREAD, SAME_THREAD)

void picture_init (struct picture *picture, MIR_alloc_t alloc) {
  memset (picture, 0, sizeof (*picture));
  picture->alloc = alloc;
  timeline_init (&picture->timeline);
  names_init (&picture->names, alloc);
  code_map_init (&picture->code, alloc);
  tree_init (picture);
  blocks_init (picture);
  VARR_CREATE (thread_t, picture->threads, alloc, 8);
  HTAB_CREATE_BOUND (thread_ref_t, picture->thread_refs, alloc, 8, NULL, NULL);
}

void picture_finish (struct picture *picture) {
  HTAB_DESTROY (thread_ref_t, picture->thread_refs);
  VARR_DESTROY (thread_t, picture->threads);
  blocks_finish (picture);
  tree_finish (picture);
  code_map_finish (&picture->code_peak);
  code_map_finish (&picture->code);
  names_finish (&picture->names);
}

const char *picture_title (const struct picture *picture, const char *name) {
  const char *slash = strrchr (name, '/');
  if (picture->reader.title_len > 0) return names_text (&picture->names, picture->title);
  return slash == NULL ? name : slash + 1;
}

/*---------------- Code -----------------------------*/

/* Count an event of code: a mapping, a piece, or the end of one.  */
static void on_code (struct picture *picture, const struct record *record) {
  struct extent piece = {.start = record->address, .size = record->size};
  struct totals *totals = &picture->totals;
  switch (record->kind) {
    case MIR_TRACE_CODE_MAPPED:
      totals->code_mappings++;
      code_map_add_range (&picture->code, record->address, record->size);
      break;
    case MIR_TRACE_CODE_UNMAPPED:
      totals->strange += !code_map_remove_range (&picture->code, record->address, record->size);
      break;
    case MIR_TRACE_CODE_PUBLISHED:
      piece.name = names_add (&picture->names, record->name, record->name_len);
      totals->code_published++;
      if (totals->code_published_bytes < READER_MAX_SIZE)
        totals->code_published_bytes += record->size;
      totals->strange += !code_map_add_piece (&picture->code, &piece);
      break;
    case MIR_TRACE_CODE_FREED:
      totals->code_freed++;
      totals->strange += !code_map_remove_piece (&picture->code, record->address);
      break;
    default: /* a call that returned NULL */
      break;
  }
}

/*---------------- Threads -----------------------------*/

/* The thread of RECORD, a new one if need be; most often it is the thread of the last event.  */
static struct thread *thread_of (struct picture *picture, const struct record *record) {
  uint32_t number = (uint32_t) VARR_LENGTH (thread_t, picture->threads);
  struct thread_ref ref = {record->thread, number};
  struct thread new_thread = {.number = record->thread, .first = record->time};
  if (picture->thread >= number
      || VARR_ADDR (thread_t, picture->threads)[picture->thread].number != record->thread) {
    if (!HTAB_DO (thread_ref_t, picture->thread_refs, ref, HTAB_INSERT, ref))
      VARR_PUSH (thread_t, picture->threads, new_thread);
    picture->thread = ref.thread;
  }
  return &VARR_ADDR (thread_t, picture->threads)[picture->thread];
}

/* THREAD enters, or leaves, a scope.  */
static void on_push (struct picture *picture, struct thread *thread, const struct record *record) {
  uint32_t name = names_add (&picture->names, record->name, record->name_len);
  if (tree_node (picture, thread->node)->depth == PICTURE_MAX_SCOPES)
    thread->too_deep++;
  else
    thread->node = tree_child (picture, thread->node, NODE_SCOPE, name);
}

static void on_pop (struct picture *picture, struct thread *thread) {
  if (thread->too_deep > 0)
    thread->too_deep--;
  else if (thread->node != 0)
    thread->node = tree_node (picture, thread->node)->parent;
  else
    picture->totals.strange++;
}

/*---------------- Peaks -----------------------------*/

/* Bring the timeline up to TIME, and note new peaks.  */
static void note_amounts (struct picture *picture, uint64_t time) {
  struct amounts now = {.live = picture->totals.live.bytes,
                        .code = picture->code.piece_bytes,
                        .mapped = picture->code.mapped_bytes};
  struct totals *totals = &picture->totals;
  timeline_set (&picture->timeline, time, &now);
  if (totals->peak.bytes < totals->live.bytes) {
    totals->peak = totals->live;
    totals->peak_time = time;
    picture->peak_event = picture->reader.events;
  }
  if (totals->code_peak_bytes < picture->code.piece_bytes) {
    totals->code_peak_bytes = picture->code.piece_bytes;
    totals->code_peak_time = time;
    picture->code_peak_event = picture->reader.events;
  }
  if (totals->code_peak_mapped < picture->code.mapped_bytes)
    totals->code_peak_mapped = picture->code.mapped_bytes;
}

/*---------------- Events -----------------------------*/

/* Count KIND as a call of the program, if it is one.  */
static void count_call (struct totals *totals, enum mir_trace_kind kind) {
  totals->mallocs += kind == MIR_TRACE_MALLOC || kind == MIR_TRACE_MALLOC_FAILED;
  totals->callocs += kind == MIR_TRACE_CALLOC || kind == MIR_TRACE_CALLOC_FAILED;
  totals->reallocs += kind == MIR_TRACE_REALLOC || kind == MIR_TRACE_REALLOC_NEW
                      || kind == MIR_TRACE_REALLOC_NEW_FAILED;
  totals->failed += kind == MIR_TRACE_MALLOC_FAILED || kind == MIR_TRACE_CALLOC_FAILED
                    || kind == MIR_TRACE_REALLOC_FAILED || kind == MIR_TRACE_REALLOC_NEW_FAILED;
}

/* Count RECORD for THREAD.  0, or -1 as picture_count.  */
static int count_event (struct picture *picture, struct thread *thread,
                        const struct record *record) {
  switch (record->kind) {
    case MIR_TRACE_MALLOC:
    case MIR_TRACE_CALLOC:
    case MIR_TRACE_REALLOC_NEW:
      return blocks_on_allocation (picture, thread, record);
    case MIR_TRACE_REALLOC:
      blocks_on_realloc (picture, thread, record);
      return 0;
    case MIR_TRACE_REALLOC_DONE:
      return blocks_on_realloc_done (picture, thread, record);
    case MIR_TRACE_FREE:
      blocks_on_free (picture, thread, record);
      return 0;
    case MIR_TRACE_PUSH:
      on_push (picture, thread, record);
      return 0;
    case MIR_TRACE_POP:
      on_pop (picture, thread);
      return 0;
    default:
      on_code (picture, record);
      return 0;
  }
}

int picture_count (struct picture *picture, const struct record *record) {
  struct thread *thread;
  if (record->kind == MIR_TRACE_SYMBOL) {
    tree_add_symbol (picture, record->address,
                     names_add (&picture->names, record->name, record->name_len));
    return 0;
  }
  thread = thread_of (picture, record);
  picture->totals.events++;
  thread->last = record->time;
  count_call (&picture->totals, record->kind);
  /* A realloc that its thread has not ended before this event has left by longjmp.  */
  if (record->kind != MIR_TRACE_REALLOC_DONE)
    blocks_on_realloc_failed (picture, thread, record->time);
  if (count_event (picture, thread, record) != 0) return -1;
  note_amounts (picture, record->time);
  return 0;
}
