/* Files on POSIX systems: mapped, and replaced by renaming.  */
#define _GNU_SOURCE /* O_TMPFILE, O_PATH */
#include "inject/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inject/copy-posix.h"
#include "inject/edit/plan.h"  /* edit_add */
#include "inject/pe/imports.h" /* pe_name_is */

#ifndef O_TMPFILE
#define O_TMPFILE 0 /* opening a folder for writing fails, so a file with a name is made */
#endif
#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

enum { SPARE_MAX = 64, TRIES = 100 }; /* bytes of a temporary name; how many are tried */

/* Set ERROR: WHAT failed for PATH, and the reason that errno tells.  -1.  */
static int fail (struct pe_error *error, const char *what, const char *path) {
  error->names_file = 1;
  return pe_fail (error, "%s: %s: %s", what, inject_file_shown (path),
                  errno == ESTALE ? "the file was replaced in the meantime" : strerror (errno));
}

const char *inject_file_name_of (const char *path) {
  const char *slash = strrchr (path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* The folder of PATH with its slash, or ".".  */
static int folder_of (const char *path, char *folder, size_t size) {
  size_t n = (size_t) (inject_file_name_of (path) - path);
  if (n + 2 > size) return -1;
  memcpy (folder, path, n);
  if (n == 0) folder[n++] = '.';
  folder[n] = 0;
  return 0;
}

/* Open the folder of PATH.  The descriptor stays with that folder even if it is renamed.  */
static int open_folder (const char *path) {
  char folder[INJECT_PATH_MAX];
  if (folder_of (path, folder, sizeof (folder)) == 0)
    return open (folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  errno = ENAMETOOLONG;
  return -1;
}

/* Map the file of FD into FILE.  0, or -1 with the reason in ERROR.  */
static int map (struct inject_file *file, int fd, const char *path, struct pe_error *error) {
  struct stat st;
  if (fstat (fd, &st) != 0) return fail (error, "unable to read file", path);
  if (!S_ISREG (st.st_mode)) {
    error->names_file = 1;
    return pe_fail (error, "not a file: %s", inject_file_shown (path));
  }
  file->size = (size_t) st.st_size;
  file->names = (unsigned) st.st_nlink;
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

/* Make FILE of descriptors that it then owns.  FD is -1 if the file could not be opened.  */
static int take (struct inject_file *file, int fd, int folder, const char *path,
                 struct pe_error *error) {
  *file = (struct inject_file) {.descriptor = fd, .folder = folder};
  int status = fd < 0 ? fail (error, "unable to open file", path) : map (file, fd, path, error);
  if (status != 0) inject_file_close (file);
  return status;
}

int inject_file_open (struct inject_file *file, const char *path, struct pe_error *error) {
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* do not wait for a writer of a pipe */
  return take (file, fd, -1, path, error);
}

/* O_NOFOLLOW: the last component may have become a symbolic link after realpath.  */
int inject_file_open_in_place (struct inject_file *file, const char *path, char *resolved,
                               size_t size, struct pe_error *error) {
  char *found = realpath (path, NULL);
  int fits = found != NULL && strlen (found) < size, folder = -1, fd = -1;
  if (found != NULL && !fits) errno = ENAMETOOLONG;
  if (fits) folder = open_folder (strcpy (resolved, found));
  if (folder >= 0)
    fd = openat (folder, inject_file_name_of (resolved),
                 O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  free (found);
  return take (file, fd, folder, path, error);
}

static void close_all (int *descriptor, int *folder) {
  if (*descriptor >= 0) close (*descriptor);
  if (*folder >= 0) close (*folder);
  *descriptor = *folder = -1;
}

void inject_file_close (struct inject_file *file) {
  if (file->mapping != NULL) munmap (file->mapping, file->size);
  close_all (&file->descriptor, &file->folder);
  *file = (struct inject_file) {.descriptor = -1, .folder = -1};
}

int inject_file_read_back (const struct inject_file_new *written, struct inject_file *file,
                           struct pe_error *error) {
  *file = (struct inject_file) {.descriptor = -1, .folder = -1};
  return map (file, written->descriptor, written->target, error);
}

/* Make something called NAME in FOLDER.  0, or -1 with errno; EEXIST: the name is taken.  */
typedef int make_t (int folder, const char *name, void *self);

/* Call MAKE with temporary names until one is free.  NAME is that name, "" on failure.  */
static int make_spare (int folder, char name[SPARE_MAX], make_t *make, void *self) {
  for (unsigned i = 0; i < TRIES; i++) {
    snprintf (name, SPARE_MAX, ".mir-inject-%ld-%u", (long) getpid (), i);
    if (make (folder, name, self) == 0) return 0;
    if (errno != EEXIST) break;
  }
  name[0] = 0;
  return -1;
}

/* make_t for a file: DESCRIPTOR is a pointer to an int.  */
static int make_file (int folder, const char *name, void *descriptor) {
  int fd = openat (folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  *(int *) descriptor = fd;
  return fd < 0 ? -1 : 0;
}

/* A file without a name leaves nothing behind if the process is killed.  */
static int create (struct inject_file_new *file, struct pe_error *error) {
  if (file->folder >= 0) {
    file->descriptor = openat (file->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file->descriptor >= 0
        || make_spare (file->folder, file->path, make_file, &file->descriptor) == 0)
      return 0;
  }
  char folder[INJECT_PATH_MAX];
  int reason = errno;
  if (folder_of (file->target, folder, sizeof (folder)) != 0)
    return pe_fail (error, "the path is too long");
  errno = reason;
  return fail (error, "unable to write to folder", folder);
}

int inject_file_write (struct inject_file_new *file, const char *target,
                       const struct inject_file *old, int in_place, struct edit *edit,
                       struct pe_error *error) {
  *file = (struct inject_file_new) {.descriptor = -1, .folder = -1, .in_place = in_place};
  int n = snprintf (file->target, sizeof (file->target), "%s", target);
  if (n < 0 || (size_t) n >= sizeof (file->target)) return pe_fail (error, "the path is too long");
  file->folder = in_place ? fcntl (old->folder, F_DUPFD_CLOEXEC, 0) : open_folder (target);
  if (create (file, error) != 0) {
    inject_file_abandon (file);
    return -1;
  }
  signal (SIGXFSZ, SIG_IGN); /* a file that may not grow is an error */
  if (copy_result (edit, old, file->descriptor) != 0
      || copy_permissions (old->descriptor, file->descriptor, in_place) != 0
      || fsync (file->descriptor) != 0) {
    fail (error, "unable to write file", target);
    inject_file_abandon (file);
    return -1;
  }
  return 0;
}

void inject_file_abandon (struct inject_file_new *file) {
  if (file->descriptor >= 0 && file->path[0] != 0) unlinkat (file->folder, file->path, 0);
  close_all (&file->descriptor, &file->folder);
}

/* Whether NAME in FOLDER is still the file OLD; sets errno if not.  */
static int is_still (int folder, const char *name, const struct inject_file *old) {
  struct stat now, then;
  if (fstatat (folder, name, &now, AT_SYMLINK_NOFOLLOW) != 0 || fstat (old->descriptor, &then) != 0)
    return 0;
  errno = ESTALE;
  return now.st_dev == then.st_dev && now.st_ino == then.st_ino;
}

/* make_t for a second name of the file FROM.  */
static int link_name (int folder, const char *name, void *from) {
  return linkat (folder, from, folder, name, 0);
}

/* Copy OLD, on file systems without hard links.  */
static int copy_old (int folder, char name[SPARE_MAX], const struct inject_file *old) {
  struct edit same = {0};
  int to, status = make_spare (folder, name, make_file, &to);
  if (status != 0) return -1;
  if (edit_add (&same, old->bytes, old->size, 0) != 0 || copy_result (&same, old, to) != 0
      || copy_permissions (old->descriptor, to, 1) != 0 || fsync (to) != 0)
    status = -1;
  int reason = errno;
  edit_free (&same);
  close (to);
  errno = reason;
  return status;
}

/* Give OLD a second name, so that there is a file at PATH at any time.  If PATH names another file
   by now, the new link would lead to that file, which is checked.  */
static int keep_old (int folder, char *path, const struct inject_file *old, const char *backup) {
  char name[SPARE_MAX] = "";
  int linked = make_spare (folder, name, link_name, path) == 0;
  if (linked && !is_still (folder, name, old)) {
    unlinkat (folder, name, 0);
    linked = 0;
  }
  int status = (linked || copy_old (folder, name, old) == 0) && is_still (folder, path, old)
                   ? renameat (folder, name, folder, backup)
                   : -1; /* renameat does nothing if BACKUP is a link to OLD already */
  int reason = errno;
  if (name[0] != 0) unlinkat (folder, name, 0);
  errno = reason;
  return status;
}

/* Give the new file SELF a name that must be free.  */
static int give_name (int folder, const char *name, void *self) {
  const struct inject_file_new *file = self;
  char own[64];
  if (file->path[0] != 0) return linkat (folder, file->path, folder, name, 0);
  snprintf (own, sizeof (own), "/proc/self/fd/%d", file->descriptor);
  return linkat (AT_FDCWD, own, folder, name, AT_SYMLINK_FOLLOW);
}

/* Give FILE the NAME, which must be free; or a NAME that may be in use.  0, or -1 with errno.  */
static int commit_new (struct inject_file_new *file, const char *name) {
  struct stat st;
  if (give_name (file->folder, name, file) == 0) {
    if (file->path[0] != 0) unlinkat (file->folder, file->path, 0);
    return 0;
  }
  if (errno == EEXIST || file->path[0] == 0
      || fstatat (file->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    return -1;
  return renameat (file->folder, file->path, file->folder, name); /* no hard links here */
}

static int commit_over (struct inject_file_new *file, const char *name) {
  char spare[SPARE_MAX];
  if (file->path[0] == 0) {
    if (make_spare (file->folder, spare, give_name, file) != 0) return -1;
    strcpy (file->path, spare); /* removed if the file is abandoned */
  }
  return renameat (file->folder, file->path, file->folder, name);
}

static int commit (struct inject_file_new *file, const struct inject_file *old, int replace,
                   const char *backup, struct pe_error *error) {
  char name[INJECT_PATH_MAX];
  snprintf (name, sizeof (name), "%s", inject_file_name_of (file->target));
  if (backup != NULL && keep_old (file->folder, name, old, inject_file_name_of (backup)) != 0)
    return fail (error, "unable to keep a backup", backup);
  if ((file->in_place && !is_still (file->folder, name, old))
      || (replace ? commit_over (file, name) : commit_new (file, name)) != 0)
    return fail (error, "unable to write file", file->target);
  return 0;
}

int inject_file_commit (struct inject_file_new *file, struct inject_file *old, int replace,
                        const char *backup, struct pe_error *error) {
  int status = commit (file, old, replace, backup, error);
  inject_file_close (old);
  if (status == 0) {
    file->path[0] = 0;
    /* Flush the name too.  Some file systems cannot do that; the file is complete anyway.  */
    int fd = openat (file->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
      (void) fsync (fd);
      close (fd);
    }
  }
  inject_file_abandon (file);
  return status;
}

int inject_file_exists (const char *path) {
  struct stat st;
  return lstat (path, &st) == 0;
}

/* A symbolic link may be replaced: its target stays.  */
int inject_file_is_special (const char *path) {
  struct stat st;
  return lstat (path, &st) == 0 && !S_ISREG (st.st_mode) && !S_ISLNK (st.st_mode);
}

int inject_file_beside (const char *path, const char *name, char *found, size_t size) {
  char folder[INJECT_PATH_MAX];
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

int inject_file_is_terminal (void) {
  return isatty (STDIN_FILENO);
}
