/* A trace whose file is refused, at any moment, does no harm.  Linux.  */
#define _GNU_SOURCE /* O_CLOEXEC */
#include "trace/trace-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "trace/trace-file.h"

enum { MANY = 40000 }; /* events, more than fit in the buffer */

/* Cause COUNT events.  */
static void allocate (size_t count) {
  for (size_t i = 0; i < count / 2; i++) MIR_free (traced, MIR_malloc (traced, 10 + i % 100));
}

/* Check that the trace has stopped with STATUS and ERROR, that the program noticed nothing, and
   that all EVENTS are counted.  */
static void check_stopped (MIR_trace_status_t status, int error, uint64_t events) {
  CHECK_INT (state ().status, status);
  CHECK_INT (state ().error, error);
  CHECK_INT (state ().events + state ().lost, events);
  CHECK (state ().lost > 0);
  CHECK_INT (MIR_trace_flush (trace), status);
  CHECK_INT (MIR_trace_finish (trace), status);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void the_file_is_for_this_user_only (void) {
  struct stat st;
  umask (0);
  begin ();
  REQUIRE (stat (trace_path, &st) == 0);
  CHECK_INT (st.st_mode & 07777, 0600);
  umask (022);
  end_and_look ();
  picture_finish (&picture);
}

static void check_refused (MIR_trace_status_t status, int error) {
  CHECK_INT (begin_with (0, NULL), status);
  CHECK_INT (errno, error);
  CHECK_PTR (trace, NULL);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void links_and_folders_are_left_alone (void) {
  char other[120];
  struct stat st;
  int fd;
  snprintf (other, sizeof (other), "%s/other", trace_dir);
  fd = open (other, O_CREAT | O_WRONLY, 0600);
  REQUIRE (fd >= 0 && write (fd, "kept", 4) == 4 && close (fd) == 0);
  remove (trace_path);
  REQUIRE (symlink (other, trace_path) == 0);
  check_refused (MIR_TRACE_UNSAFE_FILE, EEXIST);
  remove (trace_path);
  REQUIRE (link (other, trace_path) == 0);
  check_refused (MIR_TRACE_UNSAFE_FILE, EEXIST);
  remove (trace_path);
  REQUIRE (stat (other, &st) == 0);
  CHECK_INT (st.st_size, 4);
  remove (other);
  REQUIRE (mkdir (trace_path, 0700) == 0);
  check_refused (MIR_TRACE_UNSAFE_FILE, EEXIST);
  rmdir (trace_path);
  REQUIRE (mkfifo (trace_path, 0600) == 0);
  check_refused (MIR_TRACE_UNSAFE_FILE, EEXIST);
  remove (trace_path);
}

static void options_out_of_bounds_are_refused (void) {
  MIR_trace_options_t options = {.size = sizeof (options), .file = trace_path};
  options.stack_depth = MIR_TRACE_MAX_STACK + 1;
  CHECK_INT (MIR_trace_create (&options, &trace), MIR_TRACE_BAD_OPTION);
  options.stack_depth = 0;
  options.size--;
  CHECK_INT (MIR_trace_create (&options, &trace), MIR_TRACE_BAD_OPTION);
  options.size++;
  options.file = NULL;
  CHECK_INT (MIR_trace_create (&options, &trace), MIR_TRACE_BAD_OPTION);
  CHECK_INT (MIR_trace_create (NULL, &trace), MIR_TRACE_BAD_OPTION);
  options.file = "/nonexistent/trace";
  CHECK_INT (MIR_trace_create (&options, &trace), MIR_TRACE_FILE_REFUSED);
  CHECK_INT (errno, ENOENT);
  CHECK_PTR (trace, NULL);
  for (int i = MIR_TRACE_OK; i <= MIR_TRACE_BAD_OPTION; i++)
    CHECK (strcmp (MIR_trace_status_text ((MIR_trace_status_t) i), "unknown status") != 0);
  CHECK_STR (MIR_trace_status_text (MIR_TRACE_OK), "no error");
}

/* Run with the Nth allocation refused.  0: there was none to refuse.  */
static int runs_with_failure_at (long n) {
  MIR_trace_options_t options = {.size = sizeof (options), .file = trace_path};
  MIR_trace_status_t status;
  void *block;
  int failed;
  probe_alloc_init (&probe);
  probe_alloc_fail_after (&probe, n, 0);
  options.alloc = options.own = &probe.alloc;
  options.stack_depth = 4;
  status = MIR_trace_create (&options, &trace);
  if (status == MIR_TRACE_OK) {
    traced = MIR_trace_alloc (trace);
    block = MIR_malloc (traced, 10);
    if (block != NULL) {
      void *larger = MIR_realloc (traced, block, 10, 30);
      MIR_free (traced, larger != NULL ? larger : block);
    }
    MIR_free (traced, MIR_calloc (traced, 2, 3));
    CHECK_INT (state ().lost, 0);
    size_t refused = probe.failed;
    CHECK_INT (MIR_trace_finish (trace), MIR_TRACE_OK); /* only names get lost */
    CHECK_INT (look (0), 0);
    CHECK_INT (picture.totals.failed, refused);
    CHECK_INT (picture.totals.live.blocks, 0);
    CHECK_INT (picture.totals.strange, 0);
    picture_finish (&picture);
  } else {
    CHECK_INT (status, MIR_TRACE_NO_MEMORY);
    CHECK (access (trace_path, F_OK) != 0 || n > 0);
  }
  failed = probe.failed > 0;
  CHECK_INT (probe_alloc_finish (&probe), 0);
  return failed;
}

static void every_refused_allocation_is_survived (void) {
  long n = 0;
  remove (trace_path);
  while (runs_with_failure_at (n)) n++;
  CHECK (n == 6 || n == 5); /* the trace, its stacks, three blocks; names, where there are stacks */
}

/*---------------- Writing -----------------------------*/

/* Find the descriptor of the trace's file.  */
static int trace_fd (void) {
  struct stat st, other;
  REQUIRE (stat (trace_path, &st) == 0);
  for (int fd = 3; fd < 100; fd++)
    if (fstat (fd, &other) == 0 && other.st_ino == st.st_ino && other.st_dev == st.st_dev)
      return fd;
  REQUIRE (!"the trace's file is open");
  return -1;
}

static void a_full_disk_stops_the_trace (void) {
  int full = open ("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) tap_skip ("no /dev/full");
  begin ();
  REQUIRE (dup2 (full, trace_fd ()) >= 0);
  close (full);
  errno = 77;
  allocate (MANY);
  CHECK_INT (errno, 77);
  check_stopped (MIR_TRACE_FILE_REFUSED, ENOSPC, MANY);
}

/* Some buffers are written, then none; the incomplete file is still readable.  */
static void a_limit_stops_the_trace (void) {
  struct rlimit limit, old;
  REQUIRE (getrlimit (RLIMIT_FSIZE, &old) == 0);
  begin ();
  limit = old;
  limit.rlim_cur = 100000;
  REQUIRE (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  allocate (MANY);
  setrlimit (RLIMIT_FSIZE, &old);
  CHECK (state ().events > 0);
  uint64_t events = state ().events;
  check_stopped (MIR_TRACE_FILE_REFUSED, EFBIG, MANY);
  CHECK_INT (look (0), -1);
  picture_finish (&picture);
  CHECK_INT (look (1), 0);
  CHECK_INT (picture.totals.events, events);
  CHECK_INT (picture.partial, 1);
  picture_finish (&picture);
}

/* How many descriptors are open.  */
static int open_fds (void) {
  int num = 0;
  for (int fd = 0; fd < 1000; fd++) num += fcntl (fd, F_GETFD) >= 0;
  return num;
}

/* The file may be created, but hold no more than BYTES.  Returns the status.  */
static MIR_trace_status_t begin_with_limit (rlim_t bytes) {
  struct rlimit limit, old;
  MIR_trace_status_t status;
  int error;
  REQUIRE (getrlimit (RLIMIT_FSIZE, &old) == 0);
  limit = old;
  limit.rlim_cur = bytes;
  REQUIRE (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  status = begin_with (4, NULL);
  error = errno;
  setrlimit (RLIMIT_FSIZE, &old);
  errno = error;
  return status;
}

static void a_refused_head_leaves_no_file (void) {
  struct stat st;
  int fds = open_fds ();
  rlim_t bytes = 0;
  remove (trace_path);
  for (; bytes < 1000; bytes++) {
    MIR_trace_status_t status = begin_with_limit (bytes);
    if (status == MIR_TRACE_OK) break;
    CHECK_INT (status, MIR_TRACE_FILE_REFUSED);
    CHECK_INT (errno, EFBIG);
    CHECK_PTR (trace, NULL);
    CHECK_INT (probe_alloc_finish (&probe), 0);
    CHECK_INT (lstat (trace_path, &st), -1);
    CHECK_INT (open_fds (), fds);
  }
  REQUIRE (trace != NULL && stat (trace_path, &st) == 0);
  CHECK_INT (st.st_size, bytes); /* no more than the head is there */
  CHECK (bytes > 20);
  end_and_look ();
  picture_finish (&picture);
}

static void a_file_that_is_dropped_takes_no_other_with_it (void) {
  mir_trace_file_t file;
  char other[120];
  int fds = open_fds ();
  snprintf (other, sizeof (other), "%s/other", trace_dir);
  REQUIRE (mir_trace_file_create (trace_path, &file) == MIR_TRACE_OK);
  REQUIRE (rename (trace_path, other) == 0);
  REQUIRE (symlink ("other", trace_path) == 0);
  mir_trace_file_drop (trace_path, file);
  CHECK_INT (open_fds (), fds);
  CHECK_INT (remove (trace_path), 0);
  CHECK_INT (remove (other), 0);
}

/*---------------- A program that dies -----------------------------*/

/* Trace and die, after a flush if IS_FLUSHED.  Returns the process.  */
static pid_t trace_and_die (int is_flushed) {
  int status = 0;
  pid_t pid = fork ();
  if (pid == 0) {
    if (begin_with (0, NULL) != MIR_TRACE_OK) _exit (1);
    allocate (100);
    if (is_flushed && MIR_trace_flush (trace) != MIR_TRACE_OK) _exit (2);
    raise (SIGKILL);
  }
  REQUIRE (pid > 0 && waitpid (pid, &status, 0) == pid);
  CHECK (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  return pid;
}

static void a_program_that_dies_early_leaves_an_empty_picture (void) {
  pid_t pid = trace_and_die (0);
  CHECK_INT (look (0), -1);
  picture_finish (&picture);
  CHECK_INT (look (1), 0);
  CHECK_INT (picture.partial, 1);
  CHECK_INT (picture.totals.events, 0);
  CHECK_INT (picture.reader.process, pid);
  CHECK_STR (picture.reader.title, "a test");
  CHECK (strstr (picture.reader.error, "before its first event") != NULL);
  picture_finish (&picture);
}

static void what_was_flushed_is_left (void) {
  pid_t pid = trace_and_die (1);
  CHECK_INT (look (1), 0);
  CHECK_INT (picture.totals.events, 100);
  CHECK_INT (picture.reader.process, pid);
  CHECK (strstr (picture.reader.error, "before the trace does") != NULL);
  picture_finish (&picture);
}

/*---------------- Forks -----------------------------*/

static void a_child_is_not_traced (void) {
  void *block;
  int status;
  pid_t pid;
  begin ();
  block = MIR_malloc (traced, 10);
  pid = fork ();
  if (pid == 0) {
    MIR_free (traced, block);
    for (int i = 0; i < 20000; i++) MIR_free (traced, MIR_malloc (traced, 5));
    if (state ().status != MIR_TRACE_FORKED || state ().events != 0 || state ().lost != 40001)
      _exit (1);
    _exit (MIR_trace_finish (trace) == MIR_TRACE_FORKED ? 0 : 2);
  }
  REQUIRE (waitpid (pid, &status, 0) == pid);
  CHECK_INT (status, 0);
  MIR_free (traced, block);
  end_and_look ();
  CHECK_INT (picture.totals.mallocs, 1);
  CHECK_INT (picture.totals.frees, 1);
  picture_finish (&picture);
}

int main (void) {
  make_trace_dir ();
  TEST_RUN (the_file_is_for_this_user_only);
  TEST_RUN (links_and_folders_are_left_alone);
  TEST_RUN (options_out_of_bounds_are_refused);
  TEST_RUN (every_refused_allocation_is_survived);
  TEST_RUN (a_full_disk_stops_the_trace);
  TEST_RUN (a_limit_stops_the_trace);
  TEST_RUN (a_refused_head_leaves_no_file);
  TEST_RUN (a_file_that_is_dropped_takes_no_other_with_it);
  TEST_RUN (a_program_that_dies_early_leaves_an_empty_picture);
  TEST_RUN (what_was_flushed_is_left);
  TEST_RUN (a_child_is_not_traced);
  remove_trace_dir ();
  return tap_done ();
}
