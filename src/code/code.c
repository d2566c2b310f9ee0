/* Holders: where published code lives.  */
#include "code/code.h"

#include <string.h> /* memset */

enum { MAX_HOLDER_SIZE = 2 * 1024 * 1024 }; /* bytes; larger ones only for larger code */

static size_t round_up (size_t size, size_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

static uint32_t granules_of (size_t len) {
  return (uint32_t) (round_up (len, MIR_GRANULE) / MIR_GRANULE);
}

static uint8_t *address_of (const struct mir_code_holder *h, uint32_t granule) {
  return h->pages.rx + (size_t) granule * MIR_GRANULE;
}

static uint32_t granule_of (const struct mir_code_holder *h, const uint8_t *addr) {
  return (uint32_t) ((size_t) (addr - h->pages.rx) / MIR_GRANULE);
}

struct mir_code_holder *mir_code_holder_of (const struct mir_code *code, const uint8_t *addr) {
  for (struct mir_code_holder *h = code->newest; h != NULL; h = h->next)
    if ((uintptr_t) addr >= (uintptr_t) h->pages.rx
        && (uintptr_t) addr - (uintptr_t) h->pages.rx < h->pages.len)
      return h;
  return NULL;
}

/*---------------- Holders -----------------------------*/

/* Let the planes of H, for SIZE bytes, be in MEMORY.  */
static void set_planes (struct mir_code_holder *h, uint64_t *memory, size_t size) {
  h->granules.count = (uint32_t) (size / MIR_GRANULE);
  h->granules.used = memory;
  h->granules.stop = memory + mir_granules_words (h->granules.count);
}

/* Before the pages are known to fork.c no fork can have shared them.  */
static enum mir_code_status map_holder (struct mir_code *code, struct mir_code_holder *h) {
  size_t size = (size_t) h->granules.count * MIR_GRANULE;
  unsigned generation = mir_code_generation ();
  enum mir_code_status status = code->backend->map (&h->pages, size, code->code_alloc);
  if (status != MIR_CODE_OK) return status;
  h->pages.generation = generation;
  h->granules.top = 0;
  memset (h->granules.used, 0, 2 * mir_granules_words (h->granules.count) * sizeof (uint64_t));
  return MIR_CODE_OK;
}

enum mir_code_status mir_code_init (struct mir_code *code, MIR_alloc_t alloc,
                                    const struct mir_backend *backend,
                                    MIR_code_alloc_t code_alloc) {
  memset (code, 0, sizeof (*code));
  code->alloc = alloc;
  code->backend = backend;
  code->code_alloc = code_alloc;
  code->page_size = mir_os_page_size ();
  code->holder_size = 2 * MIR_FIRST_HOLDER_SIZE;
  code->newest = &code->first;
  code->holders = 1;
  mir_bins_init (&code->bins);
  set_planes (&code->first, code->first_planes, MIR_FIRST_HOLDER_SIZE);
  if (mir_os_lock_init (&code->lock) != 0) return MIR_CODE_NO_MEMORY;
  enum mir_code_status status = map_holder (code, &code->first);
  if (status == MIR_CODE_OK && mir_code_watch_forks (code) != 0) {
    (void) backend->unmap (&code->first.pages, code_alloc);
    status = MIR_CODE_NO_MEMORY;
  }
  if (status != MIR_CODE_OK) mir_os_lock_destroy (&code->lock);
  return status;
}

void mir_code_finish (struct mir_code *code) {
  struct mir_code_holder *next;
  mir_code_unwatch_forks (code);
  for (struct mir_code_holder *h = code->newest; h != NULL; h = next) {
    next = h->next;
    /* When the user's mem_unmap fails the range stays his: there is nobody left to tell.  */
    (void) code->backend->unmap (&h->pages, code->code_alloc);
    if (h != &code->first) MIR_free (code->alloc, h);
  }
  MIR_free (code->alloc, code->spare);
  MIR_free (code->alloc, code->bins.refs);
  mir_os_lock_destroy (&code->lock);
}

/* Make CODE->spare a holder of at least SIZE bytes.  The lock is not held, before and after.  */
static enum mir_code_status provide_spare (struct mir_code *code, size_t size) {
  size_t planes = 2 * mir_granules_words (size / MIR_GRANULE) * sizeof (uint64_t);
  struct mir_code_holder *h =
      (struct mir_code_holder *) MIR_malloc (code->alloc, sizeof (struct mir_code_holder) + planes);
  if (h == NULL) return MIR_CODE_NO_MEMORY;
  set_planes (h, (uint64_t *) (void *) (h + 1), size);
  mir_os_lock (&code->lock);
  struct mir_code_holder *other = code->spare;
  code->spare = h;
  mir_os_unlock (&code->lock);
  MIR_free (code->alloc, other); /* too small, or another thread was faster */
  return MIR_CODE_OK;
}

/* Make the spare, which is large enough and may be larger, the newest holder, of SIZE bytes.  The
   lock is held.  */
static enum mir_code_status add_holder (struct mir_code *code, size_t size) {
  struct mir_code_holder *h = code->spare;
  set_planes (h, h->granules.used, size);
  enum mir_code_status status = map_holder (code, h);
  if (status != MIR_CODE_OK) return status;
  h->next = code->newest;
  code->newest = h;
  code->spare = NULL;
  code->holders++;
  if (code->holder_size < MAX_HOLDER_SIZE) code->holder_size *= 2;
  return MIR_CODE_OK;
}

/*---------------- Free runs -----------------------------*/

/* How many references the bins need: twice the runs that there can be, one behind each piece and
   one at the start of each holder, so that a purge always pays.  */
static uint32_t refs_needed (const struct mir_code *code) {
  return 2 * (code->pieces + code->holders + 2);
}

/* Forget all references and find the runs anew.  The lock is held.  */
static void purge_bins (struct mir_code *code) {
  mir_bins_clear (&code->bins);
  for (struct mir_code_holder *h = code->newest; h != NULL; h = h->next)
    for (uint32_t i = mir_granules_next_run (&h->granules, 0); i != MIR_NO_GRANULE;) {
      uint32_t len = mir_granules_run_len (&h->granules, i);
      (void) mir_bins_add (&code->bins, h, i, len); /* there is room: refs_needed */
      i = mir_granules_next_run (&h->granules, i + len);
    }
}

/* A run came to be.  The lock is held.  */
static void add_run (struct mir_code *code, struct mir_code_holder *h, uint32_t start,
                     uint32_t len) {
  if (mir_bins_add (&code->bins, h, start, len) != 0) purge_bins (code);
}

/* Twice as many references, or as many as needed now.  The lock is held on success, before and
   after, and not on failure.  */
static enum mir_code_status grow_bins (struct mir_code *code) {
  uint32_t needed = refs_needed (code), capacity = 2 * code->bins.capacity;
  if (capacity < needed) capacity = needed;
  if (capacity < 64) capacity = 64;
  mir_os_unlock (&code->lock);
  void *memory = MIR_malloc (code->alloc, capacity * sizeof (struct mir_run));
  if (memory == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&code->lock);
  if (capacity > code->bins.capacity) {
    int first = code->bins.capacity == 0;
    memory = mir_bins_move (&code->bins, memory, capacity);
    if (first) purge_bins (code); /* what there is from the start */
  }
  mir_os_unlock (&code->lock);
  MIR_free (code->alloc, memory); /* the old ones, or what another thread made superfluous */
  mir_os_lock (&code->lock);
  return MIR_CODE_OK;
}

/* Set *HOLDER and *START to a run for LEN bytes.  The lock is taken, and still held on success.  */
static enum mir_code_status lock_with_room (struct mir_code *code, size_t len,
                                            struct mir_code_holder **holder, uint32_t *start) {
  enum mir_code_status status = MIR_CODE_OK;
  if (len > SIZE_MAX / 2 || len / MIR_GRANULE > UINT32_MAX / 2) return MIR_CODE_TOO_LARGE;
  uint32_t n = len == 0 ? 1 : granules_of (len);
  mir_os_lock (&code->lock);
  for (;;) {
    size_t size = (size_t) n * MIR_GRANULE;
    if (code->bins.capacity < refs_needed (code)) {
      if ((status = grow_bins (code)) != MIR_CODE_OK) return status;
      continue;
    }
    if (mir_bins_find (&code->bins, n, holder, start) == 0) return MIR_CODE_OK;
    size = size > code->holder_size ? round_up (size, code->page_size) : code->holder_size;
    if (code->spare == NULL || code->spare->granules.count < size / MIR_GRANULE) {
      mir_os_unlock (&code->lock);
      if ((status = provide_spare (code, size)) != MIR_CODE_OK) return status;
      mir_os_lock (&code->lock);
      continue;
    }
    if ((status = add_holder (code, size)) != MIR_CODE_OK) {
      mir_os_unlock (&code->lock);
      return status;
    }
    add_run (code, code->newest, 0, code->newest->granules.count);
  }
}

/* Unmap H, which is empty, unless it is the first one.  It becomes the spare; if there is one
   already the result is what the caller gives to MIR_free without the lock, else NULL.  The lock is
   held.  */
static struct mir_code_holder *drop_holder (struct mir_code *code, struct mir_code_holder *h) {
  struct mir_code_holder **link = &code->newest;
  if (h == &code->first || code->backend->unmap (&h->pages, code->code_alloc) != 0) return NULL;
  while (*link != h) link = &(*link)->next;
  *link = h->next;
  code->holders--;
  purge_bins (code);
  if (code->spare != NULL) return h;
  code->spare = h;
  return NULL;
}

static int is_empty (const struct mir_code_holder *h) {
  return h->granules.top == 0;
}

/*---------------- Pieces -----------------------------*/

/* Put LEN > 0 bytes to START in H, where a run has room for them.  The lock is held.  */
static enum mir_code_status publish_in (struct mir_code *code, struct mir_code_holder *h,
                                        uint32_t start, const uint8_t *bytes, size_t len) {
  uint32_t n = granules_of (len), run_len = mir_granules_run_len (&h->granules, start);
  enum mir_code_status status = mir_code_fill (code, h, address_of (h, start), bytes, len);
  if (status != MIR_CODE_OK) return status;
  mir_granules_take (&h->granules, start, n);
  code->pieces++;
  if (run_len > n) add_run (code, h, start + n, run_len - n);
  return MIR_CODE_OK;
}

enum mir_code_status mir_code_next_addr (struct mir_code *code, size_t size, uint8_t **res) {
  struct mir_code_holder *h;
  uint32_t start;
  enum mir_code_status status = lock_with_room (code, size, &h, &start);
  if (status != MIR_CODE_OK) return status;
  *res = address_of (h, start);
  mir_os_unlock (&code->lock);
  return MIR_CODE_OK;
}

enum mir_code_status mir_code_publish (struct mir_code *code, const uint8_t *bytes, size_t len,
                                       uint8_t **res) {
  struct mir_code_holder *h, *dropped = NULL;
  uint32_t start;
  enum mir_code_status status = lock_with_room (code, len, &h, &start);
  if (status != MIR_CODE_OK) return status;
  if (len != 0) status = publish_in (code, h, start, bytes, len);
  if (status == MIR_CODE_OK)
    *res = address_of (h, start);
  else if (is_empty (h))
    dropped = drop_holder (code, h);
  mir_os_unlock (&code->lock);
  MIR_free (code->alloc, dropped);
  return status;
}

enum mir_code_status mir_code_publish_at (struct mir_code *code, uint8_t *addr,
                                          const uint8_t *bytes, size_t len) {
  enum mir_code_status status = MIR_CODE_TAKEN;
  mir_os_lock (&code->lock);
  struct mir_code_holder *h = mir_code_holder_of (code, addr);
  if (h != NULL && (size_t) (addr - h->pages.rx) % MIR_GRANULE == 0) {
    uint32_t start = granule_of (h, addr), run_len = mir_granules_run_len (&h->granules, start);
    if (run_len != 0 && len <= (size_t) run_len * MIR_GRANULE)
      status = len == 0 ? MIR_CODE_OK : publish_in (code, h, start, bytes, len);
  }
  mir_os_unlock (&code->lock);
  return status;
}

enum mir_code_status mir_code_query (struct mir_code *code, const uint8_t *addr, uint8_t **start,
                                     size_t *len) {
  enum mir_code_status status = MIR_CODE_NOT_OURS;
  mir_os_lock (&code->lock);
  struct mir_code_holder *h = mir_code_holder_of (code, addr);
  uint32_t piece =
      h == NULL ? MIR_NO_GRANULE : mir_granules_piece (&h->granules, granule_of (h, addr));
  if (piece != MIR_NO_GRANULE) {
    *start = address_of (h, piece);
    *len = (size_t) mir_granules_piece_len (&h->granules, piece) * MIR_GRANULE;
    status = MIR_CODE_OK;
  }
  mir_os_unlock (&code->lock);
  return status;
}

enum mir_code_status mir_code_free (struct mir_code *code, const uint8_t *addr) {
  struct mir_code_holder *dropped = NULL;
  mir_os_lock (&code->lock);
  struct mir_code_holder *h = mir_code_holder_of (code, addr);
  uint32_t piece =
      h == NULL ? MIR_NO_GRANULE : mir_granules_piece (&h->granules, granule_of (h, addr));
  if (piece == MIR_NO_GRANULE || address_of (h, piece) != addr) {
    mir_os_unlock (&code->lock);
    return MIR_CODE_NOT_OURS;
  }
  uint32_t start, len = mir_granules_release (&h->granules, piece, &start);
  code->pieces--;
  add_run (code, h, start, len);
  if (h != code->newest && is_empty (h)) dropped = drop_holder (code, h);
  mir_os_unlock (&code->lock);
  MIR_free (code->alloc, dropped);
  return MIR_CODE_OK;
}

/*---------------- Looking -----------------------------*/

void mir_code_total (struct mir_code *code, struct mir_code_totals *totals) {
  memset (totals, 0, sizeof (*totals));
  mir_os_lock (&code->lock);
  totals->pieces = code->pieces;
  totals->holders = code->holders;
  for (struct mir_code_holder *h = code->newest; h != NULL; h = h->next) {
    totals->mapped_bytes += h->pages.len;
    totals->piece_bytes += h->pages.len;
    for (uint32_t i = mir_granules_next_run (&h->granules, 0); i != MIR_NO_GRANULE;) {
      uint32_t len = mir_granules_run_len (&h->granules, i);
      totals->piece_bytes -= (size_t) len * MIR_GRANULE;
      i = mir_granules_next_run (&h->granules, i + len);
    }
  }
  mir_os_unlock (&code->lock);
}

/* Whether the pieces in H are whole; their number is added to *PIECES.  */
static int check_holder (const struct mir_code_holder *h, uint32_t *pieces) {
  const struct mir_granules *g = &h->granules;
  uint32_t i = 0, len;
  while (i < g->count) {
    if ((len = mir_granules_run_len (g, i)) == 0) {
      if (mir_granules_piece (g, i) != i) return 0;
      len = mir_granules_piece_len (g, i);
      ++*pieces;
    }
    i += len;
  }
  return i == g->count && h->pages.len == (size_t) g->count * MIR_GRANULE;
}

int mir_code_check (struct mir_code *code) {
  uint32_t pieces = 0, holders = 0;
  int valid = 1;
  mir_os_lock (&code->lock);
  for (const struct mir_code_holder *h = code->newest; h != NULL; h = h->next, holders++)
    valid &= check_holder (h, &pieces) && (uintptr_t) h->pages.rx % code->page_size == 0
             && (h->next == NULL) == (h == &code->first);
  valid &= pieces == code->pieces && holders == code->holders;
  mir_os_unlock (&code->lock);
  return valid;
}
