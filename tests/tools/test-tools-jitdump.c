/* The jitdump, read as jitdump-specification.txt says; and the files after a fork.  */
#include "tools/tools-files.h"

#include <errno.h>
#include <sys/wait.h>

/*---------------- The jitdump -----------------------------*/

/* Check the whole file against jitdump-specification.txt.  The Ith load must have the name NAMES[I]
   and the code of granule I.  Returns the number of loads; *CLOSED: the file ends with a close
   record.  */
static size_t check_dump (long pid, const char *const *names, size_t names_num, int *closed) {
  uint64_t last_time;
  uint32_t head[10];
  size_t at = 40, loads = 0;
  *closed = 0;
  read_text (dump_path (pid));
  REQUIRE (text_len >= 40);
  memcpy (head, text, 40);
  CHECK_INT (head[0], 0x4A695444);
  CHECK_INT (head[1], 1);
  CHECK_INT (head[2], 40);
  CHECK (head[3] != 0);
  CHECK_INT (head[5], pid);
  memcpy (&last_time, &head[6], 8);
  while (at < text_len) {
    uint32_t record[2], ids[2];
    uint64_t time, fields[4];
    REQUIRE (text_len - at >= 16 && !*closed);
    memcpy (record, text + at, 8);
    memcpy (&time, text + at + 8, 8);
    CHECK (time >= last_time);
    last_time = time;
    REQUIRE (record[1] >= 16 && record[1] <= text_len - at);
    *closed = record[0] == 3;
    if (record[0] == 0) {
      REQUIRE (loads < names_num);
      memcpy (ids, text + at + 16, 8);
      memcpy (fields, text + at + 24, 32);
      CHECK_INT (ids[0], pid);
      CHECK_INT (fields[0], (uintptr_t) mapping + loads * GRANULE);
      CHECK_INT (fields[1], fields[0]);
      CHECK_INT (record[1], 56 + strlen (names[loads]) + 1 + fields[2]);
      CHECK_INT (fields[3], loads);
      CHECK_STR (text + at + 56, names[loads]);
      CHECK (
          memcmp (text + at + 56 + strlen (names[loads]) + 1, mapping + loads * GRANULE, fields[2])
          == 0);
      loads++;
    }
    at += record[1];
  }
  return loads;
}

/* Whether /proc/self/maps shows an executable mapping of the dump, by which perf finds it.  */
static int is_marked (void) {
  char line[400], name[100];
  FILE *f = fopen ("/proc/self/maps", "r");
  int found = 0;
  REQUIRE (f != NULL);
  snprintf (name, sizeof (name), "/jit-%ld.dump\n", (long) getpid ());
  while (fgets (line, sizeof (line), f) != NULL)
    found |= strstr (line, name) != NULL && strstr (line, " r-xp ") != NULL;
  fclose (f);
  return found;
}

static void jitdump_holds_names_times_and_code (void) {
  static const char *const names[] = {"one", "two?", "the whole rest"};
  MIR_code_event_t large;
  int closed;
  REQUIRE (begin (MIR_CODE_JITDUMP, NULL, dir) == MIR_CODE_TOOL_OK);
  REQUIRE (state_of (MIR_CODE_JITDUMP).status == MIR_CODE_TOOL_OK);
  CHECK (is_marked ());
  publish (0, "one");
  publish (1, "two\n");
  large = piece (2, "the whole rest");
  large.size = MAPPING_LEN - 2 * GRANULE; /* almost as large as the buffer */
  hooks->published (hooks->user_data, &large, 1);
  CHECK_INT (MIR_code_tools_flush (tools), MIR_CODE_TOOL_OK);
  CHECK_INT (check_dump (getpid (), names, 3, &closed), 3);
  CHECK (!closed);
  hooks->unmapped (hooks->user_data, mapping, MAPPING_LEN);
  CHECK_INT (state_of (MIR_CODE_JITDUMP).events, 3);
  MIR_code_tools_finish (tools);
  CHECK_INT (check_dump (getpid (), names, 3, &closed), 3);
  CHECK (closed);
  CHECK (!is_marked ());
  remove_mapping ();
  unlink (path);
}

static void a_second_jitdump_is_refused (void) {
  MIR_code_tools_t first;
  REQUIRE (begin (MIR_CODE_JITDUMP, NULL, dir) == MIR_CODE_TOOL_OK);
  first = tools;
  remove_mapping ();
  check_refused (MIR_CODE_JITDUMP, MIR_CODE_TOOL_UNSAFE_FILE, EEXIST);
  MIR_code_tools_finish (first);
  unlink (dump_path (getpid ()));
}

/*---------------- Forks -----------------------------*/

/* The child's files contain what the child publishes, the parent's what the parent publishes, and
   what waited in a buffer during the fork is written once.  */
static void a_child_has_files_of_its_own (void) {
  static const char *const names[] = {"before", "after"};
  int status, closed;
  pid_t pid;
  REQUIRE (begin (MIR_CODE_PERF_MAP | MIR_CODE_JITDUMP, NULL, dir) == MIR_CODE_TOOL_OK);
  publish (0, "before");
  fflush (stdout);
  pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    publish (0, "in the child");
    _exit (MIR_code_tools_flush (tools) != MIR_CODE_TOOL_OK || !is_marked ());
  }
  publish (1, "after");
  REQUIRE (waitpid (pid, &status, 0) == pid);
  CHECK_INT (status, 0);
  CHECK_INT (MIR_code_tools_flush (tools), MIR_CODE_TOOL_OK);
  read_text (map_path (pid));
  CHECK_INT (lines (), 1);
  CHECK (strstr (text, " in the child\n") != NULL);
  unlink (path);
  read_text (map_path (getpid ()));
  CHECK_INT (lines (), 2);
  unlink (path);
  CHECK_INT (check_dump (getpid (), names, 2, &closed), 2);
  unlink (path);
  read_text (dump_path (pid));
  REQUIRE (text_len > 40 + 56 + 13);
  CHECK_STR (text + 40 + 56, "in the child");
  unlink (path);
  end ();
}

int main (void) {
  if (mkdtemp (dir) == NULL) return 1;
  TEST_RUN (jitdump_holds_names_times_and_code);
  TEST_RUN (a_second_jitdump_is_refused);
  TEST_RUN (a_child_has_files_of_its_own);
  rmdir (dir);
  return tap_done ();
}
