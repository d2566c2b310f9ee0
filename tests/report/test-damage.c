/* Of a damaged trace mir-report --partial shows what is before the damaged record, and nothing of
   it: every output is that of the trace cut right before it.  A second reader says where that is.
   Traces and damages are the same in every run.  Linux.  */
#define _GNU_SOURCE /* fmemopen, memmem */
#include <stdlib.h>
#include <string.h>

#include "report/chrome.h"
#include "report/folded.h"
#include "report/html.h"
#include "report/naive-reader.h"
#include "report/picture-read.h"
#include "report/report-alloc.h"
#include "report/stats.h"
#include "report/written-trace.h"
#include "support/tap.h"

enum {
  EVENTS = 1500,      /* of a trace */
  MANY_EVENTS = 7500, /* of a trace that is longer than a reader's buffer */
  OUTPUTS = 8
};

static struct bytes damaged, cut; /* `whole` with damage; up to the damage */

/*---------------- Outputs -----------------------------*/

struct view {
  int result; /* of picture_read */
  int partial;
  char error[sizeof (((struct reader *) NULL)->error)];
  struct totals totals;
  char *outputs[OUTPUTS];
  size_t lens[OUTPUTS];
};

static const char *const output_names[OUTPUTS] = {
    "html", "folded", "chrome", "stats", "json", "folded --diff", "stats --diff", "json --diff"};

static void write_output (FILE *out, int which, struct picture *picture, struct picture *other,
                          FILE *stream) {
  if (which == 0) html_write (out, picture, other, "name", "other");
  if (which == 1) folded_write (out, picture);
  if (which == 2) CHECK_INT (chrome_write (out, picture, stream), 0);
  if (which == 3) stats_write_text (out, picture, "name");
  if (which == 4) stats_write_json (out, picture, "name");
  if (which == 5) folded_compare (out, other, picture);
  if (which == 6) stats_compare_text (out, other, "name", picture, "old");
  if (which == 7) stats_compare_json (out, other, "name", picture, "old");
}

/* Remove each occurrence of WHAT from the TEXT of LEN bytes.  Returns how many there were.  */
static int remove_text (char *text, size_t *len, const char *what) {
  size_t what_len = strlen (what);
  int num = 0;
  REQUIRE (what_len > 0);
  for (char *found; (found = (char *) memmem (text, *len, what, what_len)) != NULL; num++) {
    memmove (found, found + what_len, *len - (size_t) (found - text) - what_len);
    *len -= what_len;
  }
  return num;
}

/* Read TRACE and write all outputs; OTHER is the picture to compare with.  Outputs that can say so
   say what is wrong, which is then removed from them.  */
static void look (struct view *view, struct bytes *trace, int partial, struct picture *other) {
  FILE *stream = fmemopen (trace->at, trace->num, "rb");
  static struct picture picture;
  memset (view, 0, sizeof (*view));
  REQUIRE (stream != NULL);
  picture_init (&picture, report_alloc);
  view->result = picture_read (&picture, stream, partial);
  view->partial = picture.partial;
  view->totals = picture.totals;
  snprintf (view->error, sizeof (view->error), "%s", picture.reader.error);
  for (int i = 0; i < OUTPUTS && view->result == 0; i++) {
    FILE *out = open_memstream (&view->outputs[i], &view->lens[i]);
    int says;
    REQUIRE (out != NULL);
    write_output (out, i, &picture, other, stream);
    fclose (out);
    says = view->partial ? remove_text (view->outputs[i], &view->lens[i], view->error) : 0;
    CHECK_INT (says, view->partial && i != 1 && i != 2 && i != 5);
  }
  picture_finish (&picture);
  fclose (stream);
}

static void forget (struct view *view) {
  for (int i = 0; i < OUTPUTS; i++) free (view->outputs[i]);
}

/* Check that A and B show the same.  */
static void compare (const struct view *a, const struct view *b) {
  for (int i = 0; i < OUTPUTS; i++) {
    int is_same =
        a->lens[i] == b->lens[i] && memcmp (a->outputs[i], b->outputs[i], a->lens[i]) == 0;
    if (!is_same) tap_note ("the output %s differs", output_names[i]);
    CHECK (is_same);
  }
}

/*---------------- Damage -----------------------------*/

static struct picture other; /* of `whole` */

/* Check TOTALS against what the naive reader has counted.  */
static void check_numbers (const struct totals *totals) {
  CHECK_INT (totals->events, naive.events);
  CHECK_INT (totals->mallocs, naive.mallocs);
  CHECK_INT (totals->callocs, naive.callocs);
  CHECK_INT (totals->reallocs, naive.reallocs);
  CHECK_INT (totals->frees, naive.frees);
  CHECK_INT (totals->made.bytes, naive.made_bytes);
}

/* Check all that is shown of `damaged`.  Returns whether there is damage behind the head.  */
static int check_damaged (void) {
  size_t place = find_damage (&damaged);
  struct view refused, shown, expected;
  look (&refused, &damaged, 0, &other);
  look (&shown, &damaged, 1, &other);
  CHECK_INT (refused.result, naive.ended ? 0 : -1);
  CHECK_INT (shown.result, place == 0 ? -1 : 0);
  if (refused.result != 0) CHECK (strncmp (refused.error, "byte ", 5) == 0);
  if (place > 0) {
    cut = damaged;
    cut.num = place;
    look (&expected, &cut, 1, &other);
    CHECK_INT (shown.partial, !naive.ended);
    check_numbers (&shown.totals);
    compare (&shown, &expected);
    if (!naive.ended) CHECK_STR (shown.error, refused.error);
    if (!naive.ended) CHECK (strtoull (shown.error + 5, NULL, 10) >= place);
    forget (&expected);
  }
  forget (&shown);
  forget (&refused);
  return place > 0 && !naive.ended;
}

static size_t from, span; /* where bytes are damaged: SPAN bytes from FROM on */

static size_t any_place (void) {
  return from + below (span);
}

static void change_bytes (void) {
  for (uint64_t i = 1 + below (3); i > 0; i--) {
    uint8_t *byte = &damaged.at[any_place ()];
    *byte = below (2) == 0 ? (uint8_t) below (256) : *byte ^ (uint8_t) (1u << below (8));
  }
}

static void cut_off (void) {
  damaged.num = any_place ();
}

static void insert_bytes (void) {
  size_t num = 1 + below (12), place = any_place ();
  memmove (&damaged.at[place + num], &damaged.at[place], damaged.num - place);
  for (size_t i = 0; i < num; i++) damaged.at[place + i] = (uint8_t) below (256);
  damaged.num += num;
}

static void remove_bytes (void) {
  size_t num = 1 + below (12), place = any_place ();
  if (num > damaged.num - place) num = damaged.num - place;
  memmove (&damaged.at[place], &damaged.at[place + num], damaged.num - place - num);
  damaged.num -= num;
}

/* Damage `whole` where FROM and SPAN say until NUM traces have damage behind the head.  */
static void sweep (void (*damage) (void), size_t num) {
  size_t tries = 0, unnoticed = 0;
  for (size_t found = 0; found < num; tries++) {
    REQUIRE (tries < 50 * num);
    damaged = whole;
    damage ();
    found += (size_t) check_damaged ();
    unnoticed += (size_t) naive.ended;
  }
  tap_note ("%zu traces, %zu with damage that no reader can see", tries, unnoticed);
}

static void damage_all (void (*damage) (void), size_t num) {
  from = 1;
  span = whole.num - 1;
  sweep (damage, tap_scaled (num));
}

static void changed_bytes (void) {
  damage_all (change_bytes, 70);
}

static void lost_ends (void) {
  damage_all (cut_off, 70);
}

static void inserted_bytes (void) {
  damage_all (insert_bytes, 70);
}

static void removed_bytes (void) {
  damage_all (remove_bytes, 70);
}

/* Records that the buffer of a reader has only in part.  */
static void damage_at_the_edge_of_a_buffer (void) {
  static void (*const damages[]) (void) = {change_bytes, cut_off, insert_bytes, remove_bytes};
  make_trace (MANY_EVENTS);
  REQUIRE (whole.num > READER_BUFFER + 1000);
  from = READER_BUFFER - 40;
  span = 80;
  for (size_t i = 0; i < sizeof (damages) / sizeof (damages[0]); i++)
    sweep (damages[i], tap_scaled (20));
  make_trace (EVENTS);
}

/*---------------- Each kind of damage -----------------------------*/

/* Put into `damaged` the records of `whole` up to one in the middle.  */
static void begin_damaged (void) {
  size_t middle = whole.num / 2;
  damaged = whole;
  damaged.num = middle;
  damaged.num = find_damage (&damaged);
  REQUIRE (damaged.num > 100 && damaged.num < whole.num);
}

/* Append a record of the kind KIND with NUM numbers.  */
static void put_record (unsigned kind, int num, const uint64_t *numbers) {
  put_byte (&damaged, kind);
  for (int i = 0; i < num; i++) put_number (&damaged, numbers[i]);
}

/* Append what is behind the middle of `whole`, and check that the damage is at PLACE because of
   WHY.  */
static void check_why (size_t place, const char *why) {
  struct view view;
  for (size_t i = whole.num / 2; i < whole.num; i++) put_byte (&damaged, whole.at[i]);
  CHECK_INT (find_damage (&damaged), place);
  CHECK (check_damaged ());
  look (&view, &damaged, 1, &other);
  if (strstr (view.error, why) == NULL) CHECK_STR (view.error, why);
  forget (&view);
}

static void each_error_in_a_record (void) {
  static const struct {
    const char *why;
    unsigned kind;
    int num;
    uint64_t numbers[4];
  } cases[] = {
      {"unknown kind 0", 0, 0, {0}},
      {"unknown kind 21", 21, 1, {0}},
      {"unknown kind 255", 255, 1, {0}},
      {"a size that nothing can have", MIR_TRACE_MALLOC, 3, {1000000, (uint64_t) 1 << 62, 2}},
      {"a size that nothing can have", MIR_TRACE_CALLOC, 4, {1000000, UINT64_MAX, 2, 2}},
      {"a size that nothing can have", MIR_TRACE_REALLOC_NEW, 3, {7, UINT64_MAX, 2}},
      {"a size that nothing can have", MIR_TRACE_CODE_MAPPED, 3, {7, 2, UINT64_MAX}},
      {"a time is out of range", MIR_TRACE_POP, 1, {UINT64_MAX}},
      {"a time is out of range", MIR_TRACE_FREE, 2, {(uint64_t) 1 << 62, 2}},
      {"a name is too long", MIR_TRACE_PUSH, 2, {1000000, 1001}},
      {"a name is too long", MIR_TRACE_SYMBOL, 2, {2, UINT64_MAX}},
      {"a stack is too deep", MIR_TRACE_STACK, 1, {65}},
      {"beyond the end of the address space",
       MIR_TRACE_CODE_UNMAPPED,
       3,
       {5, (1 << 24) - 1 /* - 2^23 */, (uint64_t) 1 << 61}},
      {"events are missing", MIR_TRACE_END, 2, {1000000, 3}},
  };
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    size_t place;
    begin_damaged ();
    place = damaged.num;
    put_record (cases[i].kind, cases[i].num, cases[i].numbers);
    check_why (place, cases[i].why);
  }
}

static void a_number_without_an_end (void) {
  size_t place;
  begin_damaged ();
  place = damaged.num;
  put_byte (&damaged, MIR_TRACE_FREE);
  for (int i = 0; i < 10; i++) put_byte (&damaged, 0xff);
  check_why (place, "more than 64 bits");
}

/* A thread that has done nothing before, and never does anything.  */
static void a_new_thread_with_too_much_memory (void) {
  static const uint64_t thread[] = {1000}, most[] = {1000, ((uint64_t) 1 << 62) - 1, 2};
  size_t place;
  begin_damaged ();
  put_record (MIR_TRACE_MALLOC, 3, most);
  put_record (MIR_TRACE_THREAD, 1, thread);
  place = damaged.num;
  put_record (MIR_TRACE_CALLOC, 4, (const uint64_t[]) {5000, 1, 1, 2});
  check_why (place, "no program can have so much memory");
}

static void a_realloc_to_too_much_memory (void) {
  size_t place;
  begin_damaged ();
  put_record (MIR_TRACE_REALLOC, 4, (const uint64_t[]) {10, 2, 5, UINT64_MAX});
  place = damaged.num;
  put_record (MIR_TRACE_REALLOC_DONE, 2, (const uint64_t[]) {10, 2});
  check_why (place, "no program can have so much memory");
}

static void data_behind_the_end (void) {
  size_t place;
  damaged = whole;
  damaged.num--;
  place = find_damage (&damaged);
  damaged = whole;
  put_byte (&damaged, 0);
  CHECK_INT (find_damage (&damaged), place);
  CHECK (check_damaged ());
}

static void the_naive_reader_reads_all (void) {
  CHECK_INT (find_damage (&whole), whole.num);
  CHECK (naive.ended);
  CHECK_INT (naive.events, program.events);
  check_numbers (&other.totals);
  CHECK_INT (other.totals.strange, 0);
  CHECK (other.totals.failed > 10 && other.totals.reallocs > 50);
  CHECK_INT (VARR_LENGTH (thread_t, other.threads), THREADS);
  damaged = whole;
  CHECK_INT (check_damaged (), 0);
}

static void a_damaged_head_is_refused (void) {
  for (size_t i = 0; i < 20; i++) {
    damaged = whole;
    damaged.num = i + 1;
    CHECK_INT (check_damaged (), 0);
    CHECK_INT (find_damage (&damaged), 0);
  }
}

int main (void) {
  FILE *stream;
  make_trace (EVENTS);
  stream = fmemopen (whole.at, whole.num, "rb");
  picture_init (&other, report_alloc);
  if (stream == NULL || picture_read (&other, stream, 0) != 0) abort ();
  TEST_RUN (the_naive_reader_reads_all);
  TEST_RUN (a_damaged_head_is_refused);
  TEST_RUN (changed_bytes);
  TEST_RUN (lost_ends);
  TEST_RUN (inserted_bytes);
  TEST_RUN (removed_bytes);
  TEST_RUN (damage_at_the_edge_of_a_buffer);
  TEST_RUN (each_error_in_a_record);
  TEST_RUN (a_number_without_an_end);
  TEST_RUN (a_new_thread_with_too_much_memory);
  TEST_RUN (a_realloc_to_too_much_memory);
  TEST_RUN (data_behind_the_end);
  picture_finish (&other);
  fclose (stream);
  return tap_done ();
}
