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
  block_table_init (&picture->blocks, alloc);
  VARR_CREATE (thread_t, picture->threads, alloc, 8);
  HTAB_CREATE_BOUND (thread_ref_t, picture->thread_refs, alloc, 8, NULL, NULL);
}

void picture_finish (struct picture *picture) {
  HTAB_DESTROY (thread_ref_t, picture->thread_refs);
  VARR_DESTROY (thread_t, picture->threads);
  block_table_finish (&picture->blocks);
  tree_finish (picture);
  if (picture->layers.of_stacks != NULL) VARR_DESTROY (uint8_t, picture->layers.of_stacks);
  slices_finish (&picture->slices);
  kept_finish (&picture->kept);
  code_map_finish (&picture->code_peak);
  code_map_finish (&picture->code);
  names_finish (&picture->names);
}

void picture_settle (struct picture *picture) {
  block_table_finish (&picture->blocks);
  tree_settle (picture);
}

void picture_begin_second (struct picture *picture) {
  memset (&picture->totals, 0, sizeof (picture->totals));
  VARR_TRUNC (thread_t, picture->threads, 0);
  HTAB_CLEAR (thread_ref_t, picture->thread_refs);
  picture->thread = 0;
  block_table_clear (&picture->blocks);
  code_map_finish (&picture->code);
  code_map_init (&picture->code, picture->alloc);
  picture->second = 1;
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

/* The thread called NUMBER, or NULL; most often it is the thread of the last event.  */
static struct thread *find_thread (struct picture *picture, uint64_t number) {
  struct thread *threads = VARR_ADDR (thread_t, picture->threads);
  struct thread_ref ref = {number, 0};
  if (picture->thread < VARR_LENGTH (thread_t, picture->threads)
      && threads[picture->thread].number == number)
    return &threads[picture->thread];
  return HTAB_DO (thread_ref_t, picture->thread_refs, ref, HTAB_FIND, ref) ? &threads[ref.thread]
                                                                           : NULL;
}

/* The thread of RECORD, a new one if need be, which is now that of the last event.  */
static struct thread *thread_of (struct picture *picture, const struct record *record) {
  struct thread *thread = find_thread (picture, record->thread);
  if (thread == NULL) {
    uint32_t index = (uint32_t) VARR_LENGTH (thread_t, picture->threads);
    struct thread_ref ref = {record->thread, index};
    HTAB_DO (thread_ref_t, picture->thread_refs, ref, HTAB_INSERT, ref);
    VARR_PUSH (thread_t, picture->threads,
               ((struct thread) {.number = record->thread, .first = record->time}));
    thread = &VARR_ADDR (thread_t, picture->threads)[index];
  }
  picture->thread = (uint32_t) (thread - VARR_ADDR (thread_t, picture->threads));
  return thread;
}

/* THREAD enters, or leaves, a scope.  */
static void on_push (struct picture *picture, struct thread *thread, const struct record *record) {
  uint32_t name = names_add (&picture->names, record->name, record->name_len);
  if (picture_node (picture, thread->node)->depth == PICTURE_MAX_SCOPES)
    thread->too_deep++;
  else
    thread->node = tree_child (picture, thread->node, NODE_SCOPE, name);
}

static void on_pop (struct picture *picture, struct thread *thread) {
  if (thread->too_deep > 0)
    thread->too_deep--;
  else if (thread->node != 0)
    thread->node = picture_node (picture, thread->node)->parent;
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
    picture->peaks++;
  }
  if (totals->code_peak_bytes < picture->code.piece_bytes) {
    totals->code_peak_bytes = picture->code.piece_bytes;
    totals->code_peak_time = time;
    picture->code_peak_event = totals->events;
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

/* Count RECORD for THREAD.  */
static void count_event (struct picture *picture, struct thread *thread,
                         const struct record *record) {
  switch (record->kind) {
    case MIR_TRACE_MALLOC:
    case MIR_TRACE_CALLOC:
    case MIR_TRACE_REALLOC_NEW:
      blocks_on_allocation (picture, thread, record);
      break;
    case MIR_TRACE_REALLOC:
      blocks_on_realloc (picture, thread, record);
      break;
    case MIR_TRACE_REALLOC_DONE:
      blocks_on_realloc_done (picture, thread, record);
      break;
    case MIR_TRACE_FREE:
      blocks_on_free (picture, thread, record);
      break;
    case MIR_TRACE_PUSH:
      on_push (picture, thread, record);
      break;
    case MIR_TRACE_POP:
      on_pop (picture, thread);
      break;
    default:
      on_code (picture, record);
      break;
  }
}

/* Whether RECORD makes a block that no program can have; nothing has counted it.  */
static int is_too_much (struct picture *picture, const struct record *record) {
  int is_allocation = record->kind == MIR_TRACE_MALLOC || record->kind == MIR_TRACE_CALLOC
                      || record->kind == MIR_TRACE_REALLOC_NEW;
  if (is_allocation) return !blocks_have_room (picture, record->size);
  if (record->kind != MIR_TRACE_REALLOC_DONE) return 0;
  const struct thread *thread = find_thread (picture, record->thread);
  return thread != NULL && thread->realloc.state != REALLOC_NONE
         && !blocks_have_room (picture, thread->realloc.size);
}

/* The thread is most likely the one of the record before, and its scope as it is.  */
void picture_expect (struct picture *picture, const struct record *record) {
  if (record->address != 0) block_table_expect (&picture->blocks, record->address);
  if (picture->thread < VARR_LENGTH (thread_t, picture->threads))
    tree_expect (picture, VARR_ADDR (thread_t, picture->threads)[picture->thread].node, record);
}

int picture_count (struct picture *picture, const struct record *record) {
  struct thread *thread;
  if (record->kind == MIR_TRACE_SYMBOL) {
    if (!picture->second)
      tree_add_symbol (picture, record->address,
                       names_add (&picture->names, record->name, record->name_len));
    return 0;
  }
  if (is_too_much (picture, record)) return -1;
  if (picture->second) slices_set_time (&picture->slices, record->time);
  thread = thread_of (picture, record);
  picture->totals.events++;
  thread->last = record->time;
  count_call (&picture->totals, record->kind);
  /* A realloc that its thread has not ended before this event has left by longjmp.  */
  if (record->kind != MIR_TRACE_REALLOC_DONE)
    blocks_on_realloc_failed (picture, thread, record->time);
  count_event (picture, thread, record);
  if (!picture->second) note_amounts (picture, record->time);
  return 0;
}
