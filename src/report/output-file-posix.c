/* Opens and replaces mir-report's files on POSIX systems.  */
#define _GNU_SOURCE /* mkostemp */
#include "report/output-file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif
#include <unistd.h>

/* A stream over FD, which the stream owns; FD is closed on failure.  */
static FILE *stream_of (int fd, const char *mode) {
  FILE *stream = fdopen (fd, mode);
  int error = errno;
  if (stream == NULL) close (fd);
  errno = error;
  return stream;
}

/* A descriptor of the wrong direction: a use of it fails as one of the closed stream would.  */
void output_file_begin (void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && errno == EBADF)
      (void) open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN);
}

/* O_NONBLOCK: a pipe is refused at once, without waiting for a writer.  */
FILE *output_file_read (const char *path, const char **why) {
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  FILE *stream = NULL;
  struct stat st;
  if (fd >= 0 && fstat (fd, &st) == 0 && !S_ISREG (st.st_mode)) {
    close (fd);
    *why = "not a regular file";
    return NULL;
  }
  if (fd >= 0) stream = stream_of (fd, "rb");
  if (stream == NULL) *why = strerror (errno);
  return stream;
}

FILE *output_file_private (void) {
  const char *folder = getenv ("TMPDIR");
  char path[OUTPUT_PATH_MAX];
  int len = snprintf (path, sizeof (path), "%s/mir-reportXXXXXX",
                      folder != NULL && *folder != '\0' ? folder : "/tmp");
  int fd;
  if (len < 0 || len >= OUTPUT_PATH_MAX) {
    errno = ENAMETOOLONG;
    return NULL;
  }
  fd = mkostemp (path, O_CLOEXEC); /* a new file with mode 0600 */
  if (fd < 0) return NULL;
  unlink (path);
  return stream_of (fd, "w+b");
}

/*---------------- Comparing -----------------------------*/

static int are_same (const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int output_file_same (FILE *a, FILE *b) {
  struct stat x, y;
  return fstat (fileno (a), &x) == 0 && fstat (fileno (b), &y) == 0 && are_same (&x, &y);
}

int output_file_named (FILE *stream, const char *path) {
  struct stat x, y;
  return fstat (fileno (stream), &x) == 0 && lstat (path, &y) == 0 && are_same (&x, &y);
}

/*---------------- Pipes and devices -----------------------------*/

/* A link in /dev itself, or one to an open descriptor (/dev/fd/63), is the system's.  Any other one
   may be another user's, also in /dev/shm or below /proc/self/cwd.  */
static int is_link_of_system (const char *path) {
  int fd_end = 0, proc_end = 0;
  (void) sscanf (path, "/dev/fd/%*[0-9]%n", &fd_end);
  (void) sscanf (path, "/proc/%*[^/]/fd/%*[0-9]%n", &proc_end);
  return (strncmp (path, "/dev/", 5) == 0 && strchr (path + 5, '/') == NULL)
         || path[fd_end + proc_end] == '\0';
}

/* Another user's pipe has a reader whom this user did not choose.  */
static int is_foreign_pipe (const struct stat *st) {
  return S_ISFIFO (st->st_mode) && st->st_uid != geteuid () && st->st_uid != 0;
}

FILE *output_file_special (const char *path) {
  const int flags = O_WRONLY | O_NOCTTY | O_CLOEXEC;
  int fd = open (path, flags | O_NOFOLLOW), is_link = 0, error = 0;
  struct stat st;
  if (fd < 0 && errno == ELOOP && is_link_of_system (path)) {
    is_link = 1;
    fd = open (path, flags);
  } else if (fd < 0 && (errno == ENOENT || errno == EACCES || errno == ELOOP)) {
    errno = 0;
  }
  if (fd < 0) return NULL;
  if (fstat (fd, &st) != 0)
    error = errno;
  else if (S_ISREG (st.st_mode)) /* a name in /proc cannot be replaced, one in /dev should not */
    error = is_link ? ELOOP : 0;
  else if (!is_link && is_foreign_pipe (&st))
    error = EPERM;
  else
    return stream_of (fd, "wb");
  close (fd);
  errno = error;
  return NULL;
}

/*---------------- Replacing -----------------------------*/

/* Whether FILE has no access control list: with one, the group bits of its mode are the most that the
   list grants to anyone.  drop_list removes the list that a new file got from its folder.  */
#ifdef __linux__
static const char list_name[] = "system.posix_acl_access";

static int has_no_list (int fd) {
  return fgetxattr (fd, list_name, NULL, 0) <= 0;
}

static void drop_list (int fd) {
  (void) fremovexattr (fd, list_name);
}
#else
static int has_no_list (int fd) {
  (void) fd;
  return 1;
}

static void drop_list (int fd) {
  (void) fd;
}
#endif

/* MODE for a file of another group: its group gets what both MODE's group and others have.  */
static mode_t mode_for_any_group (mode_t mode) {
  mode_t both = mode & mode >> 3 & 7;
  return (mode & 0600) | both << 3 | both;
}

/* Store in ACCESS the group and the permissions, and nothing else, that a file may have whose
   contents come from TRACE and OLD, which may be NULL.  Returns 0; or -1 if only its owner may read
   it.  */
static int find_access (FILE *trace, FILE *old, struct stat *access) {
  struct stat st;
  if (trace == NULL || fstat (fileno (trace), access) != 0 || !has_no_list (fileno (trace)))
    return -1;
  access->st_mode &= 0666;
  if (old == NULL) return 0;
  if (fstat (fileno (old), &st) != 0 || !has_no_list (fileno (old))) return -1;
  access->st_mode &= st.st_mode;
  if (st.st_gid != access->st_gid) access->st_mode = mode_for_any_group (access->st_mode);
  return 0;
}

/* Give FD, which is its owner's alone, the permissions of ACCESS, also if FD cannot be given to its
   group.  FD stays as it is if the file system has no permissions.  */
static void give_permissions (int fd, const struct stat *access) {
  mode_t mask = umask (077), mode = access->st_mode;
  struct stat st;
  umask (mask);
  drop_list (fd);
  if (fstat (fd, &st) != 0 || !has_no_list (fd)) return;
  if (st.st_gid != access->st_gid && fchown (fd, (uid_t) -1, access->st_gid) != 0)
    mode = mode_for_any_group (mode);
  (void) fchmod (fd, mode & ~mask);
}

FILE *output_file_beside (const char *path, FILE *trace, FILE *old,
                          char temporary[OUTPUT_PATH_MAX]) {
  int len = snprintf (temporary, OUTPUT_PATH_MAX, "%s.newXXXXXX", path), fd;
  struct stat access;
  FILE *stream;
  if (len < 0 || len >= OUTPUT_PATH_MAX) {
    errno = ENAMETOOLONG;
    return NULL;
  }
  fd = mkostemp (temporary, O_CLOEXEC); /* a new file with mode 0600 */
  if (fd < 0) return NULL;
  if (find_access (trace, old, &access) == 0) give_permissions (fd, &access);
  stream = stream_of (fd, "wb");
  if (stream == NULL) unlink (temporary);
  return stream;
}

int output_file_replace (const char *temporary, const char *path) {
  return rename (temporary, path);
}
