/* Holders: where published code lives.  */
#include "code/code.h"

#include <string.h> /* memset */

enum {
  FIRST_HOLDER_SIZE = 64 * 1024,     /* what Windows maps at the least */
  MAX_HOLDER_SIZE = 2 * 1024 * 1024, /* larger ones only for larger code */
  HOLDERS_TRIED = 4                  /* newest ones looked at before another is mapped */
};

static size_t round_up (size_t size, size_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

/* Where the next piece of code would start in H; may lie behind its bound.  */
static uintptr_t next_start (const struct mir_code_holder *h) {
  return (uintptr_t) round_up ((uintptr_t) h->free, MIR_CODE_ALIGNMENT);
}

static int has_room (const struct mir_code_holder *h, size_t len) {
  uintptr_t start = next_start (h);
  return start <= (uintptr_t) h->bound && len <= (uintptr_t) h->bound - start;
}

/* Before the pages are known to fork.c no fork can have shared them.  */
static enum mir_code_status map_holder (struct mir_code *code, struct mir_code_holder *h,
                                        size_t size) {
  unsigned generation = mir_code_generation ();
  enum mir_code_status status = code->backend->map (&h->pages, size, code->code_alloc);
  if (status != MIR_CODE_OK) return status;
  h->pages.generation = generation;
  h->start = h->free = h->pages.rx;
  h->bound = h->start + size;
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
  size_t size = round_up (FIRST_HOLDER_SIZE, code->page_size);
  code->holder_size = 2 * size;
  code->newest = &code->first;
  if (mir_os_lock_init (&code->lock) != 0) return MIR_CODE_NO_MEMORY;
  enum mir_code_status status = map_holder (code, &code->first, size);
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
  mir_os_lock_destroy (&code->lock);
}

/* Make CODE->spare a holder.  The lock is not held, before and after.  */
static enum mir_code_status provide_spare (struct mir_code *code) {
  struct mir_code_holder *h =
      (struct mir_code_holder *) MIR_malloc (code->alloc, sizeof (struct mir_code_holder));
  if (h == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&code->lock);
  if (code->spare == NULL) {
    code->spare = h;
    h = NULL;
  }
  mir_os_unlock (&code->lock);
  MIR_free (code->alloc, h); /* another thread was faster */
  return MIR_CODE_OK;
}

/* Make the spare the newest holder, with room for LEN bytes.  The lock is held.  */
static enum mir_code_status add_holder (struct mir_code *code, size_t len) {
  size_t size = code->holder_size;
  struct mir_code_holder *h = code->spare;
  if (len > size) size = round_up (len, code->page_size);
  enum mir_code_status status = map_holder (code, h, size);
  if (status != MIR_CODE_OK) return status;
  h->next = code->newest;
  code->newest = h;
  code->spare = NULL;
  if (code->holder_size < MAX_HOLDER_SIZE) code->holder_size *= 2;
  return MIR_CODE_OK;
}

static struct mir_code_holder *find_room (struct mir_code *code, size_t len) {
  struct mir_code_holder *h = code->newest;
  for (int i = 0; h != NULL && i < HOLDERS_TRIED; h = h->next, i++)
    if (has_room (h, len)) return h;
  return NULL;
}

/* Set *RES to a holder with room for LEN bytes.  The lock is taken, and still held on success.  */
static enum mir_code_status lock_with_room (struct mir_code *code, size_t len,
                                            struct mir_code_holder **res) {
  if (len > SIZE_MAX / 2) return MIR_CODE_TOO_LARGE;
  mir_os_lock (&code->lock);
  while ((*res = find_room (code, len)) == NULL) {
    enum mir_code_status status;
    if (code->spare != NULL) {
      status = add_holder (code, len);
      if (status == MIR_CODE_OK) continue;
      mir_os_unlock (&code->lock);
      return status;
    }
    mir_os_unlock (&code->lock);
    status = provide_spare (code);
    if (status != MIR_CODE_OK) return status;
    mir_os_lock (&code->lock);
  }
  return MIR_CODE_OK;
}

/* Undo add_holder if nothing is in the newest one.  The lock is held.  */
static void drop_empty_holder (struct mir_code *code) {
  struct mir_code_holder *h = code->newest;
  if (h == &code->first || h->free != h->start || code->spare != NULL) return;
  if (code->backend->unmap (&h->pages, code->code_alloc) != 0) return;
  code->newest = h->next;
  code->spare = h;
}

/* Put LEN bytes into H, which has room for them.  The lock is held.  */
static enum mir_code_status publish_in (struct mir_code *code, struct mir_code_holder *h,
                                        const uint8_t *bytes, size_t len, uint8_t **res) {
  uint8_t *addr = (uint8_t *) next_start (h);
  if (len != 0) {
    enum mir_code_status status = mir_code_fill (code, h, addr, bytes, len);
    if (status != MIR_CODE_OK) return status;
    h->free = addr + len;
  }
  *res = addr;
  return MIR_CODE_OK;
}

enum mir_code_status mir_code_next_addr (struct mir_code *code, size_t size, uint8_t **res) {
  struct mir_code_holder *h;
  enum mir_code_status status = lock_with_room (code, size, &h);
  if (status != MIR_CODE_OK) return status;
  *res = (uint8_t *) next_start (h);
  mir_os_unlock (&code->lock);
  return MIR_CODE_OK;
}

enum mir_code_status mir_code_publish (struct mir_code *code, const uint8_t *bytes, size_t len,
                                       uint8_t **res) {
  struct mir_code_holder *h;
  enum mir_code_status status = lock_with_room (code, len, &h);
  if (status != MIR_CODE_OK) return status;
  status = publish_in (code, h, bytes, len, res);
  if (status != MIR_CODE_OK) drop_empty_holder (code);
  mir_os_unlock (&code->lock);
  return status;
}

enum mir_code_status mir_code_publish_at (struct mir_code *code, uint8_t *addr,
                                          const uint8_t *bytes, size_t len) {
  enum mir_code_status status = MIR_CODE_TAKEN;
  uint8_t *res;
  mir_os_lock (&code->lock);
  for (struct mir_code_holder *h = code->newest; h != NULL; h = h->next)
    if (next_start (h) == (uintptr_t) addr && has_room (h, len)) {
      status = publish_in (code, h, bytes, len, &res);
      break;
    }
  mir_os_unlock (&code->lock);
  return status;
}

int mir_code_check (struct mir_code *code) {
  int valid = 1;
  mir_os_lock (&code->lock);
  for (const struct mir_code_holder *h = code->newest; h != NULL; h = h->next)
    valid &=
        h->start <= h->free && h->free <= h->bound && (uintptr_t) h->start % code->page_size == 0
        && (uintptr_t) h->bound % code->page_size == 0 && (h->next == NULL) == (h == &code->first);
  mir_os_unlock (&code->lock);
  return valid;
}
