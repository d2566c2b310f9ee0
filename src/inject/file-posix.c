#define _GNU_SOURCE /* O_TMPFILE */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef O_TMPFILE
#define O_TMPFILE \
  0 /* then a folder is opened for writing, which fails, and a named file is made \
     */
#endif

static int fail (pe_error_t *error, const char *what, const char *path) {
  pe_set_error (error, "%s: %s: %s", what, file_shown (path), strerror (errno));
  error->names_file = 1;
  return -1;
}

const char *file_name_of (const char *path) {
  const char *slash = strrchr (path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* The folder of PATH, "." if it has none.  */
static int folder_of (const char *path, char *folder, size_t size) {
  size_t n = (size_t) (file_name_of (path) - path);
  if (n + 2 > size) return -1;
  memcpy (folder, path, n);
  if (n == 0) folder[n++] = '.';
  folder[n] = 0;
  return 0;
}

static int map (file_t *file, int fd, const char *path, pe_error_t *error) {
  struct stat st;
  *file = (file_t){.descriptor = -1};
  if (fstat (fd, &st) != 0) return fail (error, "unable to read file", path);
  if (!S_ISREG (st.st_mode)) {
    pe_set_error (error, "not a file: %s", file_shown (path));
    error->names_file = 1;
    return -1;
  }
  file->size = (size_t) st.st_size, file->names = (unsigned) st.st_nlink;
  if (file->size == 0) {
    file->bytes = (const uint8_t *) "";
    return 0;
  }
  void *bytes = mmap (NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) return fail (error, "unable to read file", path);
  (void) madvise (bytes, file->size, MADV_SEQUENTIAL);
  file->bytes = file->mapping = bytes;
  return 0;
}

int file_open (file_t *file, const char *path, pe_error_t *error) {
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make us wait */
  if (fd < 0) return fail (error, "unable to open file", path);
  int status = map (file, fd, path, error);
  if (file->mapping != NULL)
    file->descriptor = fd;
  else
    close (fd);
  return status;
}

void file_close (file_t *file) {
  if (file->mapping != NULL) munmap (file->mapping, file->size);
  if (file->mapping != NULL && file->descriptor >= 0) close (file->descriptor);
  *file = (file_t){0};
}

int file_read_back (const file_new_t *written, file_t *file, pe_error_t *error) {
  return map (file, written->descriptor, written->target, error);
}

static int write_all (int fd, uint64_t offset, const uint8_t *bytes, size_t n) {
  while (n > 0) {
    ssize_t done = pwrite (fd, bytes, n < (1u << 30) ? n : (1u << 30), (off_t) offset);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return -1;
    bytes += done, offset += (uint64_t) done, n -= (size_t) done;
  }
  return 0;
}

/* From an old file to a new one.  */
struct copy {
  const file_t *old;
  int to;
};

/* Mapped pages cost more to be looked at for the first time than to be copied from, by a tenth of
   what it takes to copy the file.  */
static const uint8_t *read_old (void *self, const uint8_t *bytes, size_t n) {
  static uint8_t buffer[EDIT_BLOCK];
  const struct copy *copy = self;
  off_t offset = (off_t) (bytes - copy->old->bytes);
  for (size_t got = 0; got < n;) {
    ssize_t done = pread (copy->old->descriptor, buffer + got, n - got, offset + (off_t) got);
    if (done < 0 && errno == EINTR) continue;
    if (done == 0) errno = EIO; /* somebody has made it shorter */
    if (done <= 0) return NULL;
    got += (size_t) done;
  }
  return buffer;
}

static int write_new (void *self, uint64_t offset, const uint8_t *bytes, size_t n) {
  const struct copy *copy = self;
  return write_all (copy->to, offset, bytes, n);
}

/* A file without a name vanishes by itself if we are killed.  */
static int create (file_new_t *file, pe_error_t *error) {
  char folder[FILE_PATH_MAX];
  file->path[0] = 0, file->descriptor = -1;
  if (folder_of (file->target, folder, sizeof (folder)) != 0) {
    pe_set_error (error, "the path is too long");
    return -1;
  }
  file->descriptor = open (folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file->descriptor >= 0) return 0;
  int n = snprintf (file->path, sizeof (file->path), "%s/.mir-inject-XXXXXX", folder);
  if (n < 0 || (size_t) n >= sizeof (file->path)) {
    pe_set_error (error, "the path is too long");
    return -1;
  }
  file->descriptor = mkostemp (file->path, O_CLOEXEC);
  if (file->descriptor >= 0) return 0;
  file->path[0] = 0;
  return fail (error, "unable to write to folder", folder);
}

int file_write (file_new_t *file, const char *target, const file_t *old, int owner, edit_t *edit,
                pe_error_t *error) {
  static const edit_output_t output = {read_old, write_new};
  struct stat st;
  int n = snprintf (file->target, sizeof (file->target), "%s", target);
  file->descriptor = -1;
  if (n < 0 || (size_t) n >= sizeof (file->target)) {
    pe_set_error (error, "the path is too long");
    return -1;
  }
  if (fstat (old->descriptor, &st) != 0) return fail (error, "unable to read file", target);
  if (create (file, error) != 0) return -1;
  signal (SIGXFSZ, SIG_IGN); /* a file that may not grow is an error, not a reason to die */
  struct copy copy = {old, file->descriptor};
  int status = edit_write (edit, &output, &copy);
  if (status == 0 && owner && fchown (file->descriptor, st.st_uid, st.st_gid) != 0)
    st.st_mode &=
        0777; /* not allowed: the file is ours, so nobody may take its rights for the owner's */
  if (status != 0 || fchmod (file->descriptor, st.st_mode & 07777) != 0
      || fsync (file->descriptor) != 0) {
    fail (error, "unable to write file", target);
    file_abandon (file);
    return -1;
  }
  return 0;
}

void file_abandon (file_new_t *file) {
  if (file->descriptor >= 0) close (file->descriptor);
  if (file->descriptor >= 0 && file->path[0] != 0) unlink (file->path);
  file->descriptor = -1;
}

/* A name of its own beside PATH, which did not exist.  */
static int spare_name (const char *path, char *name, size_t size) {
  int n = snprintf (name, size, "%.*s.mir-inject-%ld", (int) (file_name_of (path) - path), path,
                    (long) getpid ());
  return n > 0 && (size_t) n < size && (unlink (name) == 0 || errno == ENOENT) ? 0 : -1;
}

/* A copy, for file systems without hard links.  */
static int copy_to (const char *path, const char *name) {
  pe_error_t ignored = {0};
  file_t file;
  struct stat st;
  if (stat (path, &st) != 0 || file_open (&file, path, &ignored) != 0) return -1;
  int fd = open (name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0777);
  int status = fd < 0 || write_all (fd, 0, file.bytes, file.size) != 0 || fsync (fd) != 0 ? -1 : 0;
  int reason = errno;
  if (fd >= 0) close (fd);
  file_close (&file);
  errno = reason;
  return status;
}

/* The old file gets a second name; then the new one takes over the first.  At no time is there
 * none.  */
static int keep_old (const char *path, const char *backup, pe_error_t *error) {
  char name[FILE_PATH_MAX];
  errno = ENAMETOOLONG;
  if (spare_name (path, name, sizeof (name)) != 0
      || (link (path, name) != 0 && copy_to (path, name) != 0) || rename (name, backup) != 0) {
    fail (error, "unable to keep a backup", backup);
    unlink (name);
    return -1;
  }
  return 0;
}

/* Give a file without a name the name NAME, which must be free.  */
static int give_name (const file_new_t *file, const char *name) {
  char self[64];
  if (file->path[0] != 0) return link (file->path, name);
  snprintf (self, sizeof (self), "/proc/self/fd/%d", file->descriptor);
  return linkat (AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

static int commit_new (file_new_t *file) {
  if (give_name (file, file->target) == 0) {
    if (file->path[0] != 0) unlink (file->path);
    return 0;
  }
  if (errno == EEXIST || file->path[0] == 0 || file_exists (file->target)) return -1;
  return rename (file->path, file->target); /* no hard links here */
}

static int commit_over (file_new_t *file) {
  char name[FILE_PATH_MAX];
  if (file->path[0] != 0) return rename (file->path, file->target);
  errno = ENAMETOOLONG;
  if (spare_name (file->target, name, sizeof (name)) != 0 || give_name (file, name) != 0) return -1;
  if (rename (name, file->target) == 0) return 0;
  int reason = errno;
  unlink (name);
  errno = reason;
  return -1;
}

int file_commit (file_new_t *file, int replace, const char *backup, pe_error_t *error) {
  char folder[FILE_PATH_MAX];
  if (backup != NULL && keep_old (file->target, backup, error) != 0) {
    file_abandon (file);
    return -1;
  }
  if ((replace ? commit_over (file) : commit_new (file)) != 0) {
    fail (error, "unable to write file", file->target);
    file_abandon (file);
    return -1;
  }
  file->path[0] = 0;
  file_abandon (file);
  int fd = folder_of (file->target, folder, sizeof (folder)) == 0
               ? open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
               : -1;
  if (fd
      >= 0) { /* the name on the disk too; some file systems cannot, and the file is whole anyway */
    (void) fsync (fd);
    close (fd);
  }
  return 0;
}

int file_exists (const char *path) {
  struct stat st;
  return lstat (path, &st) == 0;
}

/* A link is replaced, not what it leads to.  */
int file_is_special (const char *path) {
  struct stat st;
  return lstat (path, &st) == 0 && !S_ISREG (st.st_mode) && !S_ISLNK (st.st_mode);
}

int file_resolve (const char *path, char *resolved, size_t size, pe_error_t *error) {
  char *found = realpath (path, NULL);
  if (found == NULL) return fail (error, "unable to open file", path);
  int fits = strlen (found) < size;
  if (fits) strcpy (resolved, found);
  free (found);
  if (!fits) pe_set_error (error, "the path is too long");
  return fits ? 0 : -1;
}

int file_beside (const char *path, const char *name, char *found, size_t size) {
  char folder[FILE_PATH_MAX];
  DIR *dir = folder_of (path, folder, sizeof (folder)) == 0 ? opendir (folder) : NULL;
  int status = -1;
  if (dir == NULL) return -1;
  for (struct dirent *entry; status != 0 && (entry = readdir (dir)) != NULL;) {
    if (!pe_name_is (entry->d_name, name)) continue;
    int n = snprintf (found, size, "%s/%s", folder, entry->d_name);
    if (n > 0 && (size_t) n < size) status = 0;
  }
  closedir (dir);
  return status;
}

int file_ask (const char *question) {
  char answer[16];
  if (!isatty (STDIN_FILENO)) return -1;
  fputs (question, stderr);
  if (fgets (answer, sizeof (answer), stdin) == NULL) return 0;
  return answer[0] == 'y' || answer[0] == 'Y';
}
