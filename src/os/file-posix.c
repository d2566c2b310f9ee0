/* Own files: created once, without following links, and appended to.  */
#define _GNU_SOURCE /* O_NOFOLLOW, S_ISREG */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* O_RDWR, not O_WRONLY, so that the file can be mapped.  */
int mir_os_file_create (const char *path) {
  return open (path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int mir_os_file_is_ours (const struct stat *st) {
  return S_ISREG (st->st_mode) && st->st_uid == geteuid () && st->st_nlink == 1;
}

/* A write beyond the limit would raise SIGXFSZ, which ends the program (setrlimit(2)).  */
static int is_within_limit (int fd, size_t len) {
  struct rlimit limit;
  struct stat st;
  if (getrlimit (RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 1;
  return fstat (fd, &st) == 0 && (rlim_t) st.st_size <= limit.rlim_cur
         && len <= limit.rlim_cur - (rlim_t) st.st_size;
}

/* Write LEN bytes.  0, or an errno value.  */
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

int mir_os_file_append (int fd, const uint8_t *bytes, size_t len) {
  int saved = errno, error = write_all (fd, bytes, len);
  errno = saved;
  return error;
}
