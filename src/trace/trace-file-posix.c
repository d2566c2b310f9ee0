/* The file of a trace on POSIX systems.  */
#define _GNU_SOURCE /* lstat */
#include "trace/trace-file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/cancel.h"
#include "os/file.h"

/* Whether PATH is a plain file that this user owns and that has only one name.  */
static int may_replace (const char *path) {
  struct stat st;
  return lstat (path, &st) == 0 && mir_os_file_is_ours (&st);
}

/* Whatever another process puts at PATH between these calls is not opened, because the file must be
   new; at worst unlink removes a name that this user may remove anyway.  */
static MIR_trace_status_t create_new (const char *path, mir_trace_file_t *file) {
  *file = mir_os_file_create (path);
  if (*file < 0 && errno == EEXIST) {
    if (!may_replace (path)) {
      errno = EEXIST;
      return MIR_TRACE_UNSAFE_FILE;
    }
    if (unlink (path) == 0) *file = mir_os_file_create (path);
  }
  return *file >= 0 ? MIR_TRACE_OK : MIR_TRACE_FILE_REFUSED;
}

MIR_trace_status_t mir_trace_file_create (const char *path, mir_trace_file_t *file) {
  int held = mir_os_hold_cancel ();
  MIR_trace_status_t status = create_new (path, file);
  mir_os_let_cancel (held);
  return status;
}

int mir_trace_file_write (mir_trace_file_t file, const uint8_t *bytes, size_t len) {
  return mir_os_file_append (file, bytes, len);
}

int mir_trace_file_close (mir_trace_file_t file) {
  int held = mir_os_hold_cancel ();
  int saved = errno, error = close (file) == 0 || errno == EINTR ? 0 : errno;
  errno = saved;
  mir_os_let_cancel (held);
  return error;
}

static int is_at (const char *path, int fd) {
  struct stat named, open;
  return lstat (path, &named) == 0 && fstat (fd, &open) == 0 && named.st_dev == open.st_dev
         && named.st_ino == open.st_ino;
}

void mir_trace_file_drop (const char *path, mir_trace_file_t file) {
  int held = mir_os_hold_cancel ();
  if (is_at (path, file)) (void) unlink (path);
  (void) close (file);
  mir_os_let_cancel (held);
}
