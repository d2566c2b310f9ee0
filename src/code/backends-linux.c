/* Linux: memory that is never writable and executable through one address.

   anon    shared anonymous memory, mapped executable, then once more by mremap with the old size 0
           (mremap(2): "a new mapping of the same pages"), and the second one made writable.  No
   file and no descriptor; access is only ever taken away, so PR_SET_MDWE and MemoryDenyWriteExecute
           have nothing against it.
   memfd   the same over a memfd, for SELinux, where execmem covers the first.
   remap   no alias: a copy of the pages is changed, made executable and moved over the old ones in
           one step.  Needs pages to become executable.  For valgrind and qemu-user, which refuse
   the old size 0 and, writing through an alias, go on running what they translated before.  */
#define _GNU_SOURCE /* mremap, memfd_create */
#include "code/backend.h"

#include <errno.h>
#include <string.h> /* memcpy */
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/os.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL                                                     \
  0x0008U /* Linux 6.3: no x in the file's mode; mapping it PROT_EXEC works \
           */
#endif

/*---------------- Aliased memory -----------------------------*/

static int unmap (struct mir_pages *pages, MIR_code_alloc_t code_alloc) {
  (void) code_alloc;
  if (munmap (pages->rx, pages->len) != 0) return -1;
  if (pages->rw != NULL) (void) munmap (pages->rw, pages->len); /* writable data, code is gone */
  return 0;
}

static enum mir_code_status open_alias (struct mir_pages *pages, uint8_t *start, size_t len,
                                        MIR_code_alloc_t code_alloc, uint8_t **writable) {
  (void) len, (void) code_alloc;
  *writable = pages->rw + (start - pages->rx);
  return MIR_CODE_OK;
}

static enum mir_code_status close_alias (struct mir_pages *pages, uint8_t *start, size_t len,
                                         MIR_code_alloc_t code_alloc, uint8_t *writable) {
  (void) pages, (void) start, (void) len, (void) code_alloc, (void) writable;
  return MIR_CODE_OK;
}

/* Put FRESH, which MAP made, under PAGES: copy, then move its executable mapping over the old one,
   which may be running.  The alias changes its place.  */
static enum mir_code_status replace (struct mir_pages *pages, struct mir_pages *fresh,
                                     size_t used) {
  memcpy (fresh->rw, pages->rx, used);
  mir_os_flush_icache (fresh->rw, fresh->rw + used);
  if (mremap (fresh->rx, fresh->len, fresh->len, MREMAP_MAYMOVE | MREMAP_FIXED, pages->rx)
      == MAP_FAILED) {
    (void) unmap (fresh, NULL);
    return MIR_CODE_WRITE_REFUSED;
  }
  (void) munmap (pages->rw, pages->len); /* the old alias: the other process's memory */
  pages->rw = fresh->rw;
  return MIR_CODE_OK;
}

/*---------------- anon -----------------------------*/

static enum mir_code_status map_anon (struct mir_pages *pages, size_t len,
                                      MIR_code_alloc_t code_alloc) {
  (void) code_alloc;
  void *rx = mmap (NULL, len, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (rx == MAP_FAILED) return MIR_CODE_MAP_REFUSED;
  void *rw = mremap (rx, 0, len, MREMAP_MAYMOVE);
  pages->rx = (uint8_t *) rx;
  pages->rw = rw == MAP_FAILED ? NULL : (uint8_t *) rw;
  pages->len = len;
  if (rw != MAP_FAILED && mprotect (rw, len, PROT_READ | PROT_WRITE) == 0) return MIR_CODE_OK;
  (void) unmap (pages, NULL);
  return MIR_CODE_MAP_REFUSED;
}

static enum mir_code_status make_private_anon (struct mir_pages *pages, size_t used) {
  struct mir_pages fresh;
  if (map_anon (&fresh, pages->len, NULL) != MIR_CODE_OK) return MIR_CODE_WRITE_REFUSED;
  return replace (pages, &fresh, used);
}

static const struct mir_backend anon = {"anon",     map_anon,    unmap,
                                        open_alias, close_alias, make_private_anon};

/*---------------- memfd -----------------------------*/

/* A memory file of LEN bytes; -1 on failure.  Growing a file past RLIMIT_FSIZE is not an error but
   a signal that ends the process (setrlimit(2)), hence the question.  */
static int create_memfd (size_t len) {
  struct rlimit limit;
  if (getrlimit (RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < len) return -1;
  int fd = memfd_create ("mir-code", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  if (fd < 0 && errno == EINVAL) fd = memfd_create ("mir-code", MFD_CLOEXEC);
  if (fd >= 0 && ftruncate (fd, (off_t) len) != 0) {
    close (fd);
    fd = -1;
  }
  return fd;
}

static enum mir_code_status map_memfd (struct mir_pages *pages, size_t len,
                                       MIR_code_alloc_t code_alloc) {
  (void) code_alloc;
  int fd = create_memfd (len);
  if (fd < 0) return MIR_CODE_MAP_REFUSED;
  void *rx = mmap (NULL, len, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
  void *rw = mmap (NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close (fd); /* the mappings keep the memory */
  pages->rx = (uint8_t *) rx;
  pages->rw = (uint8_t *) rw;
  pages->len = len;
  if (rx != MAP_FAILED && rw != MAP_FAILED) return MIR_CODE_OK;
  if (rx != MAP_FAILED) munmap (rx, len);
  if (rw != MAP_FAILED) munmap (rw, len);
  return MIR_CODE_MAP_REFUSED;
}

static enum mir_code_status make_private_memfd (struct mir_pages *pages, size_t used) {
  struct mir_pages fresh;
  if (map_memfd (&fresh, pages->len, NULL) != MIR_CODE_OK) return MIR_CODE_WRITE_REFUSED;
  return replace (pages, &fresh, used);
}

static const struct mir_backend memfd = {"memfd",    map_memfd,   unmap,
                                         open_alias, close_alias, make_private_memfd};

/*---------------- remap -----------------------------*/

static enum mir_code_status map_private (struct mir_pages *pages, size_t len,
                                         MIR_code_alloc_t code_alloc) {
  (void) code_alloc;
  void *rx = mmap (NULL, len, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (rx == MAP_FAILED) return MIR_CODE_MAP_REFUSED;
  pages->rx = (uint8_t *) rx;
  pages->rw = NULL;
  pages->len = len;
  return MIR_CODE_OK;
}

static enum mir_code_status open_copy (struct mir_pages *pages, uint8_t *start, size_t len,
                                       MIR_code_alloc_t code_alloc, uint8_t **writable) {
  (void) pages, (void) code_alloc;
  void *copy = mmap (NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return MIR_CODE_WRITE_REFUSED;
  memcpy (copy, start, len);
  *writable = (uint8_t *) copy;
  return MIR_CODE_OK;
}

static enum mir_code_status close_copy (struct mir_pages *pages, uint8_t *start, size_t len,
                                        MIR_code_alloc_t code_alloc, uint8_t *writable) {
  (void) pages, (void) code_alloc;
  mir_os_flush_icache (writable, writable + len);
  if (mprotect (writable, len, PROT_READ | PROT_EXEC) == 0
      && mremap (writable, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, start) != MAP_FAILED)
    return MIR_CODE_OK;
  (void) munmap (writable, len);
  return MIR_CODE_WRITE_REFUSED;
}

static const struct mir_backend remap = {"remap", map_private, unmap, open_copy, close_copy, NULL};

const struct mir_backend *const mir_backends[] = {&anon, &memfd, &remap, NULL};
const struct mir_backend *const mir_backend_fallback = NULL;
