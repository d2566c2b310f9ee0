/* The probe for code memory: real pages, the access of each recorded, and failures on demand.  */
#include "support/probe-code-alloc.h"

#include <stdlib.h>
#include <string.h>

#include "support/probe-pages.h"
#include "support/tap.h"

enum { ARENA_SIZE = 16 * 1024 * 1024 };

static void note_broken (struct probe_code_alloc *probe, const char *what, const void *addr,
                         size_t len) {
  probe->broken++;
  tap_note ("code probe: %s: %p, %zu bytes", what, addr, len);
}

static struct probe_range *find_range (struct probe_code_alloc *probe, const void *addr) {
  for (int i = 0; i < PROBE_MAX_RANGES; i++) {
    struct probe_range *range = &probe->ranges[i];
    if (range->len != 0 && (const char *) addr >= range->start
        && (const char *) addr < range->start + range->len)
      return range;
  }
  return NULL;
}

/* An unused entry, or NULL.  */
static struct probe_range *find_entry (struct probe_code_alloc *probe) {
  for (int i = 0; i < PROBE_MAX_RANGES; i++)
    if (probe->ranges[i].len == 0) return &probe->ranges[i];
  return NULL;
}

static int map_must_fail (struct probe_code_alloc *probe) {
  probe->maps++;
  if (probe->fail_map_in < 0) return 0;
  if (probe->fail_map_in == 0) return 1;
  probe->fail_map_in--;
  return 0;
}

static void *map_pages (struct probe_code_alloc *probe, size_t len) {
  if (probe->arena == NULL) return probe_pages_map (len);
  if (len > (size_t) (probe->lowest - probe->arena)) return NULL;
  probe->lowest -= len;
  return probe_pages_map_in (probe->lowest, len);
}

static void *map_range (struct probe_code_alloc *probe, size_t len) {
  struct probe_range *range = find_entry (probe);
  if (map_must_fail (probe) || range == NULL) return probe->map_failure;
  if (len == 0 || len % probe->page_size != 0)
    note_broken (probe, "length to map is not whole pages", NULL, len);
  void *start = map_pages (probe, len);
  if (start == NULL) return probe->map_failure;
  range->start = (char *) start;
  range->len = len;
  range->access = (unsigned char *) calloc (len / probe->page_size, 1);
  probe->mapped_bytes += len;
  return start;
}

static int unmap_range (struct probe_code_alloc *probe, void *addr, size_t len) {
  struct probe_range *range = find_range (probe, addr);
  probe->unmaps++;
  if (probe->refuse_unmap) return -1;
  if (range == NULL || range->start != addr || range->len != len) {
    note_broken (probe, "unmap of a range that was not mapped like this", addr, len);
    return -1;
  }
  if (probe->arena == NULL)
    probe_pages_unmap (range->start, range->len);
  else
    probe_pages_unmap_in (range->start, range->len);
  free (range->access);
  probe->mapped_bytes -= len;
  range->len = 0;
  return 0;
}

static int protect_must_fail (struct probe_code_alloc *probe) {
  int scripted = (int) (probe->fail_protects & 1);
  probe->protects++;
  probe->fail_protects >>= 1;
  if (scripted) return 1;
  if (probe->fail_protect_in < 0) return 0;
  if (probe->fail_protect_in > 0) {
    probe->fail_protect_in--;
    return 0;
  }
  if (!probe->fail_protect_forever) probe->fail_protect_in = -1;
  return 1;
}

static int protect_range (struct probe_code_alloc *probe, void *addr, size_t len,
                          MIR_mem_protect_t prot) {
  struct probe_range *range = find_range (probe, addr);
  if (range == NULL || (uintptr_t) addr % probe->page_size != 0 || len % probe->page_size != 0
      || len == 0 || len > (size_t) (range->start + range->len - (char *) addr)) {
    note_broken (probe, "protect outside of a mapped range", addr, len);
    return -1;
  }
  int failing = protect_must_fail (probe);
  if (failing && !probe->fail_protect_half) return -1;
  if (failing) len -= probe->page_size;
  size_t first = (size_t) ((char *) addr - range->start) / probe->page_size;
  memset (range->access + first, prot == PROT_WRITE_EXEC ? PROBE_WRITE_EXEC : PROBE_READ_EXEC,
          len / probe->page_size);
  if (prot == PROT_WRITE_EXEC) probe->opened_pages += len / probe->page_size;
  if (len != 0 && probe_pages_protect (addr, len, prot == PROT_WRITE_EXEC) != 0) return -1;
  return failing ? -1 : 0;
}

static void *locked_map (size_t len, void *user_data) {
  struct probe_code_alloc *probe = (struct probe_code_alloc *) user_data;
  pthread_mutex_lock (&probe->lock);
  void *res = map_range (probe, len);
  pthread_mutex_unlock (&probe->lock);
  return res;
}

static int locked_unmap (void *addr, size_t len, void *user_data) {
  struct probe_code_alloc *probe = (struct probe_code_alloc *) user_data;
  pthread_mutex_lock (&probe->lock);
  int res = unmap_range (probe, addr, len);
  pthread_mutex_unlock (&probe->lock);
  return res;
}

static int locked_protect (void *addr, size_t len, MIR_mem_protect_t prot, void *user_data) {
  struct probe_code_alloc *probe = (struct probe_code_alloc *) user_data;
  pthread_mutex_lock (&probe->lock);
  int res = protect_range (probe, addr, len, prot);
  pthread_mutex_unlock (&probe->lock);
  return res;
}

/* SELinux without execmem, for example, refuses private memory that is executable, so nothing could be
   published here; a program's own files it allows.  */
static int can_execute_pages (void) {
  static int known, can;
  if (!known) {
    size_t len = probe_page_size ();
    char *page = (char *) probe_pages_map (len);
    can = page != NULL && probe_pages_protect (page, len, 1) == 0
          && probe_pages_protect (page, len, 0) == 0;
    if (page != NULL) probe_pages_unmap (page, len);
    known = 1;
  }
  return can;
}

void probe_code_alloc_init (struct probe_code_alloc *probe) {
  if (!can_execute_pages ())
    tap_skip ("private memory cannot be made executable here (SELinux: execmem)");
  memset (probe, 0, sizeof (*probe));
  probe->alloc.mem_map = locked_map;
  probe->alloc.mem_unmap = locked_unmap;
  probe->alloc.mem_protect = locked_protect;
  probe->alloc.user_data = probe;
  probe->page_size = probe_page_size ();
  probe->fail_map_in = probe->fail_protect_in = -1;
  pthread_mutex_init (&probe->lock, NULL);
}

void probe_code_alloc_adjoin (struct probe_code_alloc *probe) {
  void *arena = probe_pages_reserve (ARENA_SIZE);
  REQUIRE (arena != NULL);
  probe->arena = (char *) arena;
  probe->lowest = probe->arena + ARENA_SIZE;
}

enum probe_access probe_code_access (struct probe_code_alloc *probe, const void *addr) {
  enum probe_access access = PROBE_NONE;
  pthread_mutex_lock (&probe->lock);
  struct probe_range *range = find_range (probe, addr);
  if (range != NULL)
    access = (enum probe_access)
                 range->access[(size_t) ((const char *) addr - range->start) / probe->page_size];
  pthread_mutex_unlock (&probe->lock);
  return access;
}

int probe_code_all_closed (struct probe_code_alloc *probe) {
  int closed = 1;
  pthread_mutex_lock (&probe->lock);
  for (int i = 0; i < PROBE_MAX_RANGES; i++)
    for (size_t page = 0; page < probe->ranges[i].len / probe->page_size; page++)
      closed &= probe->ranges[i].access[page] != PROBE_WRITE_EXEC;
  pthread_mutex_unlock (&probe->lock);
  return closed;
}

size_t probe_code_alloc_finish (struct probe_code_alloc *probe) {
  size_t left = 0;
  for (int i = 0; i < PROBE_MAX_RANGES; i++) {
    struct probe_range *range = &probe->ranges[i];
    if (range->len == 0) continue;
    note_broken (probe, "still mapped", range->start, range->len);
    unmap_range (probe, range->start, range->len);
    left++;
  }
  if (probe->arena != NULL) probe_pages_unreserve (probe->arena, ARENA_SIZE);
  pthread_mutex_destroy (&probe->lock);
  return left + probe->broken;
}
