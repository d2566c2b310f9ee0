#define _GNU_SOURCE /* O_CLOEXEC, clock_gettime */
#include "trace/trace-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*---------------- The file -----------------------------*/

static int open_new (const char *path) {
  return open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* A plain file with this one name, and nobody else's.  */
static int may_replace (const char *path) {
  struct stat st;

  return lstat (path, &st) == 0 && S_ISREG (st.st_mode) && st.st_nlink == 1
         && st.st_uid == geteuid ();
}

/* What somebody puts in the place between these calls is not opened, since the file must be new;
   what is unlinked can at worst be a name that this user may unlink anyway.  */
MIR_trace_status_t mir_trace_file_create (const char *path, mir_trace_file_t *file) {
  *file = open_new (path);
  if (*file < 0 && errno == EEXIST) {
    if (!may_replace (path)) {
      errno = EEXIST;
      return MIR_TRACE_UNSAFE_FILE;
    }
    if (unlink (path) == 0) *file = open_new (path);
  }
  return *file >= 0 ? MIR_TRACE_OK : MIR_TRACE_FILE_REFUSED;
}

/* Writing beyond the limit would raise SIGXFSZ, which ends the program (setrlimit(2)).  */
static int is_within_limit (int fd, size_t len) {
  struct rlimit limit;
  off_t at;

  if (getrlimit (RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 1;
  at = lseek (fd, 0, SEEK_CUR);
  return at < 0 || ((rlim_t) at <= limit.rlim_cur && len <= limit.rlim_cur - (rlim_t) at);
}

static int write_all (int fd, const uint8_t *bytes, size_t len) {
  if (!is_within_limit (fd, len)) return EFBIG;
  while (len > 0) {
    ssize_t written = write (fd, bytes, len);

    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    bytes += written;
    len -= (size_t) written;
  }
  return 0;
}

int mir_trace_file_write (mir_trace_file_t file, const uint8_t *bytes, size_t len) {
  int saved = errno, error = write_all (file, bytes, len);

  errno = saved;
  return error;
}

int mir_trace_file_close (mir_trace_file_t file) {
  int saved = errno, error = close (file) == 0 || errno == EINTR ? 0 : errno;

  errno = saved;
  return error;
}

/*---------------- The process -----------------------------*/

long mir_trace_process (void) {
  return (long) getpid ();
}

uint64_t mir_trace_clock (void) {
  struct timespec now = {0, 0};

  (void) clock_gettime (CLOCK_MONOTONIC, &now); /* fails for clocks only that a system has not */
  return (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
}
