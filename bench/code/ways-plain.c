/* Ways: bump allocation in plain mappings.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create, pwritev */
#endif
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ways.h"
#include "bench.h"

enum { RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC, RWX = RW | PROT_EXEC };
enum { ALIGNMENT = 32, SLOT = 1024, AREA = 64 * 1024, MIR_ALIGNMENT = 16 };

struct plain {
  uint8_t *start, *free, *bound;
  uint8_t **freed; /* slots to use again, last in, first out */
  size_t freed_num, len;
  uint8_t *holder, *holder_bound; /* of way_flip_mapping: the current mapping */
  size_t page, area, alignment;   /* area: the bytes that flip_and_copy flips at a time */
};

static void *open_plain (size_t bytes, int prot, size_t area) {
  struct plain *p = (struct plain *) calloc (1, sizeof (*p));
  void *start;
  if (p == NULL) bench_fail ("no memory");
  p->page = (size_t) sysconf (_SC_PAGESIZE);
  p->area = area;
  p->alignment = ALIGNMENT;
  p->len = (bytes + AREA) / AREA * AREA + AREA;
  start = mmap (NULL, p->len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) bench_fail ("mmap");
  p->start = p->free = p->holder = p->holder_bound = (uint8_t *) start;
  p->bound = p->start + p->len;
  return p;
}

static void *open_data (size_t bytes) {
  return open_plain (bytes, RW, 0);
}
static void *open_rwx (size_t bytes) {
  return open_plain (bytes, RWX, 0);
}
static void *open_flip_page (size_t bytes) {
  return open_plain (bytes, RX, (size_t) sysconf (_SC_PAGESIZE));
}
static void *open_flip_area (size_t bytes) {
  return open_plain (bytes, RX, AREA);
}
static void *open_flip_mapping (size_t bytes) {
  struct plain *p = (struct plain *) open_plain (2 * bytes, PROT_EXEC, 0);
  p->alignment = MIR_ALIGNMENT;
  return p;
}

/* Far more slots than needed, but only touched pages cost anything.  */
static void *open_slots (size_t bytes) {
  struct plain *p = (struct plain *) open_plain (2 * bytes + bytes / 8, RW, 0);
  p->freed = (uint8_t **) calloc (p->len / SLOT, sizeof (p->freed[0]));
  if (p->freed == NULL) bench_fail ("no memory");
  return p;
}

static void close_plain (void *store) {
  struct plain *p = (struct plain *) store;
  munmap (p->start, p->len);
  free (p->freed);
  free (p);
}

static uint8_t *bump (struct plain *p, size_t len) {
  uint8_t *addr = p->free;
  len = (len + p->alignment - 1) / p->alignment * p->alignment;
  if ((size_t) (p->bound - addr) < len) bench_fail ("the mapping is used up");
  p->free = addr + len;
  return addr;
}

static uint8_t *copy (void *hand, const uint8_t *code, size_t len) {
  uint8_t *addr = bump ((struct plain *) hand, len);
  memcpy (addr, code, len);
  bench_touch (addr);
  return addr;
}

/*---------------- A memory file -----------------------------*/

enum { MAPPED = 1 << 20, FILLED = 64 * 1024 }; /* bytes that are mapped or filled at a time */

struct filled {
  int file;
  uint8_t *reserved, *rx, *rw; /* address space of LEN bytes for each mapping, after a gap */
  size_t len;
  size_t free, filled, mapped; /* offsets of both: FREE <= FILLED <= MAPPED <= LEN */
};

static void *open_filled (size_t bytes) {
  struct filled *f = (struct filled *) calloc (1, sizeof (*f));
  void *start;
  if (f == NULL) bench_fail ("no memory");
  f->len = (bytes + MAPPED) / MAPPED * MAPPED;
  start = mmap (NULL, 2 * f->len + MAPPED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) bench_fail ("mmap");
  f->reserved = (uint8_t *) start;
  f->rx = f->reserved + (MAPPED - (uintptr_t) start % MAPPED);
  f->rw = f->rx + f->len;
  f->file = memfd_create ("filled", MFD_CLOEXEC);
  if (f->file < 0) bench_fail ("memfd_create");
  return f;
}

static void close_filled (void *store) {
  struct filled *f = (struct filled *) store;
  munmap (f->reserved, 2 * f->len + MAPPED);
  close (f->file);
  free (f);
}

static void map_more (struct filled *f) {
  int flags = MAP_SHARED | MAP_FIXED;
  off_t at = (off_t) f->mapped;
  if (f->mapped == f->len) bench_fail ("the mapping is used up");
  if (ftruncate (f->file, at + MAPPED) != 0) bench_fail ("ftruncate");
  if (mmap (f->rx + at, MAPPED, RX, flags, f->file, at) == MAP_FAILED
      || mmap (f->rw + at, MAPPED, RW, flags, f->file, at) == MAP_FAILED)
    bench_fail ("mmap");
  f->mapped += MAPPED;
}

/* The zeros are few enough to stay in the first-level cache.  A page that is read is mapped with the
   aligned 64 KiB around it (mm/memory.c: fault_around_bytes), as far as the file has them.  */
static void fill_more (struct filled *f) {
  enum { ZEROS = 4096 };
  static const uint8_t zeros[ZEROS];
  struct iovec parts[FILLED / ZEROS];
  if (f->filled == f->mapped) map_more (f);
  for (size_t i = 0; i < FILLED / ZEROS; i++) {
    parts[i].iov_base = (void *) (uintptr_t) zeros;
    parts[i].iov_len = ZEROS;
  }
  if (pwritev (f->file, parts, FILLED / ZEROS, (off_t) f->filled) != FILLED) bench_fail ("pwritev");
  (void) *(volatile const uint8_t *) (f->rw + f->filled);
  f->filled += FILLED;
}

static uint8_t *copy_by_alias (void *hand, const uint8_t *code, size_t len) {
  struct filled *f = (struct filled *) hand;
  size_t at = f->free;
  f->free += (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  while (f->filled < f->free) fill_more (f);
  memcpy (f->rw + at, code, len);
  bench_touch (f->rw + at);
  return f->rx + at;
}

/*---------------- Protections that flip -----------------------------*/

static void set_access (uint8_t *start, size_t len, int prot) {
  if (mprotect (start, len, prot) != 0) bench_fail ("mprotect");
}

static uint8_t *flip_and_copy (void *hand, const uint8_t *code, size_t len) {
  struct plain *p = (struct plain *) hand;
  uint8_t *addr = bump (p, len), *from, *to;
  from = p->start + (size_t) (addr - p->start) / p->area * p->area;
  to = p->start + ((size_t) (addr + len - p->start) + p->area - 1) / p->area * p->area;
  set_access (from, (size_t) (to - from), RW);
  memcpy (addr, code, len);
  set_access (from, (size_t) (to - from), RX);
  return addr;
}

/* A mapping is as large as the function that needs it, rounded up to pages, and takes more
   functions as long as they fit.  All of it is writable and executable while one of them is
   written.  */
static uint8_t *flip_mapping_and_copy (void *hand, const uint8_t *code, size_t len) {
  struct plain *p = (struct plain *) hand;
  uint8_t *addr;
  if ((size_t) (p->holder_bound - p->free) < len) {
    p->holder = p->free = p->holder_bound;
    p->holder_bound += (len + p->page) / p->page * p->page;
  }
  addr = bump (p, len);
  set_access (p->holder, (size_t) (p->holder_bound - p->holder), PROT_WRITE | PROT_EXEC);
  memcpy (addr, code, len);
  set_access (p->holder, (size_t) (p->holder_bound - p->holder), RX);
  return addr;
}

static uint8_t *copy_to_slot (void *hand, const uint8_t *code, size_t len) {
  struct plain *p = (struct plain *) hand;
  uint8_t *addr = p->freed_num > 0 ? p->freed[--p->freed_num] : bump (p, SLOT);
  memcpy (addr, code, len);
  bench_touch (addr);
  return addr;
}

static void free_slot (void *hand, uint8_t *addr) {
  struct plain *p = (struct plain *) hand;
  p->freed[p->freed_num++] = addr;
}

static void rewind_plain (void *hand) {
  struct plain *p = (struct plain *) hand;
  p->free = p->start;
}

static void store_word (void *hand, uint8_t *addr, uint64_t word) {
  (void) hand;
  __atomic_store_n ((uint64_t *) (void *) addr, word, __ATOMIC_RELEASE);
}

static void flip_and_store (void *hand, uint8_t *addr, uint64_t word) {
  struct plain *p = (struct plain *) hand;
  uint8_t *start = addr - (uintptr_t) addr % p->page;
  set_access (start, p->page, PROT_WRITE | PROT_EXEC);
  store_word (hand, addr, word);
  set_access (start, p->page, RX);
}

const struct way way_memcpy = {.name = "memcpy into data memory",
                               .open = open_data,
                               .close = close_plain,
                               .publish = copy,
                               .rewind = rewind_plain};
const struct way way_slots = {.name = "slots of 1 KiB, data memory",
                              .open = open_slots,
                              .close = close_plain,
                              .publish = copy_to_slot,
                              .free = free_slot};
const struct way way_rwx = {.name = "RWX mapping",
                            .open = open_rwx,
                            .close = close_plain,
                            .publish = copy,
                            .rewind = rewind_plain,
                            .patch = store_word};
const struct way way_filled = {.name = "memory file filled by pwrite",
                               .open = open_filled,
                               .close = close_filled,
                               .publish = copy_by_alias};
const struct way way_flip_page = {.name = "mprotect flip of the page",
                                  .open = open_flip_page,
                                  .close = close_plain,
                                  .publish = flip_and_copy,
                                  .rewind = rewind_plain};
const struct way way_flip_area = {.name = "mprotect flip of 64 KiB, as LuaJIT",
                                  .open = open_flip_area,
                                  .close = close_plain,
                                  .publish = flip_and_copy,
                                  .rewind = rewind_plain};
const struct way way_flip_mapping = {.name = "mprotect flip of a mapping, as MIR",
                                     .open = open_flip_mapping,
                                     .close = close_plain,
                                     .publish = flip_mapping_and_copy,
                                     .patch = flip_and_store};
