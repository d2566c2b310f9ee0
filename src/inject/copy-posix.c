/* Copies the bytes of files in blocks, and their permissions.  */
#define _GNU_SOURCE /* pread, pwrite, fchmod */
#include "inject/copy-posix.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif
#include <unistd.h>

/* Reads an old file and writes a new one.  */
struct copy {
  const struct inject_file *old;
  int to;
  uint8_t buffer[EDIT_BLOCK];
};

/* Read into a buffer: the page faults of the mapping would cost more, a tenth of the time that
   copying the file takes.  */
static const uint8_t *read_old (void *self, const uint8_t *bytes, size_t n) {
  struct copy *copy = self;
  off_t offset = (off_t) (bytes - copy->old->bytes);
  for (size_t got = 0; got < n;) {
    ssize_t done = pread (copy->old->descriptor, copy->buffer + got, n - got, offset + (off_t) got);
    if (done < 0 && errno == EINTR) continue;
    if (done == 0) errno = EIO; /* the file was truncated */
    if (done <= 0) return NULL;
    got += (size_t) done;
  }
  return copy->buffer;
}

static int write_new (void *self, uint64_t offset, const uint8_t *bytes, size_t n) {
  const struct copy *copy = self;
  while (n > 0) {
    ssize_t done = pwrite (copy->to, bytes, n, (off_t) offset);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return -1;
    bytes += done;
    offset += (uint64_t) done;
    n -= (size_t) done;
  }
  return 0;
}

int copy_result (struct edit *edit, const struct inject_file *old, int to) {
  static const struct edit_output output = {.read = read_old, .write = write_new};
  struct copy *copy = malloc (sizeof (*copy));
  if (copy == NULL) return -1;
  copy->old = old;
  copy->to = to;
  int status = edit_write (edit, &output, copy);
  free (copy);
  return status;
}

/* Give TO the access control list of FROM.  If FROM has one, the group bits of its mode are not the
   rights of the group but the most that the list grants to anyone.  */
#ifdef __linux__
static int copy_access_list (int from, int to) {
  static const char name[] = "system.posix_acl_access";
  char list[2048];
  ssize_t size = fgetxattr (from, name, list, sizeof (list));
  if (size > 0) return fsetxattr (to, name, list, (size_t) size, 0);
  if (errno == ERANGE) return -1;
  (void) fremovexattr (to, name); /* a list that TO inherited from the folder */
  return 0;
}
#else
static int copy_access_list (int from, int to) {
  (void) from;
  (void) to;
  return 0;
}
#endif

int copy_permissions (int from, int to, int owner) {
  struct stat old, new;
  if (fstat (from, &old) != 0) return -1;
  if (owner && fchown (to, old.st_uid, old.st_gid) != 0 && fchown (to, (uid_t) -1, old.st_gid) != 0)
    errno = 0; /* not allowed: see what TO has */
  if (fstat (to, &new) != 0) return -1;
  mode_t mode = old.st_mode & 07777;
  if (new.st_uid != old.st_uid || new.st_gid != old.st_gid) mode &= 0777;
  if (new.st_gid != old.st_gid) mode &= 0707 | (mode & 07) << 3;
  if (copy_access_list (from, new.st_gid == old.st_gid ? to : -1) != 0) mode &= 0700;
  return fchmod (to, mode);
}
