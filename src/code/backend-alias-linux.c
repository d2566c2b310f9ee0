/* Linux's dual mappings: made, sealed, populated, made private and unmapped.  */
#define _GNU_SOURCE /* mremap, F_ADD_SEALS */
#include "code/backend-alias-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h> /* memcpy */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "code/backend-common-linux.h"
#include "code/backend-exec-linux.h"
#include "code/fork.h"
#include "os/os.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif
#ifndef SYS_mseal
#define SYS_mseal 462 /* Linux 6.10; the same on all 64-bit CPUs but alpha */
#endif

/*---------------- Mapping -----------------------------*/

/* For shared anonymous memory mremap with the old size 0 makes "a new mapping of the same pages"
   (mremap(2)).  It has the access of the old mapping, so access is only ever taken away, and
   PR_SET_MDWE and MemoryDenyWriteExecute do not object.  */
static int map_rw (struct mir_pages *pages, int fd) {
  int prot = pages->level == MIR_CODE_CLOSED_ALIAS ? PROT_NONE : PROT_READ | PROT_WRITE;
  void *rw;
  pages->system_calls++;
  if (fd >= 0)
    rw = mmap (NULL, pages->len, prot, MAP_SHARED, fd, 0);
  else
    rw = mremap (pages->rx, 0, pages->len, MREMAP_MAYMOVE);
  if (rw == MAP_FAILED) return -1;
  pages->rw = (uint8_t *) rw;
  if (fd >= 0) return 0;
  pages->system_calls++;
  return mprotect (rw, pages->len, prot);
}

/* Seal the mapping at START, one of the two of PAGES.  0, or -1.  */
static int seal_range (struct mir_pages *pages, void *start) {
  pages->system_calls++;
  return (int) syscall (SYS_mseal, start, pages->len, 0ul);
}

/* The seal of a file affects later mappings only (fcntl(2)), hence the new one for rx.  */
static int seal_file (struct mir_pages *pages, int fd) {
  pages->system_calls++;
  if (fcntl (fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) != 0) return -1;
  return mir_linux_map_rx (pages, pages->rx, mir_linux_exec_prot (pages), MAP_SHARED, fd);
}

/* Seal both mappings, or the file where mseal does not exist.  Returns 0, or -1.  If the second call
   is refused, which only a lack of memory causes, the alias stays sealed and its addresses are lost;
   a place in a range is not.  */
static int seal (struct mir_pages *pages, int fd) {
  if (seal_range (pages, pages->rw) == 0) return seal_range (pages, pages->rx);
  int error = errno; /* of mseal, the better of the two ways */
  if (fd >= 0 && seal_file (pages, fd) == 0) return 0;
  errno = error;
  return -1;
}

MIR_code_status_t mir_alias_map (struct mir_pages *pages, uint8_t *at, int fd) {
  int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
  if (mir_linux_map_rx (pages, at, mir_linux_exec_prot (pages), flags, fd) != 0)
    return MIR_CODE_MAP_REFUSED;
  if (map_rw (pages, fd) == 0 && (pages->level != MIR_CODE_SEALED || seal (pages, fd) == 0))
    return MIR_CODE_OK;
  int error = errno;
  if (mir_alias_unmap (pages) != 0) pages->reserved = 0; /* the place is lost */
  errno = error;
  return MIR_CODE_MAP_REFUSED;
}

/* Unmap the RW view RW; NULL: there is none.  */
static void unmap_rw (struct mir_pages *pages, uint8_t *rw) {
  /* A failure leaks only data: the code is unmapped, or both views are sealed.  */
  if (rw != NULL) (void) mir_linux_unmap (pages, rw, pages->len);
}

/* A sealed mapping stays, without its memory, and its place is lost.  */
int mir_alias_unmap (struct mir_pages *pages) {
  int res = mir_linux_unmap_rx (pages);
  if (res != 0 && (pages->level != MIR_CODE_SEALED || errno != EPERM)) return -1;
  if (res != 0) {
    if (pages->rw != NULL) (void) mir_alias_discard (pages, pages->rx, pages->len);
    pages->reserved = 0;
  }
  unmap_rw (pages, pages->rw);
  return 0;
}

/*---------------- Memory -----------------------------*/

/* Give ADVICE for a span of the alias, opened meanwhile: r-x pages cannot be written.  0, or
   -1.  */
static int advise (struct mir_pages *pages, uint8_t *start, size_t len, int advice) {
  uint8_t *writable;
  if (mir_alias_open (pages, start, len, &writable) != MIR_CODE_OK) return -1;
  pages->system_calls++;
  int res = madvise (writable, len, advice);
  (void) mir_alias_close (pages, start, len, writable); /* sets PAGES->left_open */
  return res;
}

void mir_alias_populate (struct mir_pages *pages, uint8_t *start, size_t len) {
  (void) advise (pages, start, len, MADV_POPULATE_WRITE);
}

/* A hole in shared memory is a hole for every process which shares it (madvise(2), MADV_REMOVE),
   and bytes which are free here may be code in a parent or child of this process.  */
size_t mir_alias_discard (struct mir_pages *pages, uint8_t *start, size_t len) {
  if (pages->generation != mir_generation ()) return 0;
  return advise (pages, start, len, MADV_REMOVE) == 0 ? len : 0;
}

/*---------------- Forks -----------------------------*/

/* Copy, then move the executable mapping of the copy over the old one, whose code may be running.
   The alias gets another address.  */
MIR_code_status_t mir_alias_make_private (struct mir_pages *pages, size_t used,
                                          MIR_code_status_t (*map) (struct mir_pages *pages,
                                                                    size_t len, uint8_t *at)) {
  if (pages->level == MIR_CODE_SEALED) { /* a sealed copy could not be moved over the old one */
    errno = EPERM;
    return MIR_CODE_WRITE_REFUSED;
  }
  struct mir_pages fresh = *pages;
  uint8_t *writable;
  if (map (&fresh, pages->len, NULL) != MIR_CODE_OK) return MIR_CODE_WRITE_REFUSED;
  uint64_t calls = pages->system_calls + 1; /* and the mremap */
  if (mir_alias_open (&fresh, fresh.rx, fresh.len, &writable) == MIR_CODE_OK) {
    memcpy (writable, pages->rx, used);
    if (mir_alias_close (&fresh, fresh.rx, fresh.len, writable) == MIR_CODE_OK) {
      mir_os_clean_icache (fresh.rx, fresh.rx + used);
      if (mremap (fresh.rx, fresh.len, fresh.len, MREMAP_MAYMOVE | MREMAP_FIXED, pages->rx)
          != MAP_FAILED) {
        unmap_rw (&fresh, pages->rw); /* the old alias: memory of the other process */
        pages->rw = fresh.rw;
        pages->system_calls = calls + fresh.system_calls;
        return MIR_CODE_OK;
      }
    }
  }
  int error = errno;
  (void) mir_alias_unmap (&fresh);
  pages->system_calls = calls + fresh.system_calls;
  errno = error;
  return MIR_CODE_WRITE_REFUSED;
}
