/* mir-report trusts nothing: traces that are cut at each byte, traces with changed bytes, traces
   made by an adversary.  Linux.  */
#define _GNU_SOURCE /* fmemopen */
#include "report/chrome.h"
#include "report/folded.h"
#include "report/html.h"
#include "report/output.h"
#include "report/stats.h"
#include "trace/trace-fixture.h"

static uint8_t bytes[100000];
static size_t bytes_num;

static void byte (unsigned value) {
  bytes[bytes_num++] = (uint8_t) value;
}

static void number (uint64_t value) {
  for (; value >= 0x80; value >>= 7) byte ((unsigned) (value & 0x7f) | 0x80);
  byte ((unsigned) value);
}

static void begin_bytes (void) {
  bytes_num = 0;
  for (const char *p = MIR_TRACE_MAGIC; *p != '\0'; p++) byte ((unsigned char) *p);
  byte (MIR_TRACE_VERSION);
  byte (8);
  number (0);
  number (1);
  number (0);
}

/* Addresses are passed as coded differences.  */
static void record (enum mir_trace_kind kind, int numbers, uint64_t a, uint64_t b, uint64_t c,
                    uint64_t d) {
  uint64_t all[4] = {a, b, c, d};
  byte (kind);
  for (int i = 0; i < numbers; i++) number (all[i]);
}

/* Write all outputs to /dev/null.  */
static void write_all_outputs (FILE *stream) {
  struct output output = {.path = "/dev/null", .stream = fopen ("/dev/null", "w")};
  REQUIRE (output.stream != NULL);
  html_write (output.stream, &picture, "x/y");
  folded_write (output.stream, &picture);
  stats_write_text (output.stream, &picture, "x/y");
  stats_write_json (output.stream, &picture, "x/y");
  if (fseek (stream, 0, SEEK_SET) == 0) chrome_write (output.stream, &picture, stream);
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

static void check_error (const char *what) {
  CHECK_INT (read_bytes (bytes_num, 1), -1);
  if (strstr (picture.reader.error, what) == NULL) CHECK_STR (picture.reader.error, what);
  picture_finish (&picture);
}

static void what_no_trace_has_is_refused (void) {
  begin_bytes ();
  bytes[3] = 'x';
  check_error ("not a trace");
  begin_bytes ();
  bytes[8] = 2;
  check_error ("version 2");
  begin_bytes ();
  bytes[9] = 3;
  check_error ("pointers have 3 bytes, not 4 or 8");
  begin_bytes ();
  byte (200);
  check_error ("unknown kind 200");
  begin_bytes ();
  record (MIR_TRACE_MALLOC, 3, 0, UINT64_MAX, 2, 0);
  check_error ("a size that nothing can have");
  begin_bytes ();
  record (MIR_TRACE_CALLOC, 4, 0, UINT64_MAX / 3, 7, 2);
  check_error ("a size that nothing can have");
  begin_bytes ();
  for (int i = 0; i < 9; i++) record (MIR_TRACE_MALLOC, 3, 0, UINT64_MAX / 8, 2, 0);
  check_error ("no program can have so much memory");
  begin_bytes ();
  record (MIR_TRACE_REALLOC, 4, 0, 2, 0, UINT64_MAX);
  record (MIR_TRACE_REALLOC_DONE, 2, 0, 2, 0, 0);
  check_error ("no program can have so much memory");
  begin_bytes ();
  record (MIR_TRACE_POP, 1, UINT64_MAX, 0, 0, 0);
  check_error ("a time is out of range");
  begin_bytes ();
  for (int i = 0; i < 10; i++) byte (0xff);
  check_error ("unknown kind");
  begin_bytes ();
  byte (MIR_TRACE_THREAD);
  for (int i = 0; i < 10; i++) byte (0xff);
  check_error ("more than 64 bits");
  begin_bytes ();
  record (MIR_TRACE_PUSH, 2, 0, MIR_TRACE_NAME_MAX + 1, 0, 0);
  check_error ("a name is too long");
  begin_bytes ();
  record (MIR_TRACE_STACK, 1, MIR_TRACE_STACK_MAX + 1, 0, 0, 0);
  check_error ("a stack is too deep");
  begin_bytes ();
  record (MIR_TRACE_CODE_MAPPED, 3, 0, 1, 5, 0); /* begins at the last address */
  check_error ("code extends beyond the end of the address space");
  begin_bytes ();
  record (MIR_TRACE_END, 2, 0, 1, 0, 0);
  check_error ("events are missing");
  begin_bytes ();
  record (MIR_TRACE_END, 2, 0, 0, 0, 0);
  byte (0);
  check_error ("there is data behind the end");
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

int main (void) {
  make_trace_dir ();
  TEST_RUN (a_trace_cut_anywhere_is_refused);
  TEST_RUN (a_trace_cut_anywhere_is_shown_in_part);
  TEST_RUN (changed_traces_do_no_harm);
  TEST_RUN (senseless_traces_do_no_harm);
  TEST_RUN (what_no_trace_has_is_refused);
  TEST_RUN (what_began_before_the_trace_is_strange);
  TEST_RUN (a_long_trace_keeps_its_peaks);
  TEST_RUN (names_come_out_as_utf_8);
  remove_trace_dir ();
  return tap_done ();
}
