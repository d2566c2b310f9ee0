/* Editing files while another user renames files in their folder.  file-posix.c is compiled into
   this program, and a test can act in front of its system calls.  */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a test does in front of the next linkat or openat.  The result is the errno with which the
   call fails; 0: the call is made.  */
static int (*before_link) (void);
static int (*before_open) (void);

static int no_nameless; /* as on file systems without O_TMPFILE */

static int act (int (**step) (void)) {
  int (*now) (void) = *step;
  *step = NULL;
  int reason = now != NULL ? now () : 0;
  if (reason != 0) errno = reason;
  return reason;
}

static int linkat_later (int from, const char *old, int to, const char *name, int flags) {
  return act (&before_link) != 0 ? -1 : linkat (from, old, to, name, flags);
}

static int openat_later (int folder, const char *name, int flags, ...) {
  if (no_nameless && strcmp (name, ".") == 0 && (flags & O_RDWR) != 0) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return act (&before_open) != 0 ? -1 : openat (folder, name, flags, 0600);
}

#define linkat linkat_later
#define openat openat_later
#include "inject/file-posix.c"
#undef linkat
#undef openat

#include "inject/edit/edit.h"
#include "image.h"
#include "support/tap.h"

static const char secret[] = "root:secret";

static void put (const char *name, const void *bytes, size_t size, mode_t mode) {
  FILE *file = fopen (name, "wb");
  REQUIRE (file != NULL && fwrite (bytes, 1, size, file) == size && fclose (file) == 0);
  REQUIRE (chmod (name, mode) == 0);
}

static int holds (const char *name, const void *bytes, size_t size) {
  static char buffer[65536];
  FILE *file = fopen (name, "rb");
  if (file == NULL) return 0;
  size_t n = fread (buffer, 1, sizeof (buffer), file);
  fclose (file);
  return n == size && memcmp (buffer, bytes, n) == 0;
}

static unsigned mode_of (const char *name) {
  struct stat st;
  return lstat (name, &st) == 0 && S_ISREG (st.st_mode) ? st.st_mode & 07777 : 0;
}

static int is_link (const char *name) {
  struct stat st;
  return lstat (name, &st) == 0 && S_ISLNK (st.st_mode);
}

/* The number of temporary files in the folder.  */
static int left_over (void) {
  DIR *dir = opendir (".");
  int n = 0;
  REQUIRE (dir != NULL);
  for (struct dirent *entry; (entry = readdir (dir)) != NULL;)
    n += strstr (entry->d_name, "mir-inject") != NULL;
  closedir (dir);
  return n;
}

static uint8_t *program; /* an image that can be edited */
static size_t program_size;
static struct pe_error error;

/* Make an empty folder with a.exe, and a secret outside of it.  */
static void start (mode_t mode) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  char folder[] = "/tmp/mir-inject-test-XXXXXX";
  if (program == NULL) program = image_make (&spec, &program_size);
  error = (struct pe_error) {0};
  before_link = before_open = NULL;
  no_nameless = 0;
  REQUIRE (program != NULL && mkdtemp (folder) != NULL && chdir (folder) == 0
           && mkdir ("in", 0700) == 0);
  put ("secret", secret, sizeof (secret), 0600);
  REQUIRE (chdir ("in") == 0);
  put ("a.exe", program, program_size, mode);
}

static void finish (void) {
  char folder[64];
  CHECK_INT (left_over (), 0);
  CHECK (holds ("../secret", secret, sizeof (secret)) && mode_of ("../secret") == 0600);
  REQUIRE (chdir ("..") == 0 && getcwd (folder, sizeof (folder)) != NULL);
  REQUIRE (chdir ("/") == 0 && strncmp (folder, "/tmp/mir-inject-test-", 21) == 0);
  char command[80];
  snprintf (command, sizeof (command), "rm -rf '%s'", folder);
  REQUIRE (system (command) == 0);
}

static int replaces = 1;

/* Do what the command does; 0 or -1.  OUTPUT NULL: in place, with a backup.  */
static int inject_file (const char *path, const char *output) {
  struct edit_request request = {.dll = "mir-ucrt.dll", .symbol = "mi_version"};
  char target[INJECT_PATH_MAX], backup[INJECT_PATH_MAX + 4];
  struct inject_file old;
  struct inject_file_new new;
  struct edit edit;
  struct pe pe;
  if (output == NULL) {
    if (inject_file_open_in_place (&old, path, target, sizeof (target), &error) != 0) return -1;
    snprintf (backup, sizeof (backup), "%s.bak", target);
  } else if (inject_file_open (&old, path, &error) != 0) {
    return -1;
  }
  REQUIRE (pe_open (&pe, old.bytes, old.size, PE_FILE, &error) == 0);
  REQUIRE (edit_inject (&edit, &pe, &request, &error) == 0);
  int status = inject_file_write (&new, output != NULL ? output : target, &old, output == NULL,
                                  &edit, &error);
  if (status == 0)
    status = inject_file_commit (&new, &old, replaces, output == NULL ? backup : NULL, &error);
  edit_free (&edit);
  return status;
}

static int is_program (const char *name) {
  return holds (name, program, program_size);
}

static int refuse_links (void) {
  return EPERM;
}

static void put_link (void) {
  REQUIRE (unlink ("a.exe") == 0 && symlink ("../secret", "a.exe") == 0);
}
static int put_link_and_go_on (void) {
  put_link ();
  return 0;
}
static int put_link_and_refuse (void) {
  put_link ();
  return EPERM;
}

static int put_secret_itself (void) {
  REQUIRE (unlink ("a.exe") == 0 && link ("../secret", "a.exe") == 0);
  return 0;
}

static int put_new_version (void) {
  put ("new", "new version", 11, 0644);
  REQUIRE (rename ("new", "a.exe") == 0);
  return EPERM;
}

static void backup_and_result_have_the_permissions_of_the_file (void) {
  static const mode_t modes[] = {0600, 0640, 0751, 0666, 04755};
  for (size_t i = 0; i < sizeof (modes) / sizeof (modes[0]); i++)
    for (int has = 0; has < 4; has++) {
      start (modes[i]);
      no_nameless = (has & 1) == 0;
      mode_t mask = umask (i % 2 == 0 ? 0 : 077);
      if ((has & 2) == 0) before_link = refuse_links;
      CHECK_INT (inject_file ("a.exe", NULL), 0);
      umask (mask);
      CHECK (is_program ("a.exe.bak") && !is_program ("a.exe"));
      CHECK_INT (mode_of ("a.exe"), modes[i]);
      CHECK_INT (mode_of ("a.exe.bak"), modes[i]);
      finish ();
    }
}

static void result_beside_the_file_gives_nobody_more (void) {
  static const mode_t modes[] = {0600, 0640, 0755};
  for (size_t i = 0; i < sizeof (modes) / sizeof (modes[0]); i++) {
    start (modes[i]);
    CHECK_INT (inject_file ("a.exe", "b.exe"), 0);
    CHECK_INT (mode_of ("b.exe"), modes[i]);
    finish ();
  }
}

/* The copy of another user's program must not run with our rights, and our group must not get the
   rights of theirs.  */
static void result_of_another_user_has_none_of_our_rights (void) {
  if (getuid () != 0) tap_skip ("needs another user's file");
  start (0600);
  REQUIRE (chown ("a.exe", 1234, 1234) == 0 && chmod ("a.exe", 06750) == 0);
  CHECK_INT (inject_file ("a.exe", "b.exe"), 0);
  CHECK_INT (mode_of ("b.exe"), 0700);
  CHECK_INT (inject_file ("a.exe", NULL), 0);
  struct stat st;
  REQUIRE (stat ("a.exe", &st) == 0);
  CHECK_INT (st.st_uid, 1234);
  CHECK_INT (st.st_gid, 1234);
  CHECK_INT (mode_of ("a.exe"), 06750);
  finish ();
}

/* A link to a secret that appears between any two steps is neither read nor copied nor
   replaced.  */
static void link_put_in_the_way_of_a_backup_is_not_followed (void) {
  static int (*const steps[]) (void) = {put_link_and_go_on, put_link_and_refuse, put_secret_itself};
  for (size_t i = 0; i < sizeof (steps) / sizeof (steps[0]); i++) {
    start (0644);
    before_link = steps[i];
    CHECK_INT (inject_file ("a.exe", NULL), -1);
    CHECK (strstr (error.text, "was replaced in the meantime") != NULL);
    CHECK (is_link ("a.exe") || holds ("a.exe", secret, sizeof (secret)));
    CHECK (access ("a.exe.bak", F_OK) != 0);
    finish ();
  }
}

static void link_put_in_the_way_of_reading_is_not_followed (void) {
  start (0644);
  before_open = put_link_and_go_on;
  CHECK_INT (inject_file ("a.exe", NULL), -1);
  CHECK (strstr (error.text, "unable to open file: a.exe: ") != NULL);
  CHECK (is_link ("a.exe") && access ("a.exe.bak", F_OK) != 0);
  finish ();
}

static void new_version_of_the_program_is_not_lost (void) {
  start (0644);
  before_link = put_new_version;
  CHECK_INT (inject_file ("a.exe", NULL), -1);
  CHECK (holds ("a.exe", "new version", 11) && access ("a.exe.bak", F_OK) != 0);
  finish ();
}

static int put_result (void) {
  put ("b.exe", "other", 5, 0644);
  return 0;
}
static void result_that_appears_meanwhile_is_not_overwritten (void) {
  start (0644);
  replaces = 0;
  before_link = put_result;
  CHECK_INT (inject_file ("a.exe", "b.exe"), -1);
  CHECK (holds ("b.exe", "other", 5));
  replaces = 1;
  finish ();
}

static void backup_replaces_a_link_and_not_what_it_leads_to (void) {
  for (int links = 0; links < 2; links++) {
    start (0644);
    REQUIRE (symlink ("../secret", "a.exe.bak") == 0);
    if (!links) before_link = refuse_links;
    CHECK_INT (inject_file ("a.exe", NULL), 0);
    CHECK (is_program ("a.exe.bak") && mode_of ("a.exe.bak") == 0644);
    finish ();
  }
}

static void names_which_would_be_made_may_be_taken (void) {
  char name[64];
  start (0644);
  snprintf (name, sizeof (name), ".mir-inject-%ld-0", (long) getpid ());
  REQUIRE (symlink ("../secret", name) == 0);
  before_link = refuse_links;
  CHECK_INT (inject_file ("a.exe", NULL), 0);
  CHECK (is_program ("a.exe.bak") && is_link (name));
  REQUIRE (unlink (name) == 0);
  finish ();
}

static void backup_that_is_the_file_itself_is_no_matter (void) {
  start (0644);
  REQUIRE (link ("a.exe", "a.exe.bak") == 0);
  CHECK_INT (inject_file ("a.exe", NULL), 0);
  CHECK (is_program ("a.exe.bak") && !is_program ("a.exe"));
  finish ();
}

static void symbolic_link_stays_and_its_file_is_edited (void) {
  start (0644);
  REQUIRE (symlink ("a.exe", "link.exe") == 0);
  CHECK_INT (inject_file ("link.exe", NULL), 0);
  CHECK (is_link ("link.exe") && is_program ("a.exe.bak") && !is_program ("a.exe"));
  finish ();
}

/* While the program is edited, its folder is moved away, and another folder takes its name.  */
static int move_folder (void) {
  REQUIRE (rename ("../in", "../moved") == 0 && mkdir ("../in", 0700) == 0);
  put ("../in/a.exe", "other", 5, 0600);
  return 0;
}
static void folder_stays_the_one_in_which_the_file_was_opened (void) {
  start (0644);
  before_link = move_folder;
  CHECK_INT (inject_file ("a.exe", NULL), 0);
  CHECK (holds ("../in/a.exe", "other", 5) && access ("../in/a.exe.bak", F_OK) != 0);
  CHECK (is_program ("../moved/a.exe.bak") && !is_program ("../moved/a.exe"));
  finish ();
}

int main (void) {
  TEST_RUN (backup_and_result_have_the_permissions_of_the_file);
  TEST_RUN (result_beside_the_file_gives_nobody_more);
  TEST_RUN (result_of_another_user_has_none_of_our_rights);
  TEST_RUN (link_put_in_the_way_of_a_backup_is_not_followed);
  TEST_RUN (link_put_in_the_way_of_reading_is_not_followed);
  TEST_RUN (new_version_of_the_program_is_not_lost);
  TEST_RUN (result_that_appears_meanwhile_is_not_overwritten);
  TEST_RUN (backup_replaces_a_link_and_not_what_it_leads_to);
  TEST_RUN (names_which_would_be_made_may_be_taken);
  TEST_RUN (backup_that_is_the_file_itself_is_no_matter);
  TEST_RUN (symbolic_link_stays_and_its_file_is_edited);
  TEST_RUN (folder_stays_the_one_in_which_the_file_was_opened);
  free (program);
  return tap_done ();
}
