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

/* Remove the access control list that FD got from its folder.  Whether FD and TRACE then have none:
   with a list, the group bits of a mode are the most that the list grants to anyone.  */
#ifdef __linux__
static int have_only_modes (int fd, int trace) {
  static const char list[] = "system.posix_acl_access";
  (void) fremovexattr (fd, list);
  return fgetxattr (fd, list, NULL, 0) <= 0 && fgetxattr (trace, list, NULL, 0) <= 0;
}
#else
static int have_only_modes (int fd, int trace) {
  (void) fd;
  (void) trace;
  return 1;
}
#endif

/* Give FD, which is its owner's alone, the permissions of TRACE's file.  If FD cannot be given to
   the group of that file, FD's group gets what both that group and others had.  FD stays as it
   is if TRACE has an access control list, or if the file system has no permissions.  */
static void give_permissions (int fd, int trace) {
  mode_t mask = umask (077), mode, both;
  struct stat from, to;
  umask (mask);
  if (fstat (trace, &from) != 0 || fstat (fd, &to) != 0 || !have_only_modes (fd, trace)) return;
  mode = from.st_mode & 0666;
  both = mode & mode >> 3 & 7;
  if (to.st_gid != from.st_gid && fchown (fd, (uid_t) -1, from.st_gid) != 0)
    mode = (mode & 0600) | both << 3 | both;
  (void) fchmod (fd, mode & ~mask);
}

FILE *output_file_beside (const char *path, FILE *trace, char temporary[OUTPUT_PATH_MAX]) {
  int len = snprintf (temporary, OUTPUT_PATH_MAX, "%s.newXXXXXX", path), fd;
  FILE *stream;
  if (len < 0 || len >= OUTPUT_PATH_MAX) {
    errno = ENAMETOOLONG;
    return NULL;
  }
  signal (SIGXFSZ, SIG_IGN); /* a file that may not grow is an error, not the end of the process */
  fd = mkostemp (temporary, O_CLOEXEC); /* a new file with mode 0600 */
  if (fd < 0) return NULL;
  if (trace != NULL) give_permissions (fd, fileno (trace));
  stream = stream_of (fd, "wb");
  if (stream == NULL) unlink (temporary);
  return stream;
}

int output_file_replace (const char *temporary, const char *path) {
  return rename (temporary, path);
}
