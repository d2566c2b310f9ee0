/* The back ends memfd, filled and tmpfile: dual mappings of a file.  The descriptor is closed at
   once; the mappings keep the memory.

   memfd     a memory file, for which SELinux demands no more than execute
   filled    a memory file whose pages exist from the start: zeros are written to it, and a read
             maps the pages around the byte read.  Cheaper than a page fault for each page if all
             pages will be used; wasted work if they will not.
   tmpfile   a file without a name, O_TMPFILE, in a directory whose files may be mapped for
             execution  */
#define _GNU_SOURCE /* memfd_create, O_TMPFILE, secure_getenv, fallocate */
#include "code/backend-alias-linux.h"
#include "code/backend-common-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h> /* secure_getenv */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
/* Linux 6.3: the file's mode has no x.  Mapping it PROT_EXEC still works, and a system with
   vm.memfd_noexec = 2 demands the flag.  */
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Check RLIMIT_FSIZE: growing a file past it is no error but a signal which ends the process
   (setrlimit(2)).  Returns 0, or -1.  */
static int may_have_files_of (struct mir_pages *pages) {
  struct rlimit limit;
  pages->system_calls++;
  if (getrlimit (RLIMIT_FSIZE, &limit) != 0) return -1;
  if (limit.rlim_cur >= pages->len) return 0;
  errno = EFBIG;
  return -1;
}

/* Close FD and keep errno.  */
static void close_file (struct mir_pages *pages, int fd) {
  int error = errno;
  close (fd);
  pages->system_calls++;
  errno = error;
}

/* Map FD twice and close it; errno stays that of the map.  */
static MIR_code_status_t map_and_close (struct mir_pages *pages, uint8_t *at, int fd) {
  MIR_code_status_t status = mir_alias_map (pages, at, fd);
  close_file (pages, fd);
  return status;
}

/*---------------- memfd -----------------------------*/

/* The caller closes the descriptor.  -1 on failure.  An older kernel does not know NOEXEC_SEAL.  */
static int create_memfd (struct mir_pages *pages) {
  pages->system_calls++;
  int fd = memfd_create ("mir-code", MFD_CLOEXEC | MFD_NOEXEC_SEAL); /* implies ALLOW_SEALING */
  if (fd >= 0 || errno != EINVAL) return fd;
  pages->system_calls++;
  return memfd_create ("mir-code", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

/* A memory file of PAGES->len bytes; -1 on failure.  */
static int open_memfd (struct mir_pages *pages) {
  int fd = may_have_files_of (pages) == 0 ? create_memfd (pages) : -1;
  if (fd < 0) return -1;
  pages->system_calls++;
  if (ftruncate (fd, (off_t) pages->len) == 0) return fd;
  close_file (pages, fd);
  return -1;
}

static MIR_code_status_t map_memfd (struct mir_pages *pages, size_t len, uint8_t *at) {
  mir_pages_init (pages, len, at);
  int fd = open_memfd (pages);
  return fd < 0 ? MIR_CODE_MAP_REFUSED : map_and_close (pages, at, fd);
}

static MIR_code_status_t make_private_memfd (struct mir_pages *pages, size_t used,
                                             const uint64_t *backed) {
  return mir_alias_make_private (pages, used, backed, &mir_backend_memfd);
}

/* Whether FD, which is full, takes more memory than it holds: where shared memory gets huge pages
   (Documentation/admin-guide/mm/transhuge, shmem_enabled), a write makes one of a small file.  */
static int is_oversized (struct mir_pages *pages, int fd) {
  enum { BLOCK = 512 }; /* bytes in st_blocks (inode(7)) */
  struct stat status;
  pages->system_calls++;
  return fstat (fd, &status) == 0 && (uint64_t) status.st_blocks * BLOCK > pages->len;
}

/* Write zeros from a buffer which stays in the first-level cache.  Returns 0, or -1.  */
static int fill_with_zeros (struct mir_pages *pages, int fd) {
  enum { PARTS = 64 };
  static const uint8_t zeros[4096];
  struct iovec parts[PARTS];
  for (size_t i = 0; i < PARTS; i++) {
    parts[i].iov_base = (void *) (uintptr_t) zeros;
    parts[i].iov_len = sizeof (zeros);
  }
  for (size_t at = 0; pages->len - at >= sizeof (zeros);) { /* page faults fill the rest */
    size_t left = (pages->len - at) / sizeof (zeros);
    pages->system_calls++;
    ssize_t written = pwritev (fd, parts, left < PARTS ? (int) left : PARTS, (off_t) at);
    if (written <= 0) return -1;
    at += (size_t) written;
  }
  return 0;
}

/* Fault the alias in; each fault maps AROUND bytes (mm/memory.c: fault_around_bytes).  */
static void touch (const struct mir_pages *pages) {
  enum { AROUND = 64 * 1024 };
  for (size_t at = 0; at < pages->len; at += AROUND) (void) *(volatile uint8_t *) (pages->rw + at);
}

/* `map`: the file is full of zeros before it is mapped.  Refused where that takes too much memory:
   the page faults of the other back ends do not.  */
static MIR_code_status_t map_filled (struct mir_pages *pages, size_t len, uint8_t *at) {
  mir_pages_init (pages, len, at);
  int fd = open_memfd (pages);
  if (fd < 0) return MIR_CODE_MAP_REFUSED;
  if (fill_with_zeros (pages, fd) != 0 || is_oversized (pages, fd)) {
    close_file (pages, fd);
    return MIR_CODE_MAP_REFUSED;
  }
  MIR_code_status_t status = map_and_close (pages, at, fd);
  if (status == MIR_CODE_OK && pages->level == MIR_CODE_OPEN_ALIAS) touch (pages);
  return status;
}

const struct mir_backend mir_backend_filled = {
    .name = "filled",
    .bit = MIR_CODE_MEMFD,
    .levels = 1 << MIR_CODE_OPEN_ALIAS,
    MIR_ALIAS_MEMBERS,
    .map = map_filled,
    .unmap = mir_alias_unmap,
    .populate = mir_alias_populate, /* what was discarded */
    .discard = mir_alias_discard,
    .make_private = make_private_memfd,
};

const struct mir_backend mir_backend_memfd = {
    .name = "memfd",
    .bit = MIR_CODE_MEMFD,
    .levels = MIR_ALIAS_LEVELS,
    MIR_ALIAS_MEMBERS,
    .map = map_memfd,
    .unmap = mir_alias_unmap,
    .populate = mir_alias_populate,
    .discard = mir_alias_discard,
    .make_private = make_private_memfd,
    .large = &mir_backend_filled,
    .collapse = mir_alias_collapse,
    .move = mir_linux_move,
};

/*---------------- tmpfile -----------------------------*/

/* A file without a name in DIR, as long as PAGES.  The caller closes the descriptor; -1 on failure.
   fallocate and not ftruncate: on a full file system a store to a mapped page without a block is a
   SIGBUS.  */
static int create_tmpfile (struct mir_pages *pages, const char *dir) {
  pages->system_calls++;
  int fd = open (dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600); /* EXCL: it gets no name */
  if (fd < 0) return -1;
  pages->system_calls++;
  if (fallocate (fd, 0, 0, (off_t) pages->len) == 0) return fd;
  close_file (pages, fd);
  return -1;
}

/* `map`: in the first directory that allows it.  */
static MIR_code_status_t map_tmpfile (struct mir_pages *pages, size_t len, uint8_t *at) {
  const char *dirs[] = {secure_getenv ("XDG_RUNTIME_DIR"), "/dev/shm", "/tmp", "/var/tmp",
                        secure_getenv ("HOME")};
  mir_pages_init (pages, len, at);
  if (may_have_files_of (pages) != 0) return MIR_CODE_MAP_REFUSED;
  for (size_t i = 0; i < sizeof (dirs) / sizeof (dirs[0]); i++) {
    int fd = dirs[i] == NULL ? -1 : create_tmpfile (pages, dirs[i]);
    /* A file system which is mounted noexec refuses the map.  */
    if (fd >= 0 && map_and_close (pages, at, fd) == MIR_CODE_OK) return MIR_CODE_OK;
    if (fd >= 0 && (errno == ENOMEM || errno == EAGAIN)) break; /* elsewhere, too */
  }
  return MIR_CODE_MAP_REFUSED;
}

static MIR_code_status_t make_private_tmpfile (struct mir_pages *pages, size_t used,
                                               const uint64_t *backed) {
  return mir_alias_make_private (pages, used, backed, &mir_backend_tmpfile);
}

/* No discard: the file system may have no blocks left when the pages are used again, and that is a
   SIGBUS.  No populate: fallocate has allocated the blocks.  */
const struct mir_backend mir_backend_tmpfile = {
    .name = "tmpfile",
    .bit = MIR_CODE_TMPFILE,
    .levels = MIR_ALIAS_LEVELS,
    MIR_ALIAS_MEMBERS,
    .map = map_tmpfile,
    .unmap = mir_alias_unmap,
    .make_private = make_private_tmpfile,
    .move = mir_linux_move,
};
