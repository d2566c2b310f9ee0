/* Outputs of mir-report: a file appears when it is whole, and is never written through what another
   process puts in the place of its name.

   The code under test is compiled here with its system calls in macros, so that names are swapped
   between any two of them.  Linux.  */
#define _GNU_SOURCE /* mkostemp */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "report/output.h"
#include "support/tap.h"

static int calls;           /* system calls so far */
static int swap_at = -1;    /* the call before which another process acts; -1: none */
static void (*swap) (void); /* what it does */
static int group_refused;   /* fchown fails */

static void before_call (void) {
  if (calls++ == swap_at) swap ();
}

#define open(...) (before_call (), open (__VA_ARGS__))
#define fstat(...) (before_call (), fstat (__VA_ARGS__))
#define mkostemp(...) (before_call (), mkostemp (__VA_ARGS__))
#define fchown(...) (before_call (), group_refused ? -1 : fchown (__VA_ARGS__))
#define fchmod(...) (before_call (), fchmod (__VA_ARGS__))
#define rename(...) (before_call (), rename (__VA_ARGS__))
#include "report/output-file-posix.c"
#undef open
#undef fstat
#undef mkostemp
#undef fchown
#undef fchmod
#undef rename

/*---------------- Files -----------------------------*/

static char dir[] = "/tmp/test-output-XXXXXX";
static char page[100], victim[100], trace[100];

static void make_file (const char *path, const char *text, mode_t mode) {
  FILE *f;
  remove (path);
  f = fopen (path, "w");
  REQUIRE (f != NULL && fputs (text, f) >= 0 && fclose (f) == 0 && chmod (path, mode) == 0);
}

static const char *text_of (const char *path) {
  static char text[200];
  FILE *f = fopen (path, "r");
  size_t len;
  REQUIRE (f != NULL);
  len = fread (text, 1, sizeof (text) - 1, f);
  text[len] = '\0';
  fclose (f);
  return text;
}

static unsigned mode_of (const char *path) {
  struct stat st;
  REQUIRE (lstat (path, &st) == 0);
  return st.st_mode & (S_IFMT | 07777);
}

/* Whether no temporary file is left.  */
static int leaves_nothing (void) {
  DIR *folder = opendir (dir);
  int found = 0;
  REQUIRE (folder != NULL);
  for (struct dirent *entry; (entry = readdir (folder)) != NULL;)
    found += strstr (entry->d_name, ".new") != NULL;
  closedir (folder);
  return found == 0;
}

typedef int open_output_t (struct output *output, const char *path, FILE *trace, FILE *old);

/* Write PAGE as an output that OPEN_OUTPUT opens.  0, or -1 with errno.  */
static int write_page (open_output_t *open_output, FILE *from) {
  struct output output;
  if (open_output (&output, page, from, NULL) != 0) return -1;
  fputs ("private", output.stream);
  return output_close (&output);
}

/*---------------- Swaps -----------------------------*/

static void put_nothing (void) {
  remove (page);
}

static void put_file (void) {
  make_file (page, "old", 0666);
}

static void put_link (void) {
  remove (page);
  if (symlink (victim, page) != 0) abort ();
}

static void put_device_link (void) {
  remove (page);
  if (symlink ("/dev/null", page) != 0) abort ();
}

static void put_pipe (void) {
  remove (page);
  if (mkfifo (page, 0666) != 0) abort ();
}

/* Another process calls SWAP_TO before the Nth system call, for every N: VICTIM stays as it is, and
   the page is a new file, as private as the trace.  */
static void sweep (open_output_t *open_output, void (*put) (void), void (*swap_to) (void)) {
  swap = swap_to;
  for (int n = 0;; n++) {
    FILE *from;
    const char *why;
    int result, last;
    make_file (victim, "victim", 0644);
    make_file (trace, "trace", 0600);
    put ();
    from = output_file_read (trace, &why);
    REQUIRE (from != NULL);
    calls = 0;
    swap_at = n;
    result = write_page (open_output, from);
    swap_at = -1;
    last = calls <= n;
    fclose (from);
    CHECK_STR (text_of (victim), "victim");
    CHECK_INT (mode_of (victim), S_IFREG | 0644);
    CHECK (leaves_nothing ());
    CHECK_INT (result, 0);
    CHECK_INT (mode_of (page), S_IFREG | 0600);
    CHECK_STR (text_of (page), "private");
    if (last) break;
  }
}

static void a_link_put_there_is_never_followed (void) {
  static void (*const puts[]) (void) = {put_nothing, put_file, put_link, put_device_link};
  for (size_t i = 0; i < sizeof (puts) / sizeof (puts[0]); i++) {
    sweep (output_open, puts[i], put_link);
    sweep (output_create, puts[i], put_link);
    sweep (output_create, puts[i], put_device_link);
  }
}

/* Opening a pipe without a reader would wait for ever.  */
static void a_page_that_was_not_named_opens_nothing (void) {
  sweep (output_create, put_pipe, put_link);
  sweep (output_create, put_nothing, put_pipe);
}

/* The trace's permissions are those of the file that was read, not of what has its name now.  */
static void swap_trace (void) {
  make_file (trace, "public", 0666);
}

static void permissions_are_those_of_what_was_read (void) {
  sweep (output_create, put_nothing, swap_trace);
  sweep (output_open, put_file, swap_trace);
}

/*---------------- Permissions -----------------------------*/

/* The mode of a page made from a trace with MODE in GROUP, -1: the user's.  */
static unsigned page_mode (mode_t mode, mode_t mask, gid_t group) {
  const char *why;
  FILE *from;
  mode_t saved;
  make_file (trace, "trace", mode);
  if (group != (gid_t) -1) REQUIRE (chown (trace, (uid_t) -1, group) == 0);
  put_file ();
  from = output_file_read (trace, &why);
  REQUIRE (from != NULL);
  saved = umask (mask);
  CHECK_INT (write_page (output_open, from), 0);
  CHECK_INT (umask (saved), mask);
  fclose (from);
  return mode_of (page) & 07777;
}

static void a_page_is_as_private_as_its_trace (void) {
  CHECK_INT (page_mode (0600, 0, (gid_t) -1), 0600);
  CHECK_INT (page_mode (0640, 0, (gid_t) -1), 0640);
  CHECK_INT (page_mode (0644, 022, (gid_t) -1), 0644);
  CHECK_INT (page_mode (0664, 022, (gid_t) -1), 0644);
  CHECK_INT (page_mode (0644, 077, (gid_t) -1), 0600);
  CHECK_INT (page_mode (0444, 0, (gid_t) -1), 0444);
  CHECK_INT (page_mode (04755, 0, (gid_t) -1), 0644);
  put_file ();
  CHECK_INT (write_page (output_open, NULL), 0);
  CHECK_INT (mode_of (page), S_IFREG | 0600);
}

/* The mode of a page made from TRACE and the older trace VICTIM.  */
static unsigned mode_of_page_of_both (void) {
  struct output output;
  const char *why;
  FILE *from = output_file_read (trace, &why), *old = output_file_read (victim, &why);
  REQUIRE (from != NULL && old != NULL);
  REQUIRE (output_create (&output, page, from, old) == 0);
  CHECK_INT (output_close (&output), 0);
  fclose (from);
  fclose (old);
  return mode_of (page);
}

/* The mode of a page made from TRACE and an older trace with MODE and OLD_MODE in OLD_GROUP.  */
static unsigned page_mode_of_both (mode_t mode, mode_t old_mode, gid_t old_group) {
  make_file (trace, "trace", mode);
  make_file (victim, "older trace", old_mode);
  if (old_group != (gid_t) -1) REQUIRE (chown (victim, (uid_t) -1, old_group) == 0);
  return mode_of_page_of_both () & 07777;
}

static void a_page_of_two_traces_is_as_private_as_both (void) {
  const gid_t same = (gid_t) -1;
  mode_t mask = umask (0);
  CHECK_INT (page_mode_of_both (0644, 0644, same), 0644);
  CHECK_INT (page_mode_of_both (0644, 0600, same), 0600);
  CHECK_INT (page_mode_of_both (0600, 0644, same), 0600);
  CHECK_INT (page_mode_of_both (0640, 0604, same), 0600);
  if (geteuid () == 0) {
    CHECK_INT (page_mode_of_both (0640, 0640, 12345), 0600);
    CHECK_INT (page_mode_of_both (0664, 0644, 12345), 0644);
  }
  umask (mask);
}

static void another_group_gets_what_everybody_had (void) {
  struct stat st;
  if (geteuid () != 0) tap_skip ("only root can give files to any group");
  CHECK_INT (page_mode (0640, 0, 12345), 0640);
  CHECK_INT (stat (page, &st), 0);
  CHECK_INT (st.st_gid, 12345);
  group_refused = 1;
  CHECK_INT (page_mode (0640, 0, 12345), 0600);
  CHECK_INT (page_mode (0604, 0, 12345), 0600);
  CHECK_INT (page_mode (0644, 0, 12345), 0644);
  CHECK_INT (page_mode (0664, 0, 12345), 0644);
  CHECK_INT (stat (page, &st), 0);
  CHECK_INT (st.st_gid, getegid ());
  group_refused = 0;
}

/* Give PATH an access control list of KIND: its user reads and writes, user 12345 reads.  */
static int give_list (const char *path, const char *kind) {
  const uint16_t entries[][2] = {{1, 6}, {2, 4}, {4, 0}, {0x10, 4}, {0x20, 0}};
  const uint32_t version = 2, ids[] = {0xffffffff, 12345, 0xffffffff, 0xffffffff, 0xffffffff};
  char list[4 + 8 * 5];
  memcpy (list, &version, 4);
  for (size_t i = 0; i < 5; i++) {
    memcpy (list + 4 + 8 * i, entries[i], 4);
    memcpy (list + 8 + 8 * i, &ids[i], 4);
  }
  return setxattr (path, kind, list, sizeof (list), 0);
}

/* The group's bits of a file with a list are those of the users that the list names.  */
static void access_lists_widen_nothing (void) {
  static const char access_list[] = "system.posix_acl_access",
                    folders[] = "system.posix_acl_default";
  const char *why;
  FILE *from;
  make_file (trace, "trace", 0600);
  if (give_list (trace, access_list) != 0) tap_skip ("no access control lists here");
  from = output_file_read (trace, &why);
  REQUIRE (from != NULL);
  CHECK_INT (write_page (output_open, from), 0);
  fclose (from);
  CHECK_INT (mode_of (page), S_IFREG | 0600);
  REQUIRE (give_list (dir, folders) == 0);
  remove (trace);
  make_file (trace, "trace", 0640);
  REQUIRE (removexattr (trace, access_list) == 0 && chmod (trace, 0640) == 0);
  from = output_file_read (trace, &why);
  REQUIRE (from != NULL);
  CHECK_INT (write_page (output_open, from), 0);
  fclose (from);
  CHECK_INT (mode_of (page), S_IFREG | 0640);
  CHECK_INT (getxattr (page, access_list, NULL, 0), -1);
  REQUIRE (removexattr (dir, folders) == 0);
  CHECK_INT (page_mode_of_both (0640, 0640, (gid_t) -1), 0640);
  make_file (trace, "trace", 0640);
  make_file (victim, "older trace", 0640);
  REQUIRE (give_list (victim, access_list) == 0);
  CHECK_INT (mode_of_page_of_both (), S_IFREG | 0600);
  remove (victim);
}

/*---------------- Pipes and devices -----------------------------*/

static void a_pipe_that_the_user_names_is_written_to (void) {
  char text[20];
  int reader;
  for (int n = -1; n < 3; n++) {
    make_file (victim, "victim", 0644);
    put_pipe ();
    reader = open (page, O_RDWR | O_NONBLOCK);
    REQUIRE (reader >= 0);
    calls = 0;
    swap = put_link;
    swap_at = n;
    CHECK_INT (write_page (output_open, NULL), 0);
    swap_at = -1;
    CHECK_INT (mode_of (page) & S_IFMT, n < 0 || n >= calls ? S_IFIFO : n == 0 ? S_IFREG : S_IFLNK);
    CHECK_INT (read (reader, text, sizeof (text)), n == 0 ? -1 : 7);
    CHECK_STR (text_of (victim), "victim");
    close (reader);
  }
}

static void another_users_pipe_is_refused (void) {
  int reader;
  if (geteuid () != 0) tap_skip ("only root can give a pipe to another user");
  put_pipe ();
  REQUIRE (chown (page, 12345, (gid_t) -1) == 0);
  reader = open (page, O_RDWR | O_NONBLOCK);
  REQUIRE (reader >= 0);
  CHECK_INT (write_page (output_open, NULL), -1);
  CHECK_INT (errno, EPERM);
  CHECK_INT (mode_of (page) & S_IFMT, S_IFIFO);
  close (reader);
}

static void links_of_the_system_are_followed (void) {
  struct output output;
  char path[40], text[20];
  int ends[2], file;
  REQUIRE (pipe (ends) == 0);
  snprintf (path, sizeof (path), "/dev/fd/%d", ends[1]);
  REQUIRE (output_open (&output, path, NULL, NULL) == 0);
  fputs ("private", output.stream);
  CHECK_INT (output_close (&output), 0);
  CHECK_INT (read (ends[0], text, sizeof (text)), 7);
  close (ends[0]);
  close (ends[1]);
  make_file (victim, "victim", 0644);
  file = open (victim, O_RDWR);
  REQUIRE (file >= 0);
  snprintf (path, sizeof (path), "/dev/fd/%d", file);
  CHECK_INT (output_open (&output, path, NULL, NULL), -1);
  CHECK_INT (errno, ELOOP);
  CHECK_STR (text_of (victim), "victim");
  close (file);
  CHECK_INT (output_open (&output, "/dev/stdout", NULL, NULL), 0);
  CHECK (output.stream == stdout);
}

/* The folders in which another user may put a link.  */
static void links_of_others_are_not_followed (void) {
  static const char *const folders[] = {"/dev/shm", "/proc/self/cwd", "/dev/fd/../cwd"};
  char was[100], name[40], path[100];
  struct output output;
  if (access ("/dev/shm", W_OK) != 0) tap_skip ("needs /dev/shm");
  snprintf (name, sizeof (name), "test-output-%ld", (long) getpid ());
  REQUIRE (getcwd (was, sizeof (was)) != NULL && chdir (dir) == 0);
  for (int i = 0; i < 3; i++) {
    struct stat st;
    snprintf (path, sizeof (path), "%s/%s", folders[i], name);
    remove (path);
    REQUIRE (symlink ("/dev/null", path) == 0);
    REQUIRE (output_open (&output, path, NULL, NULL) == 0);
    CHECK_INT (output_close (&output), 0);
    CHECK (lstat (path, &st) == 0 && S_ISREG (st.st_mode));
    remove (path);
  }
  REQUIRE (chdir (was) == 0);
}

static void what_is_no_file_is_not_read (void) {
  const char *why = "";
  put_pipe ();
  CHECK_PTR (output_file_read (page, &why), NULL);
  CHECK_STR (why, "not a regular file");
  CHECK_PTR (output_file_read (dir, &why), NULL);
  CHECK_STR (why, "not a regular file");
  put_nothing ();
  CHECK_PTR (output_file_read (page, &why), NULL);
  CHECK_STR (why, "No such file or directory");
}

/* Standard input is copied, and the copy has no name and no other reader.  */
static void standard_input_is_a_private_file (void) {
  const char *why = "";
  char text[20] = "";
  int ends[2], saved = dup (0);
  struct stat st;
  FILE *copy;
  REQUIRE (saved >= 0 && pipe (ends) == 0 && dup2 (ends[0], 0) == 0);
  CHECK_INT (write (ends[1], "from a pipe", 11), 11);
  close (ends[0]);
  close (ends[1]);
  REQUIRE (setenv ("TMPDIR", dir, 1) == 0);
  copy = output_read ("-", &why);
  REQUIRE (copy != NULL && fstat (fileno (copy), &st) == 0);
  CHECK_INT (st.st_mode, S_IFREG | 0600);
  CHECK_INT (st.st_nlink, 0);
  for (int i = 0; i < 2; i++) {
    CHECK_INT (fread (text, 1, sizeof (text), copy), 11);
    CHECK_STR (text, "from a pipe");
    CHECK_INT (fseek (copy, 0, SEEK_SET), 0);
  }
  fclose (copy);
  REQUIRE (setenv ("TMPDIR", "/nonexistent", 1) == 0);
  CHECK_PTR (output_read ("-", &why), NULL);
  CHECK_STR (why, "No such file or directory");
  unsetenv ("TMPDIR");
  REQUIRE (dup2 (saved, 0) == 0);
  close (saved);
}

static void an_output_knows_its_trace (void) {
  const char *why;
  FILE *from;
  make_file (trace, "trace", 0644);
  put_file ();
  from = output_file_read (trace, &why);
  REQUIRE (from != NULL);
  CHECK (output_is_file (trace, from));
  CHECK (!output_is_file (page, from));
  CHECK (!output_is_file ("-", from));
  REQUIRE (remove (page) == 0 && link (trace, page) == 0);
  CHECK (output_is_file (page, from));
  put_nothing ();
  CHECK (!output_is_file (page, from));
  REQUIRE (symlink (trace, page) == 0); /* would be replaced */
  CHECK (!output_is_file (page, from));
  fclose (from);
}

/*---------------- Contents -----------------------------*/

static void texts_are_escaped (void) {
  struct output output;
  REQUIRE (output_open (&output, page, NULL, NULL) == 0);
  output_html (output.stream, "<a href=\"x\">'&");
  output_json (output.stream, "</script>\"\\\n&'");
  CHECK_INT (output_close (&output), 0);
  CHECK_STR (text_of (page),
             "&lt;a href=&quot;x&quot;&gt;&#39;&amp;"
             "\"\\u003c/script\\u003e\\u0022\\u005c\\u000a\\u0026\\u0027\"");
}

static void the_old_file_stays_until_the_new_one_is_whole (void) {
  struct output output;
  put_file ();
  REQUIRE (output_open (&output, page, NULL, NULL) == 0);
  fputs ("new", output.stream);
  CHECK_INT (fflush (output.stream), 0);
  CHECK_STR (text_of (page), "old");
  output_drop (&output);
  CHECK_STR (text_of (page), "old");
  CHECK (leaves_nothing ());
  CHECK_INT (write_page (output_open, NULL), 0);
  CHECK_STR (text_of (page), "private");
  CHECK_INT (output_open (&output, "/nonexistent/file", NULL, NULL), -1);
  CHECK_INT (errno, ENOENT);
}

static void a_write_that_fails_changes_nothing (void) {
  struct rlimit before, limit;
  struct output output;
  struct stat st;
  put_file ();
  REQUIRE (getrlimit (RLIMIT_FSIZE, &before) == 0);
  limit = before;
  limit.rlim_cur = 3;
  REQUIRE (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  CHECK_INT (write_page (output_open, NULL), -1);
  CHECK_INT (errno, EFBIG);
  REQUIRE (setrlimit (RLIMIT_FSIZE, &before) == 0);
  CHECK_STR (text_of (page), "old");
  CHECK (leaves_nothing ());
  if (access ("/dev/full", W_OK) != 0) return;
  REQUIRE (output_open (&output, "/dev/full", NULL, NULL) == 0);
  fputs ("lost", output.stream);
  CHECK_INT (output_close (&output), -1);
  CHECK_INT (errno, ENOSPC);
  REQUIRE (stat ("/dev/full", &st) == 0);
  CHECK (S_ISCHR (st.st_mode));
}

int main (void) {
  output_file_begin ();
  umask (022);
  if (mkdtemp (dir) == NULL) abort ();
  snprintf (page, sizeof (page), "%s/page.html", dir);
  snprintf (victim, sizeof (victim), "%s/victim", dir);
  snprintf (trace, sizeof (trace), "%s/trace", dir);
  TEST_RUN (a_link_put_there_is_never_followed);
  TEST_RUN (a_page_that_was_not_named_opens_nothing);
  TEST_RUN (permissions_are_those_of_what_was_read);
  TEST_RUN (a_page_is_as_private_as_its_trace);
  TEST_RUN (a_page_of_two_traces_is_as_private_as_both);
  TEST_RUN (another_group_gets_what_everybody_had);
  TEST_RUN (access_lists_widen_nothing);
  TEST_RUN (a_pipe_that_the_user_names_is_written_to);
  TEST_RUN (another_users_pipe_is_refused);
  TEST_RUN (links_of_the_system_are_followed);
  TEST_RUN (links_of_others_are_not_followed);
  TEST_RUN (what_is_no_file_is_not_read);
  TEST_RUN (standard_input_is_a_private_file);
  TEST_RUN (an_output_knows_its_trace);
  TEST_RUN (texts_are_escaped);
  TEST_RUN (the_old_file_stays_until_the_new_one_is_whole);
  TEST_RUN (a_write_that_fails_changes_nothing);
  remove (page);
  remove (victim);
  remove (trace);
  if (rmdir (dir) != 0) abort ();
  return tap_done ();
}
