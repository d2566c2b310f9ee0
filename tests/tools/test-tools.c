/* The object of tools, and the perf map: its contents, its safety, and refusals by the system.  */
#include "tools/tools-files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h> /* timespec */

/*---------------- The object -----------------------------*/

static void options_out_of_bounds_are_refused (void) {
  MIR_code_tools_options_t options = {.size = sizeof (options) - 1, .wanted = MIR_CODE_GDB};
  MIR_code_tool_state_t state;
  CHECK_INT (MIR_code_tools_create (&options, &tools), MIR_CODE_TOOL_BAD_OPTION);
  CHECK_PTR (tools, NULL);
  options.size = sizeof (options);
  options.wanted = MIR_CODE_ALL_TOOLS + 1;
  CHECK_INT (MIR_code_tools_create (&options, &tools), MIR_CODE_TOOL_BAD_OPTION);
  REQUIRE (begin (MIR_CODE_GDB, NULL, NULL) == MIR_CODE_TOOL_OK);
  CHECK_INT (MIR_code_tools_get_state (tools, 0, &state), MIR_CODE_TOOL_BAD_OPTION);
  CHECK_INT (MIR_code_tools_get_state (tools, 3, &state), MIR_CODE_TOOL_BAD_OPTION);
  CHECK_INT (state_of (MIR_CODE_GDB).status, MIR_CODE_TOOL_OK);
  CHECK_INT (state_of (MIR_CODE_PERF_MAP).status, MIR_CODE_TOOL_NOT_WANTED);
  end ();
  MIR_code_tools_finish (NULL);
  for (int i = MIR_CODE_TOOL_OK; i <= MIR_CODE_TOOL_BAD_OPTION; i++)
    CHECK (strcmp (MIR_code_tool_status_text ((MIR_code_tool_status_t) i), "unknown status") != 0);
}

/*---------------- The perf map -----------------------------*/

static void perf_map_has_a_line_for_each_piece (void) {
  MIR_code_event_t batch[2];
  char expected[300];
  struct stat st;
  REQUIRE (begin (MIR_CODE_PERF_MAP, NULL, NULL) == MIR_CODE_TOOL_OK);
  publish (0, "fib of a number");
  batch[0] = piece (1, "bad\nffff 1 evil\x7f\t");
  batch[1] = piece (2, NULL);
  hooks->published (hooks->user_data, batch, 2);
  read_text (map_path (getpid ()));
  CHECK_INT (text_len, 0); /* buffered */
  CHECK_INT (MIR_code_tools_flush (tools), MIR_CODE_TOOL_OK);
  read_text (map_path (getpid ()));
  snprintf (expected, sizeof (expected),
            "%" PRIxPTR " %zx fib of a number\n%" PRIxPTR " %zx bad?ffff 1 evil??\n%" PRIxPTR
            " %zx code_%" PRIxPTR "\n",
            (uintptr_t) mapping, sizeof (frame_code), (uintptr_t) mapping + 32, sizeof (frame_code),
            (uintptr_t) mapping + 64, sizeof (frame_code), (uintptr_t) mapping + 64);
  CHECK_STR (text, expected);
  REQUIRE (stat (path, &st) == 0);
  CHECK_INT (st.st_mode & 0777, 0600);
  CHECK_INT (state_of (MIR_CODE_PERF_MAP).events, 3);
  CHECK_INT (state_of (MIR_CODE_PERF_MAP).lost, 0);
  end ();
  unlink (path);
}

/* Names are cut between two characters, and buffers do not overflow.  */
static void long_names_are_cut (void) {
  static char name[5000];
  memset (name, 'x', sizeof (name) - 1);
  memcpy (name + 998, "\xe2\x82\xac", 3); /* a euro sign */
  REQUIRE (begin (MIR_CODE_PERF_MAP, NULL, NULL) == MIR_CODE_TOOL_OK);
  for (size_t i = 0; i < 500; i++) publish (i, name);
  end ();
  read_text (map_path (getpid ()));
  CHECK_INT (lines (), 500);
  CHECK (strstr (text, "\xe2") == NULL);
  CHECK_INT (strlen (strrchr (text, ' ')), 1 + 998 + 1);
  unlink (path);
}

static void two_objects_share_a_perf_map (void) {
  MIR_code_tools_t first;
  const MIR_code_hooks_t *first_hooks;
  MIR_code_event_t event;
  REQUIRE (begin (MIR_CODE_PERF_MAP, NULL, NULL) == MIR_CODE_TOOL_OK);
  first = tools;
  first_hooks = hooks;
  event = piece (7, "first");
  first_hooks->published (first_hooks->user_data, &event, 1);
  remove_mapping ();
  REQUIRE (begin (MIR_CODE_PERF_MAP, NULL, NULL) == MIR_CODE_TOOL_OK);
  publish (0, "second");
  end ();
  MIR_code_tools_finish (first);
  read_text (map_path (getpid ()));
  CHECK_INT (lines (), 2);
  CHECK (strstr (text, " first\n") != NULL && strstr (text, " second\n") != NULL);
  unlink (path);
}

/* Whatever an attacker may have put into /tmp in the place of the file.  */
static void links_and_other_things_are_not_followed (void) {
  char victim[200];
  struct stat st;
  snprintf (victim, sizeof (victim), "%s/victim", dir);
  fclose (fopen (victim, "w"));
  REQUIRE (symlink (victim, map_path (getpid ())) == 0);
  check_refused (MIR_CODE_PERF_MAP, MIR_CODE_TOOL_UNSAFE_FILE, EEXIST);
  unlink (map_path (getpid ()));
  REQUIRE (link (victim, map_path (getpid ())) == 0);
  check_refused (MIR_CODE_PERF_MAP, MIR_CODE_TOOL_UNSAFE_FILE, EEXIST);
  unlink (map_path (getpid ()));
  REQUIRE (mkfifo (map_path (getpid ()), 0600) == 0);
  check_refused (MIR_CODE_PERF_MAP, MIR_CODE_TOOL_UNSAFE_FILE, EEXIST);
  unlink (map_path (getpid ()));
  REQUIRE (symlink (victim, dump_path (getpid ())) == 0);
  check_refused (MIR_CODE_JITDUMP, MIR_CODE_TOOL_UNSAFE_FILE, EEXIST);
  unlink (dump_path (getpid ()));
  REQUIRE (stat (victim, &st) == 0);
  CHECK_INT (st.st_size, 0);
  if (geteuid () == 0) {
    fclose (fopen (map_path (getpid ()), "w"));
    REQUIRE (chown (path, 12345, 12345) == 0);
    check_refused (MIR_CODE_PERF_MAP, MIR_CODE_TOOL_UNSAFE_FILE, EEXIST);
    unlink (map_path (getpid ()));
  }
  unlink (victim);
}

/* The file is left from an earlier process with the same ID.  */
static void a_stale_file_is_replaced (void) {
  struct timespec times[2] = {{1, 0}, {1, 0}};
  FILE *f = fopen (map_path (getpid ()), "w");
  REQUIRE (f != NULL);
  fputs ("1 1 stale\n", f);
  fclose (f);
  REQUIRE (utimensat (AT_FDCWD, path, times, 0) == 0);
  REQUIRE (begin (MIR_CODE_PERF_MAP, NULL, NULL) == MIR_CODE_TOOL_OK);
  publish (0, "fresh");
  end ();
  read_text (map_path (getpid ()));
  CHECK_INT (lines (), 1);
  CHECK (strstr (text, " fresh\n") != NULL);
  unlink (path);
}

static void a_missing_directory_is_reported (void) {
  MIR_code_tools_options_t options = {
      .size = sizeof (options), .wanted = MIR_CODE_JITDUMP, .jitdump_dir = "/nonexistent"};
  REQUIRE (MIR_code_tools_create (&options, &tools) == MIR_CODE_TOOL_OK);
  CHECK_INT (state_of (MIR_CODE_JITDUMP).status, MIR_CODE_TOOL_FILE_REFUSED);
  CHECK_INT (state_of (MIR_CODE_JITDUMP).error, ENOENT);
  MIR_code_tools_finish (tools);
}

/* Reaching the limit for the size of files ends neither the program (SIGXFSZ) nor the other
   tools.  */
static void a_file_that_may_not_grow_stops_its_tool (void) {
  struct rlimit limit, small;
  REQUIRE (begin (MIR_CODE_PERF_MAP | MIR_CODE_GDB, NULL, NULL) == MIR_CODE_TOOL_OK);
  REQUIRE (getrlimit (RLIMIT_FSIZE, &limit) == 0);
  small = limit;
  small.rlim_cur = 10;
  publish (0, "lost");
  REQUIRE (setrlimit (RLIMIT_FSIZE, &small) == 0);
  CHECK_INT (MIR_code_tools_flush (tools), MIR_CODE_TOOL_FILE_REFUSED);
  REQUIRE (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  publish (1, "lost as well");
  CHECK_INT (state_of (MIR_CODE_PERF_MAP).error, EFBIG);
  CHECK_INT (state_of (MIR_CODE_PERF_MAP).events, 0);
  CHECK_INT (state_of (MIR_CODE_PERF_MAP).lost, 2);
  CHECK_INT (state_of (MIR_CODE_GDB).events, 2);
  end ();
  unlink (map_path (getpid ()));
}

int main (void) {
  if (mkdtemp (dir) == NULL) return 1;
  TEST_RUN (options_out_of_bounds_are_refused);
  TEST_RUN (perf_map_has_a_line_for_each_piece);
  TEST_RUN (long_names_are_cut);
  TEST_RUN (two_objects_share_a_perf_map);
  TEST_RUN (links_and_other_things_are_not_followed);
  TEST_RUN (a_stale_file_is_replaced);
  TEST_RUN (a_missing_directory_is_reported);
  TEST_RUN (a_file_that_may_not_grow_stops_its_tool);
  rmdir (dir);
  return tap_done ();
}
