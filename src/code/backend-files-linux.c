/* The memory of a file, mapped twice; the descriptor is closed at once, the mappings keep the
   memory.

   memfd     a memory file.  SELinux asks for nothing but execute on such files.
   tmpfile   a file without a name, O_TMPFILE, in a directory from which files may be mapped for
             execution.  */
#define _GNU_SOURCE /* memfd_create, O_TMPFILE, secure_getenv, fallocate */
#include "code/backend-alias-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h> /* secure_getenv */
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
/* Linux 6.3: no x in the file's mode; mapping it PROT_EXEC works all the same, and it is what a
   system with vm.memfd_noexec = 2 demands.  */
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Growing a file past RLIMIT_FSIZE is not an error but a signal that ends the process
   (setrlimit(2)), hence the question.  0, or -1.  */
static int may_have_files_of (struct mir_pages *pages) {
  struct rlimit limit;
  pages->system_calls++;
  if (getrlimit (RLIMIT_FSIZE, &limit) != 0) return -1;
  if (limit.rlim_cur >= pages->len) return 0;
  errno = EFBIG;
  return -1;
}

static MIR_code_status_t map_and_close (struct mir_pages *pages, uint8_t *at, int fd) {
  MIR_code_status_t status = mir_alias_map (pages, at, fd);
  int error = errno;
  close (fd);
  pages->system_calls++;
  errno = error;
  return status;
}

static void close_after_error (struct mir_pages *pages, int fd) {
  int error = errno;
  close (fd);
  pages->system_calls++;
  errno = error;
}

/*---------------- memfd -----------------------------*/

static int create_memfd (struct mir_pages *pages) {
  pages->system_calls++;
  int fd = memfd_create ("mir-code", MFD_CLOEXEC | MFD_NOEXEC_SEAL); /* implies ALLOW_SEALING */
  if (fd >= 0 || errno != EINVAL) return fd;
  pages->system_calls++;
  return memfd_create ("mir-code", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static MIR_code_status_t map_memfd (struct mir_pages *pages, size_t len, uint8_t *at) {
  mir_linux_init (pages, len, at);
  if (may_have_files_of (pages) != 0) return MIR_CODE_MAP_REFUSED;
  int fd = create_memfd (pages);
  if (fd < 0) return MIR_CODE_MAP_REFUSED;
  pages->system_calls++;
  if (ftruncate (fd, (off_t) len) == 0) return map_and_close (pages, at, fd);
  close_after_error (pages, fd);
  return MIR_CODE_MAP_REFUSED;
}

static MIR_code_status_t make_private_memfd (struct mir_pages *pages, size_t used) {
  return mir_alias_make_private (pages, used, map_memfd);
}

const struct mir_backend mir_backend_memfd = {
    .name = "memfd",
    .bit = MIR_CODE_MEMFD,
    .levels = MIR_ALIAS_LEVELS,
    .unit = MIR_ALIAS_UNIT,
    .whole_words = 1,
    .reservable = 1,
    .map = map_memfd,
    .unmap = mir_alias_unmap,
    .open = mir_alias_open,
    .close = mir_alias_close,
    .populate = mir_alias_populate,
    .discard = mir_alias_discard,
    .make_private = make_private_memfd,
};

/*---------------- tmpfile -----------------------------*/

/* fallocate and not ftruncate: where a file system is full, memory that is mapped but has no block
   yet is a SIGBUS when it is written.  */
static int create_tmpfile (struct mir_pages *pages, const char *dir) {
  pages->system_calls++;
  int fd = open (dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600); /* EXCL: never gets a name */
  if (fd < 0) return -1;
  pages->system_calls++;
  if (fallocate (fd, 0, 0, (off_t) pages->len) == 0) return fd;
  close_after_error (pages, fd);
  return -1;
}

static MIR_code_status_t map_tmpfile (struct mir_pages *pages, size_t len, uint8_t *at) {
  const char *dirs[] = {secure_getenv ("XDG_RUNTIME_DIR"), "/dev/shm", "/tmp", "/var/tmp",
                        secure_getenv ("HOME")};
  mir_linux_init (pages, len, at);
  if (may_have_files_of (pages) != 0) return MIR_CODE_MAP_REFUSED;
  for (size_t i = 0; i < sizeof (dirs) / sizeof (dirs[0]); i++) {
    int fd = dirs[i] == NULL ? -1 : create_tmpfile (pages, dirs[i]);
    /* Where the file system is mounted noexec the map is refused.  */
    if (fd >= 0 && map_and_close (pages, at, fd) == MIR_CODE_OK) return MIR_CODE_OK;
  }
  return MIR_CODE_MAP_REFUSED;
}

static MIR_code_status_t make_private_tmpfile (struct mir_pages *pages, size_t used) {
  return mir_alias_make_private (pages, used, map_tmpfile);
}

/* No discard: the blocks may be gone when they are wanted again, and that is a SIGBUS.  No
   populate: fallocate was that.  */
const struct mir_backend mir_backend_tmpfile = {
    .name = "tmpfile",
    .bit = MIR_CODE_TMPFILE,
    .levels = MIR_ALIAS_LEVELS,
    .unit = MIR_ALIAS_UNIT,
    .whole_words = 1,
    .reservable = 1,
    .map = map_tmpfile,
    .unmap = mir_alias_unmap,
    .open = mir_alias_open,
    .close = mir_alias_close,
    .make_private = make_private_tmpfile,
};
