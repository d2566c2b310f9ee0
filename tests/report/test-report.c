/* mir-report trusts nothing: traces that are cut at each byte, traces with changed bytes, traces
   made by an adversary.  Linux.  */
#define _GNU_SOURCE /* fmemopen, fopencookie */
#include "report/chrome.h"
#include "report/folded.h"
#include "report/html.h"
#include "report/output.h"
#include "report/stats.h"
#include "trace-bytes.h"
#include "trace/trace-fixture.h"

/* Write all outputs to /dev/null.  */
static void write_all_outputs (FILE *stream) {
  struct output output = {.path = "/dev/null", .stream = fopen ("/dev/null", "w")};
  REQUIRE (output.stream != NULL);
  html_write (output.stream, &picture, NULL, "x/y", NULL);
  folded_write (output.stream, &picture);
  stats_write_text (output.stream, &picture, "x/y");
  stats_write_json (output.stream, &picture, "x/y");
  folded_compare (output.stream, &picture, &picture);
  stats_compare_text (output.stream, &picture, "x/y", &picture, "z");
  stats_compare_json (output.stream, &picture, "x/y", &picture, "z");
  CHECK_INT (chrome_write (output.stream, &picture, stream), 0);
  CHECK_INT (output_close (&output), 0);
}

/* 0, or -1 with an error.  The caller finishes the picture in either case.  */
static int read_bytes (size_t num, int partial) {
  FILE *stream = fmemopen (bytes, num, "rb");
  int result;
  REQUIRE (stream != NULL);
  picture_init (&picture, report_alloc);
  result = picture_read (&picture, stream, partial);
  if (result == 0) write_all_outputs (stream);
  if (result != 0) CHECK (strncmp (picture.reader.error, "byte ", 5) == 0);
  fclose (stream);
  return result;
}

/* Make a small trace with records of every kind in `bytes`.  */
static void make_trace (void) {
  MIR_code_event_t event = {(const uint8_t *) 0x10040, 50, "piece", 0};
  const MIR_code_hooks_t *hooks;
  void *block;
  FILE *f;
  REQUIRE (begin_with (5, NULL) == MIR_TRACE_OK);
  hooks = MIR_trace_hooks (trace);
  hooks->mapped (hooks->user_data, (uint8_t *) 0x10000, 0x1000);
  hooks->published (hooks->user_data, &event, 1);
  MIR_trace_push (trace, "scope");
  block = MIR_realloc (traced, MIR_realloc (traced, NULL, 0, 10), 10, 20);
  MIR_free (traced, MIR_calloc (traced, 5, 6));
  probe_alloc_fail_after (&probe, 0, 0);
  CHECK_PTR (MIR_realloc (traced, block, 20, 40), NULL);
  MIR_trace_pop (trace);
  MIR_free (traced, MIR_malloc (traced, 1000));
  MIR_free (traced, block);
  hooks->freed (hooks->user_data, &event);
  hooks->unmapped (hooks->user_data, (uint8_t *) 0x10000, 0x1000);
  REQUIRE (MIR_trace_finish (trace) == MIR_TRACE_OK);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  f = fopen (trace_path, "rb");
  REQUIRE (f != NULL);
  bytes_num = fread (bytes, 1, sizeof (bytes), f);
  fclose (f);
  REQUIRE (bytes_num < 5000);
}

static void a_trace_cut_anywhere_is_refused (void) {
  make_trace ();
  CHECK_INT (read_bytes (bytes_num, 0), 0);
  picture_finish (&picture);
  for (size_t num = 1; num < bytes_num; num++) {
    CHECK_INT (read_bytes (num, 0), -1);
    CHECK_INT (picture.reader.truncated, 1);
    CHECK (strstr (picture.reader.error, "ends here") != NULL);
    picture_finish (&picture);
  }
}

/* Unless the head is cut, everything before the cut is shown.  */
static void a_trace_cut_anywhere_is_shown_in_part (void) {
  uint64_t events = 0;
  make_trace ();
  for (size_t num = 1; num < bytes_num; num++) {
    if (read_bytes (num, 1) == 0) {
      CHECK (picture.totals.events >= events);
      CHECK_INT (picture.partial, 1);
      events = picture.totals.events;
    } else {
      CHECK (num < 40);
    }
    picture_finish (&picture);
  }
  CHECK (events > 10);
}

/* The result is a picture or an error of one line.  */
static void changed_traces_do_no_harm (void) {
  static uint8_t original[5000];
  size_t num, shown = 0;
  make_trace ();
  num = bytes_num;
  memcpy (original, bytes, num);
  for (size_t n = tap_scaled (5000); n > 0; n--) {
    memcpy (bytes, original, num);
    for (uint64_t i = 1 + tap_random () % 4; i > 0; i--) {
      uint8_t *place = &bytes[12 + tap_random () % (num - 12)];
      *place = tap_random () % 2 == 0 ? (uint8_t) tap_random ()
                                      : *place ^ (uint8_t) (1u << tap_random () % 8);
    }
    shown += read_bytes (num, (int) (n % 2)) == 0;
    picture_finish (&picture);
  }
  CHECK (shown > 0);
}

/* Well-formed records whose contents make no sense.  */
static void senseless_traces_do_no_harm (void) {
  for (size_t n = tap_scaled (300); n > 0; n--) {
    begin_bytes ();
    record (MIR_TRACE_CODE_MAPPED, 3, 0, 1000000, 500,
            0); /* far from both ends of the address space */
    while (bytes_num < 4000) {
      unsigned kind = 1 + (unsigned) (tap_random () % MIR_TRACE_KINDS);
      if (kind >= MIR_TRACE_END) continue;
      if (kind == MIR_TRACE_PUSH || kind == MIR_TRACE_SYMBOL) {
        record ((enum mir_trace_kind) kind, 2, tap_random () % 9, 0, 0, 0);
      } else if (kind == MIR_TRACE_STACK) {
        record (MIR_TRACE_STACK, 3, 2, tap_random () % 99, tap_random () % 999, 0);
      } else {
        static const int numbers[MIR_TRACE_KINDS] = {0, 3, 2, 4, 3, 4, 2, 1, 3, 2,
                                                     2, 0, 1, 1, 0, 0, 3, 3, 4, 3};
        record ((enum mir_trace_kind) kind, numbers[kind], tap_random () % 99, tap_random () % 30,
                tap_random () % 40, kind == MIR_TRACE_CODE_PUBLISHED ? 0 : tap_random () % 20);
      }
    }
    record (MIR_TRACE_POP, 1, 0, 0, 0, 0);
    CHECK_INT (read_bytes (bytes_num, 1), 0);
    picture_finish (&picture);
  }
}

/* The trace is refused because of WHAT; if this is behind the head, what is before it can be
   shown.  */
static void check_error (const char *what, int is_in_head) {
  for (int partial = 0; partial < 2; partial++) {
    CHECK_INT (read_bytes (bytes_num, partial), partial && !is_in_head ? 0 : -1);
    if (strstr (picture.reader.error, what) == NULL) CHECK_STR (picture.reader.error, what);
    picture_finish (&picture);
  }
}

static void what_no_trace_has_is_refused (void) {
  begin_bytes ();
  bytes[3] = 'x';
  check_error ("not a trace", 1);
  begin_bytes ();
  bytes[8] = 2;
  check_error ("version 2", 1);
  begin_bytes ();
  bytes[9] = 3;
  check_error ("pointers have 3 bytes, not 4 or 8", 1);
  begin_bytes ();
  byte (200);
  check_error ("unknown kind 200", 0);
  begin_bytes ();
  record (MIR_TRACE_MALLOC, 3, 0, UINT64_MAX, 2, 0);
  check_error ("a size that nothing can have", 0);
  begin_bytes ();
  record (MIR_TRACE_CALLOC, 4, 0, UINT64_MAX / 3, 7, 2);
  check_error ("a size that nothing can have", 0);
  begin_bytes ();
  for (int i = 0; i < 9; i++) record (MIR_TRACE_MALLOC, 3, 0, UINT64_MAX / 8, 2, 0);
  check_error ("no program can have so much memory", 0);
  begin_bytes ();
  record (MIR_TRACE_REALLOC, 4, 0, 2, 0, UINT64_MAX);
  record (MIR_TRACE_REALLOC_DONE, 2, 0, 2, 0, 0);
  check_error ("no program can have so much memory", 0);
  begin_bytes ();
  record (MIR_TRACE_POP, 1, UINT64_MAX, 0, 0, 0);
  check_error ("a time is out of range", 0);
  begin_bytes ();
  for (int i = 0; i < 10; i++) byte (0xff);
  check_error ("unknown kind", 0);
  begin_bytes ();
  byte (MIR_TRACE_THREAD);
  for (int i = 0; i < 10; i++) byte (0xff);
  check_error ("more than 64 bits", 0);
  begin_bytes ();
  record (MIR_TRACE_PUSH, 2, 0, MIR_TRACE_NAME_MAX + 1, 0, 0);
  check_error ("a name is too long", 0);
  begin_bytes ();
  record (MIR_TRACE_STACK, 1, MIR_TRACE_STACK_MAX + 1, 0, 0, 0);
  check_error ("a stack is too deep", 0);
  begin_bytes ();
  record (MIR_TRACE_CODE_MAPPED, 3, 0, 1, 5, 0); /* begins at the last address */
  check_error ("code extends beyond the end of the address space", 0);
  begin_bytes ();
  record (MIR_TRACE_END, 2, 0, 1, 0, 0);
  check_error ("events are missing", 0);
  begin_bytes ();
  record (MIR_TRACE_END, 2, 0, 0, 0, 0);
  byte (0);
  check_error ("there is data behind the end", 0);
}

static void what_began_before_the_trace_is_strange (void) {
  begin_bytes ();
  record (MIR_TRACE_FREE, 2, 1, 100, 0, 0);
  record (MIR_TRACE_REALLOC, 4, 1, 100, 5, 6);
  record (MIR_TRACE_REALLOC_DONE, 2, 1, 100, 0, 0);
  record (MIR_TRACE_POP, 1, 1, 0, 0, 0);
  record (MIR_TRACE_CODE_FREED, 3, 1, 100, 5, 0);
  record (MIR_TRACE_MALLOC, 3, 1, 7, 0, 0); /* at the address that the realloc returned */
  record (MIR_TRACE_END, 2, 1, 6, 0, 0);
  CHECK_INT (read_bytes (bytes_num, 0), 0);
  CHECK_INT (picture.totals.strange, 5);
  CHECK_INT (picture.totals.live.bytes, 7);
  CHECK_INT (picture.totals.live.blocks, 1);
  picture_finish (&picture);
}

/* Bins become wider without losing a peak.  */
static void a_long_trace_keeps_its_peaks (void) {
  uint64_t most = 0, width;
  begin_bytes ();
  record (MIR_TRACE_MALLOC, 3, 0, 12345, 2, 0);
  record (MIR_TRACE_FREE, 2, 1, 0, 0, 0);
  record (MIR_TRACE_MALLOC, 3, (uint64_t) 3600 * 1000000000, 99, 2, 0);
  record (MIR_TRACE_END, 2, 0, 3, 0, 0);
  CHECK_INT (read_bytes (bytes_num, 0), 0);
  width = picture.timeline.width;
  CHECK (width * TIMELINE_BINS > (uint64_t) 3600 * 1000000000);
  CHECK_INT (picture.timeline.most[0].live, 12345);
  CHECK_INT (picture.timeline.most[1].live, 0);
  for (size_t i = 1; i < picture.timeline.num; i++)
    if (most < picture.timeline.most[i].live) most = picture.timeline.most[i].live;
  CHECK_INT (most, 99);
  CHECK_INT (picture.totals.peak.bytes, 12345);
  CHECK_INT (picture.lifetimes[0].blocks, 1);
  picture_finish (&picture);
}

/* `bytes` as a file that has PASS[0] of them when it is read, and PASS[1] when it is read again.  */
struct growing {
  size_t at, pass[2];
  int again;
};

static ssize_t read_growing (void *cookie, char *buffer, size_t size) {
  struct growing *growing = (struct growing *) cookie;
  size_t rest = growing->pass[growing->again] - growing->at;
  if (size > rest) size = rest;
  memcpy (buffer, bytes + growing->at, size);
  growing->at += size;
  return (ssize_t) size;
}

static int seek_growing (void *cookie, off_t *offset, int whence) {
  struct growing *growing = (struct growing *) cookie;
  if (whence != SEEK_SET || *offset != 0) return -1;
  growing->at = 0;
  growing->again = 1;
  return 0;
}

/* Read FIRST, then SECOND bytes into `picture`, which the caller finishes.  */
static int read_growing_trace (size_t first, size_t second) {
  struct growing growing = {.pass = {first, second}};
  const cookie_io_functions_t functions = {.read = read_growing, .seek = seek_growing};
  FILE *stream = fopencookie (&growing, "rb", functions);
  int result;
  REQUIRE (stream != NULL);
  picture_init (&picture, report_alloc);
  result = picture_read (&picture, stream, 1);
  fclose (stream);
  return result;
}

/* A trace of a program that still runs is shown as it was when it was first read.  */
static void a_trace_may_grow_while_it_is_read (void) {
  make_trace ();
  for (size_t num = 50; num < bytes_num; num += 5) {
    struct totals totals;
    char error[sizeof (picture.reader.error)];
    CHECK_INT (read_bytes (num, 1), 0);
    totals = picture.totals;
    snprintf (error, sizeof (error), "%s", picture.reader.error);
    picture_finish (&picture);
    CHECK_INT (read_growing_trace (num, bytes_num), 0);
    CHECK (memcmp (&totals, &picture.totals, sizeof (totals)) == 0);
    CHECK_STR (picture.reader.error, error);
    CHECK_INT (picture.partial, 1);
    picture_finish (&picture);
  }
  CHECK_INT (read_growing_trace (bytes_num, 60), -1);
  CHECK (strstr (picture.reader.error, "changed while it was being read") != NULL);
  picture_finish (&picture);
}

static void names_come_out_as_utf_8 (void) {
  static const struct {
    const char *in, *out;
  } cases[] = {{"plain", "plain"},
               {"a\tb\x7f", "a?b?"},
               {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
               {"\xc3", "?"},
               {"\xc0\xaf", "??"},
               {"\xed\xa0\x80", "???"},
               {"\xf4\x90\x80\x80", "????"},
               {"\xc2\x85", "??"},
               {"\xe2\x82", "??"}};
  struct names names;

  names_init (&names, report_alloc);
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++)
    CHECK_STR (names_text (&names, names_add (&names, cases[i].in, strlen (cases[i].in))),
               cases[i].out);
  CHECK_INT (names_add (&names, "plain", 5), names_add (&names, "plain", 5));
  CHECK_INT (names_add (&names, "", 0), 0);
  names_finish (&names);
}

/*---------------- Comparisons -----------------------------*/

static void push (const char *name) {
  byte (MIR_TRACE_PUSH);
  number (1);
  number (strlen (name));
  for (; *name != '\0'; name++) byte ((unsigned char) *name);
}

/* SIZE more bytes are made, at a new address.  */
static void make (uint64_t size) {
  record (MIR_TRACE_MALLOC, 3, 1, size, 2, 0);
}

/* Read `bytes`, of which EVENTS are events, into PICTURE.  */
static void end_into (struct picture *into, uint64_t events) {
  FILE *stream;
  record (MIR_TRACE_END, 2, 1, events, 0, 0);
  stream = fmemopen (bytes, bytes_num, "rb");
  REQUIRE (stream != NULL);
  picture_init (into, report_alloc);
  CHECK_INT (picture_read (into, stream, 0), 0);
  fclose (stream);
}

/* Make two pictures: of a program with 64 bits, and of one with 32 bits in which scopes came in
   another order.  */
static void make_two (struct picture *old, struct picture *new_one) {
  begin_bytes ();
  make (1);
  push ("pass 2");
  make (10);
  push ("a;b");
  make (100);
  record (MIR_TRACE_POP, 1, 1, 0, 0, 0);
  push ("a:b");
  make (1000);
  end_into (old, 8);
  begin_bytes ();
  bytes[9] = 4; /* of a pointer */
  push ("pass_2");
  push ("a:b");
  make (5);
  record (MIR_TRACE_POP, 1, 1, 0, 0, 0);
  push ("new 1.5 x 7.");
  make (50);
  record (MIR_TRACE_POP, 1, 1, 0, 0, 0);
  record (MIR_TRACE_POP, 1, 1, 0, 0, 0);
  push ("(no scope)");
  make (500);
  end_into (new_one, 10);
}

static void check_folded (const struct picture *old, const struct picture *new_one,
                          const char *expected) {
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream (&text, &len);
  REQUIRE (out != NULL);
  if (old == NULL)
    folded_write (out, new_one);
  else
    folded_compare (out, new_one, old);
  fclose (out);
  CHECK_STR (text, expected);
  free (text);
}

enum { PAIRS = 60 /* more than a table has rows */ };

/* A block of SIZE bytes that the Ith f, or g if I is PAIRS, makes for the Ith main.  */
static void make_from (uint64_t *pc, unsigned i, uint64_t size) {
  byte (MIR_TRACE_STACK);
  number (2);
  number (difference (pc, 100 + 2 * i));
  number (difference (pc, 101 + 2 * (i % PAIRS)));
  make (size);
}

static void make_pairs (struct picture *into) {
  static const char *const names[] = {"f", "main", "g"};
  uint64_t pc = 0, events = 0;
  begin_bytes ();
  for (unsigned i = 0; i <= 2 * PAIRS; i++) {
    record (MIR_TRACE_SYMBOL, 1, difference (&pc, 100 + i), 0, 0, 0);
    text (names[i == 2 * PAIRS ? 2 : i % 2], i % 2 == 1 ? 4 : 1);
  }
  for (unsigned i = 0; i <= PAIRS; i++, events += 3) {
    make_from (&pc, i, i == PAIRS ? 50 : 7);
    make_from (&pc, i, i == PAIRS ? 30 : 2);
    record (MIR_TRACE_FREE, 2, 1, 0, 0, 0);
  }
  end_into (into, events);
}

/* Check that the table ID of PAGE has two rows, each with the amounts of all stacks of its name.  */
static void check_two_rows (const char *page, const char *id, const char *first,
                            const char *second) {
  static const char *const names[] = {"f<i> from </i>main", "g<i> from </i>main"};
  const char *row = strstr (page, id);
  REQUIRE (row != NULL);
  row = strstr (row, "<tbody>\n");
  REQUIRE (row != NULL);
  row += strlen ("<tbody>\n");
  for (int i = 0; i < 2; i++) {
    char head[100], cells[200] = "";
    int len = snprintf (head, sizeof (head), "<tr><th scope=row>%s<td ", names[i]);
    CHECK (strncmp (row, head, (size_t) len) == 0);
    snprintf (cells, sizeof (cells), "%.*s", (int) strcspn (row, "\n"), row);
    CHECK (strstr (cells, i == 0 ? first : second) != NULL);
    row = strchr (row, '\n');
    REQUIRE (row != NULL);
    row++;
  }
  CHECK (strncmp (row, "<tfoot>", 7) == 0);
}

/* All f of all main are the first row, though each is less than g.  */
static void tables_join_stacks_with_equal_names (void) {
  static struct picture pairs;
  char *page = NULL;
  size_t len;
  FILE *out = open_memstream (&page, &len);
  REQUIRE (out != NULL);
  make_pairs (&pairs);
  html_write (out, &pairs, NULL, "x", NULL);
  REQUIRE (fclose (out) == 0);
  check_two_rows (page, "id=left>", ">420 <small></small><td class=n>60",
                  ">50 <small></small><td class=n>1");
  check_two_rows (page, "id=temporary>", ">60<td class=n>120<td class=n>120",
                  ">1<td class=n>2<td class=n>30");
  CHECK (strstr (page, "<summary>470 B in 61 blocks</summary>") != NULL);
  CHECK (strstr (page, "<summary>61 of 122 blocks</summary>") != NULL);
  check_folded (NULL, &pairs, "main;f 540\nmain;g 80\n");
  free (page);
  picture_finish (&pairs);
}

/* Stacks are the same if they are written in the same way.  */
static void stacks_are_compared_by_their_names (void) {
  static struct picture old, new_one;
  make_two (&old, &new_one);
  check_folded (NULL, &old, "(no scope) 1\npass_2 10\npass_2;a:b 1100\n");
  check_folded (&old, &new_one,
                "(no scope) 1 500\npass_2 10 0\npass_2;a:b 1100 5\n"
                "pass_2;new 1.5 x_7. 0 50\n");
  check_folded (&new_one, &old,
                "pass_2 0 10\npass_2;a:b 5 1100\npass_2;new 1.5 x_7. 50 0\n"
                "(no scope) 500 1\n");
  picture_finish (&old);
  picture_finish (&new_one);
}

/* The line of TEXT that begins with NAME.  */
static const char *line_of (char *text, const char *name) {
  static char line[200];
  for (char *at = text; at != NULL; at = strchr (at, '\n')) {
    at += *at == '\n';
    if (strncmp (at, name, strlen (name)) != 0 || at[strlen (name)] != ' ') continue;
    snprintf (line, sizeof (line), "%.*s", (int) strcspn (at, "\n"), at);
    return line;
  }
  return "none";
}

static void differences_have_their_sign (void) {
  static struct picture old, new_one;
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream (&text, &len);
  REQUIRE (out != NULL);
  make_two (&old, &new_one);
  new_one.totals.code_freed = UINT64_MAX;
  stats_compare_text (out, &new_one, "x/new", &old, "y/old");
  fclose (out);
  CHECK (strncmp (text, "old: old\nnew: new\n", 18) == 0);
  CHECK_STR (line_of (text, "made_bytes"),
             "made_bytes                               1111                  555"
             "                  -556");
  CHECK_STR (line_of (text, "events"),
             "events                                      8                   10"
             "                    +2");
  CHECK_STR (line_of (text, "frees"),
             "frees                                       0                    0"
             "                     0");
  CHECK_STR (line_of (text, "code_freed"),
             "code_freed                                  0 18446744073709551615"
             " +18446744073709551615");
  free (text);
  picture_finish (&old);
  picture_finish (&new_one);
}

int main (void) {
  make_trace_dir ();
  TEST_RUN (a_trace_cut_anywhere_is_refused);
  TEST_RUN (a_trace_cut_anywhere_is_shown_in_part);
  TEST_RUN (changed_traces_do_no_harm);
  TEST_RUN (senseless_traces_do_no_harm);
  TEST_RUN (what_no_trace_has_is_refused);
  TEST_RUN (what_began_before_the_trace_is_strange);
  TEST_RUN (a_long_trace_keeps_its_peaks);
  TEST_RUN (a_trace_may_grow_while_it_is_read);
  TEST_RUN (names_come_out_as_utf_8);
  TEST_RUN (tables_join_stacks_with_equal_names);
  TEST_RUN (stacks_are_compared_by_their_names);
  TEST_RUN (differences_have_their_sign);
  remove_trace_dir ();
  return tap_done ();
}
