/* Linux's dual mappings: made, sealed, populated, made private and unmapped.  */
#define _GNU_SOURCE /* mremap, F_ADD_SEALS */
#include "code/backend-alias-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h> /* memcpy */
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "code/backed.h"
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

/*---------------- The place of the alias -----------------------------*/

/* Who knows a code address must not know where that code can be written.  Left alone, the system
   puts the alias just below the code.  So it goes to a random page of a window of 16 GiB, which
   itself lies at random below the stack: 35 bits with 47 bits of addresses and pages of 4 KiB.  One
   window for the process, and not any place, because page tables are mapped in units of a gibibyte
   and more.  For a huge page, a multiple of one: 26 bits.  */
enum { WINDOW_BITS = 34 };

static _Atomic uint64_t window; /* its start; 0: to be chosen.  Any thread.  */

/* A place where the system is asked to put the alias; NULL, where it likes: without random numbers
   or with less than two windows below the stack, thus on 32-bit systems.  */
static void *random_place (struct mir_pages *pages) {
  uint64_t random[2], start = 0, windows = (uint64_t) (uintptr_t) random >> WINDOW_BITS;
  pages->system_calls++;
  if (windows < 2 || getrandom (random, sizeof (random), GRND_NONBLOCK) != sizeof (random))
    return NULL;
  /* Not the lowest window: programs that are not position-independent and their heaps are there.  */
  uint64_t other = (random[0] % (windows - 1) + 1) << WINDOW_BITS;
  if (atomic_compare_exchange_strong (&window, &start, other)) start = other;
  uint64_t unit = pages->huge ? MIR_HUGE_PAGE : mir_os_page_size ();
  uint64_t offset = random[1] >> (64 - WINDOW_BITS);
  return (void *) (uintptr_t) (start + (offset & ~(unit - 1)));
}

/* The system has put an alias, or the reservation for it, at PLACE.  If that is not where it was
   asked to, at HINT, something large may be in the window: choose another one next time.  */
static void note_alias_place (const void *hint, const void *place) {
  if (place != MAP_FAILED && place != hint) atomic_store (&window, 0);
}

/*---------------- Mapping -----------------------------*/

/* Map the memory of PAGES->rx a second time.  For shared anonymous memory mremap with the old size
   0 makes "a new mapping of the same pages" (mremap(2)), at a given place only in place of another
   mapping.  Near a limit the kernel may refuse that, and still map it where it likes.  MAP_FAILED
   on failure.  */
static void *map_anon_again (struct mir_pages *pages) {
  void *hint = random_place (pages), *place = MAP_FAILED;
  if (hint != NULL) {
    pages->system_calls++;
    place = mmap (hint, pages->len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    note_alias_place (hint, place);
  }
  if (place != MAP_FAILED) {
    pages->system_calls++;
    void *rw = mremap (pages->rx, 0, pages->len, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    if (rw != MAP_FAILED) return rw;
    (void) mir_linux_unmap (pages, place, pages->len);
  }
  pages->system_calls++;
  return mremap (pages->rx, 0, pages->len, MREMAP_MAYMOVE);
}

/* Unmap the RW view RW; NULL: there is none.  */
static void unmap_rw (struct mir_pages *pages, uint8_t *rw) {
  /* A failure leaks only data: the code is unmapped, or both views are sealed.  */
  if (rw != NULL) (void) mir_linux_unmap (pages, rw, pages->len);
}

static int access_of_rw (const struct mir_pages *pages) {
  return pages->level == MIR_CODE_CLOSED_ALIAS ? PROT_NONE : PROT_READ | PROT_WRITE;
}

/* Map shared anonymous memory, for execution first: the second mapping has the access of the first
   one, so access is only ever taken away, and PR_SET_MDWE and MemoryDenyWriteExecute do not object.
   0, or -1 with neither mapped.  */
static int map_memory (struct mir_pages *pages, uint8_t *at) {
  if (mir_linux_map_rx (pages, at, mir_linux_rx_prot (pages), MAP_SHARED | MAP_ANONYMOUS, -1) != 0)
    return -1;
  void *rw = map_anon_again (pages);
  if (rw != MAP_FAILED) {
    pages->rw = (uint8_t *) rw;
    pages->system_calls++;
    if (mprotect (rw, pages->len, access_of_rw (pages)) == 0) return 0;
  }
  int error = errno;
  if (mir_linux_unmap_rx (pages) != 0) pages->reserved = 0; /* the place is lost */
  unmap_rw (pages, pages->rw);
  errno = error;
  return -1;
}

/* Seal the file, so that nobody who comes by a descriptor, through /proc say, maps it writable,
   writes to it or changes its size.  Files that are no memory files have no seals.  Returns whether
   the file is sealed.  */
static int seal_file (struct mir_pages *pages, int fd) {
  enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL };
  pages->system_calls++;
  return fcntl (fd, F_ADD_SEALS, SEALS) == 0;
}

/* Map FD.  Its seals affect later mappings only (fcntl(2)), hence the alias comes first.  Sets
   *SEALED to whether it has them.  0, or -1 with neither mapped.  */
static int map_file (struct mir_pages *pages, uint8_t *at, int fd, int *sealed) {
  void *hint = random_place (pages);
  pages->system_calls++;
  void *rw = mmap (hint, pages->len, access_of_rw (pages), MAP_SHARED, fd, 0);
  if (rw == MAP_FAILED) return -1;
  note_alias_place (hint, rw);
  pages->rw = (uint8_t *) rw;
  *sealed = pages->level == MIR_CODE_SEALED && seal_file (pages, fd);
  if (mir_linux_map_rx (pages, at, mir_linux_rx_prot (pages), MAP_SHARED, fd) == 0) return 0;
  int error = errno;
  unmap_rw (pages, pages->rw);
  errno = error;
  return -1;
}

/* Both are advice: a refusal costs memory, no more.  Code is in core files once, through rx.  A
   huge page, where the system gives them to all shared memory, would be larger than most slabs: the
   page faults of the alias, by which the memory comes, get small ones.  See mir_alias_collapse.  */
static void advise_rw (struct mir_pages *pages) {
  pages->system_calls += 2;
  (void) madvise (pages->rw, pages->len, MADV_DONTDUMP);
  (void) madvise (pages->rw, pages->len, MADV_NOHUGEPAGE);
}

/* Seal the mapping at START, one of the two of PAGES.  0, or -1.  */
static int seal_range (struct mir_pages *pages, void *start) {
  pages->system_calls++;
  return (int) syscall (SYS_mseal, start, pages->len, 0ul);
}

/* Seal both mappings; where mseal does not exist, the file must do, IS_FILE_SEALED.  Returns 0, or
   -1.  If the second call is refused, which only a lack of memory causes, the alias stays sealed and
   its addresses are lost; a place in a range is not.  */
static int seal (struct mir_pages *pages, int is_file_sealed) {
  if (seal_range (pages, pages->rw) == 0) return seal_range (pages, pages->rx);
  return is_file_sealed ? 0 : -1;
}

MIR_code_status_t mir_alias_map (struct mir_pages *pages, uint8_t *at, int fd) {
  int sealed = 0;
  if ((fd < 0 ? map_memory (pages, at) : map_file (pages, at, fd, &sealed)) != 0)
    return MIR_CODE_MAP_REFUSED;
  advise_rw (pages);
  if (pages->level != MIR_CODE_SEALED || seal (pages, sealed) == 0) return MIR_CODE_OK;
  int error = errno;
  if (mir_alias_unmap (pages) != 0) pages->reserved = 0; /* the place is lost */
  errno = error;
  return MIR_CODE_MAP_REFUSED;
}

/* A mapping that mseal has sealed stays.  If its memory can be given back, or may belong to another
   process, too, only the place is lost.  A sealed memory file keeps its memory, so it is not
   unmapped: code can be published there again.  */
int mir_alias_unmap (struct mir_pages *pages) {
  if (mir_linux_unmap_rx (pages) != 0) {
    if (pages->level != MIR_CODE_SEALED || errno != EPERM) return -1;
    if (pages->rw != NULL && mir_alias_discard (pages, pages->rx, pages->len) == 0
        && pages->generation == mir_generation ())
      return -1;
    pages->reserved = 0;
  }
  unmap_rw (pages, pages->rw);
  return 0;
}

/*---------------- Memory -----------------------------*/

/* A hole in shared memory is a hole for every process which shares it (madvise(2), MADV_REMOVE),
   and bytes which are free here may be code in a parent or child of this process.  The alias is
   opened meanwhile: r-x pages cannot be written.  */
size_t mir_alias_discard (struct mir_pages *pages, uint8_t *start, size_t len) {
  uint8_t *writable;
  if (pages->generation != mir_generation ()
      || mir_alias_open (pages, start, len, &writable) != MIR_CODE_OK)
    return 0;
  pages->system_calls++;
  int res = madvise (writable, len, MADV_REMOVE);
  (void) mir_alias_close (pages, start, len, writable); /* sets PAGES->left_open */
  return res == 0 && mir_linux_is_resident (pages, start) == 0 ? len : 0;
}

MIR_code_status_t mir_alias_populate (struct mir_pages *pages, uint8_t *start, size_t len) {
  uint8_t *writable;
  if (mir_alias_open (pages, start, len, &writable) != MIR_CODE_OK) return MIR_CODE_MAP_REFUSED;
  int res = mir_linux_populate (pages, writable, len), error = errno;
  (void) mir_alias_close (pages, start, len, writable); /* sets PAGES->left_open */
  errno = error;
  return res == 0 ? MIR_CODE_OK : MIR_CODE_MAP_REFUSED;
}

MIR_code_status_t mir_alias_populate_hint (struct mir_pages *pages, uint8_t *start, size_t len) {
  uint8_t *writable;
  if (mir_alias_open (pages, start, len, &writable) != MIR_CODE_OK) return MIR_CODE_OK;
  pages->system_calls++;
  (void) madvise (writable, len, MADV_POPULATE_WRITE);
  (void) mir_alias_close (pages, start, len, writable); /* sets PAGES->left_open */
  return MIR_CODE_OK;
}

/* The kernel collapses what has one page at least, and fills the rest with zeros (mm/khugepaged.c,
   collapse_file).  The alias then gets the huge page by its first page fault, if no advice forbids
   it.  */
int mir_alias_collapse (struct mir_pages *pages) {
  if (mir_alias_populate (pages, pages->rx, mir_os_page_size ()) != MIR_CODE_OK
      || mir_linux_collapse (pages) != 0)
    return -1;
  pages->system_calls++;
  (void) madvise (pages->rw, pages->len, MADV_HUGEPAGE);
  return 0;
}

/*---------------- Forks -----------------------------*/

/* Copy the first USED bytes of PAGES, as far as they have memory, to FRESH.  0, or -1.  */
static int copy_used (struct mir_pages *fresh, const struct mir_pages *pages, size_t used,
                      const uint64_t *backed, const struct mir_backend *backend) {
  size_t page = mir_os_page_size ();
  uint8_t *writable;
  for (size_t at = 0, end; (at = mir_backed_next (backed, at, used, 1)) < used; at = end) {
    end = mir_backed_next (backed, at, used, 0);
    size_t len = (end - at + page - 1) & ~(page - 1);
    if (backend->populate != NULL && backend->populate (fresh, fresh->rx + at, len) != MIR_CODE_OK)
      return -1;
    if (mir_alias_open (fresh, fresh->rx + at, end - at, &writable) != MIR_CODE_OK) return -1;
    memcpy (writable, pages->rx + at, end - at);
    if (mir_alias_close (fresh, fresh->rx + at, end - at, writable) != MIR_CODE_OK) return -1;
    mir_os_clean_icache (fresh->rx + at, fresh->rx + end);
  }
  return 0;
}

/* Copy, then move the executable mapping of the copy over the old one, whose code may be running.
   The alias gets another address.  */
MIR_code_status_t mir_alias_make_private (struct mir_pages *pages, size_t used,
                                          const uint64_t *backed,
                                          const struct mir_backend *backend) {
  if (pages->level == MIR_CODE_SEALED) { /* a sealed copy could not be moved over the old one */
    errno = EPERM;
    return MIR_CODE_WRITE_REFUSED;
  }
  struct mir_pages fresh = *pages;
  if (backend->map (&fresh, pages->len, NULL) != MIR_CODE_OK) return MIR_CODE_WRITE_REFUSED;
  uint64_t calls = pages->system_calls + 1; /* and the mremap */
  if (copy_used (&fresh, pages, used, backed, backend) == 0
      && mremap (fresh.rx, fresh.len, fresh.len, MREMAP_MAYMOVE | MREMAP_FIXED, pages->rx)
             != MAP_FAILED) {
    unmap_rw (&fresh, pages->rw); /* the old alias: memory of the other process */
    pages->rw = fresh.rw;
    pages->system_calls = calls + fresh.system_calls;
    return MIR_CODE_OK;
  }
  int error = errno;
  (void) mir_alias_unmap (&fresh);
  pages->system_calls = calls + fresh.system_calls;
  errno = error;
  return MIR_CODE_WRITE_REFUSED;
}
