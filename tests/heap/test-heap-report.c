/* The text of findings, whole.  */
#include "heap/check-report.h"

#include <stdio.h>
#include <string.h>

#include "support/child.h"
#include "support/tap.h"

static MIR_check_t check;
static char text[20000], long_label[3000];

static int print_it (void) {
  mir_check_print (NULL, &check);
  return 0;
}

/* What is printed for `check`, of KIND and with the calls that its other members have.  */
static const char *report_of (MIR_check_kind_t kind) {
  check.kind = kind;
  check.text = mir_check_text (kind);
  CHECK_INT (run_child (print_it, text, sizeof (text)).status, 0);
  return text;
}

/* Block 7, of 100 bytes.  */
static void begin_block (void) {
  memset (&check, 0, sizeof (check));
  check.size = 100;
  check.number = 7;
  check.block = text;
}

static void check_has (const char *line) {
  if (strstr (text, line) == NULL) tap_note ("no \"%s\" in: %s", line, text);
  CHECK (strstr (text, line) != NULL);
}

static void each_kind_has_its_words (void) {
  begin_block ();
  check.noticed.label = "two";
  report_of (MIR_CHECK_DOUBLE_FREE);
  check_has (": freed twice; block 7, 100 bytes\n  freed again for two\n");
  report_of (MIR_CHECK_UNDERRUN);
  check_has (": bytes before the block were overwritten; block 7, 100 bytes\n  noticed for two\n");
  report_of (MIR_CHECK_OVERRUN);
  check_has (
      ": bytes past the end of the block were overwritten; block 7, 100 bytes\n"
      "  noticed for two\n");
  check.label = "one";
  check.given = 99;
  report_of (MIR_CHECK_WRONG_SIZE);
  check_has (
      ": realloc with a wrong old size; block 7, 100 bytes, given 99, for one\n"
      "  resized for two\n");
  check.freed.label = "three";
  report_of (MIR_CHECK_FREED);
  check_has (
      ": written to after it was freed; block 7, 100 bytes, for one\n"
      "  noticed for two\n  freed for three\n");
  report_of (MIR_CHECK_DOUBLE_FREE);
  check_has ("  freed again for two\n  freed first for three\n");
}

static void what_is_not_known_is_left_out (void) {
  memset (&check, 0, sizeof (check));
  const char *end = strchr (report_of (MIR_CHECK_FOREIGN) + strlen ("mir-alloc: "), ' ');
  REQUIRE (end != NULL);
  CHECK_STR (end, " not a block of this allocator\n");
  begin_block ();
  end = strchr (report_of (MIR_CHECK_LEAK) + strlen ("mir-alloc: "), ' ');
  REQUIRE (end != NULL);
  CHECK_STR (end, " never freed; block 7, 100 bytes\n");
}

/* An address is behind the call, and may be where the next function begins.  */
static void a_frame_is_where_its_call_is (void) {
  begin_block ();
  check.frames_num = 2;
  check.frames[0] = (void *) (uintptr_t) begin_block;
  check.frames[1] = (char *) check.frames[0] + 1;
  report_of (MIR_CHECK_LEAK);
  check_has ("\n  allocated at:\n    ");
  CHECK (strstr (text, "begin_block+0x0") == NULL);
  if (HAS_ELF_SYMBOLS) check_has ("(begin_block+0x1)[");
}

static void an_unknown_address_is_printed (void) {
  begin_block ();
  check.freed.frames_num = 1;
  check.freed.frames[0] = (void *) (uintptr_t) 0x10;
  report_of (MIR_CHECK_FREED);
  check_has ("  freed at:\n    [0x10]\n");
}

/* Longer than what is printed at once.  */
static void long_reports_are_whole (void) {
  begin_block ();
  memset (long_label, 'x', sizeof (long_label) - 1);
  check.noticed.label = check.freed.label = long_label;
  check.freed.frames_num = check.frames_num = MIR_CHECK_MAX_FRAMES;
  for (size_t i = 0; i < MIR_CHECK_MAX_FRAMES; i++)
    check.frames[i] = check.freed.frames[i] = (char *) (uintptr_t) begin_block + 1;
  report_of (MIR_CHECK_DOUBLE_FREE);
  size_t labels = 0, frames = 0;
  for (const char *p = text; (p = strstr (p, long_label)) != NULL; p += sizeof (long_label) - 1)
    labels++;
  for (const char *p = text; (p = strstr (p, "]\n")) != NULL; p++) frames++;
  CHECK_INT (labels, 2);
  CHECK_INT (frames, 2 * MIR_CHECK_MAX_FRAMES);
  check_has ("  allocated at:\n");
}

int main (void) {
  TEST_RUN (each_kind_has_its_words);
  TEST_RUN (what_is_not_known_is_left_out);
  TEST_RUN (a_frame_is_where_its_call_is);
  TEST_RUN (an_unknown_address_is_printed);
  TEST_RUN (long_reports_are_whole);
  return tap_done ();
}
