/* Executable memory of a context: where code goes, and how bytes get there.

   holder   one mapped range of pages, divided into granules: see granules.h
   piece    published code; starts at a granule and never moves
   run      free granules between pieces; published code goes into the shortest one that fits

   How pages are written is the back end's matter: see backend.h.

   Every function may be called by any thread and takes the lock itself, init and finish excepted.
   The general allocator is never called with the lock held: it may leave by longjmp.  On failure
   everything is as it was before the call.  */
#ifndef MIR_CODE_LAYER_H
#define MIR_CODE_LAYER_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "mir.h" /* the two vtables, MIR_code_reloc_t */
#include "code/backend.h"
#include "code/bins.h"
#include "code/granules.h"
#include "os/os.h"

enum {
  MIR_FIRST_HOLDER_SIZE =
      64 * 1024, /* bytes: what Windows maps at the least, and the largest page */
  MIR_FIRST_HOLDER_WORDS = MIR_FIRST_HOLDER_SIZE / MIR_GRANULE / 64
};

struct mir_code_holder {
  struct mir_pages pages;
  struct mir_granules granules;
  struct mir_code_holder *next; /* an older one */
};

struct mir_code {
  MIR_alloc_t alloc;
  MIR_code_alloc_t code_alloc; /* for the vtable back end */
  const struct mir_backend *backend;
  size_t page_size;               /* bytes */
  size_t holder_size;             /* bytes of the next holder, grows up to a limit */
  mir_os_lock_t lock;             /* guards all below and the protections of all pages */
  struct mir_code_holder *newest; /* never NULL after init; the oldest is `first` */
  struct mir_code_holder *spare;  /* allocated, not mapped: nothing is lost when mapping fails */
  uint32_t holders;
  uint32_t pieces;
  struct mir_bins bins; /* room for twice as many references as there can be runs */
  struct mir_code_holder first;
  uint64_t first_planes[2 * MIR_FIRST_HOLDER_WORDS];
  struct mir_code *previous, *next; /* in the list of fork.c */
};

/* Map the first holder.  Not MIR_CODE_OK: nothing to finish.  */
enum mir_code_status mir_code_init (struct mir_code *code, MIR_alloc_t alloc,
                                    const struct mir_backend *backend, MIR_code_alloc_t code_alloc);
/* Unmap and free everything.  */
void mir_code_finish (struct mir_code *code);

/* Set *RES to where SIZE bytes would be published next.  */
enum mir_code_status mir_code_next_addr (struct mir_code *code, size_t size, uint8_t **res);
/* Publish LEN bytes and set *RES to them.  */
enum mir_code_status mir_code_publish (struct mir_code *code, const uint8_t *bytes, size_t len,
                                       uint8_t **res);
/* Publish LEN bytes at ADDR or nowhere (MIR_CODE_TAKEN).  */
enum mir_code_status mir_code_publish_at (struct mir_code *code, uint8_t *addr,
                                          const uint8_t *bytes, size_t len);

/* Give the piece at ADDR back; MIR_CODE_NOT_OURS if none starts there.  Needs no memory.  */
enum mir_code_status mir_code_free (struct mir_code *code, const uint8_t *addr);
/* Set *START and *LEN (bytes, whole granules) to the piece which ADDR is in.  */
enum mir_code_status mir_code_query (struct mir_code *code, const uint8_t *addr, uint8_t **start,
                                     size_t *len);

/* The holder that ADDR is in, or NULL.  The lock is held.  */
struct mir_code_holder *mir_code_holder_of (const struct mir_code *code, const uint8_t *addr);

struct mir_code_totals {
  size_t pieces, piece_bytes, mapped_bytes, holders;
};
void mir_code_total (struct mir_code *code, struct mir_code_totals *totals);

/* What to write over published code: COUNT pieces.  SIZE 0: the pointers relocs[i].value
   themselves; else SIZE bytes from each relocs[i].value.  */
struct mir_code_edit {
  uint8_t *base;
  size_t count;
  const MIR_code_reloc_t *relocs;
  size_t size; /* bytes */
};

/* Write all pieces or, on failure, none.  */
enum mir_code_status mir_code_edit (struct mir_code *code, const struct mir_code_edit *edit);

/* Write all pieces without opening anything and without a check.  */
void mir_code_store (const struct mir_code_edit *edit);

/* Under the lock: copy LEN > 0 bytes to ADDR in H.  */
enum mir_code_status mir_code_fill (struct mir_code *code, struct mir_code_holder *h, uint8_t *addr,
                                    const uint8_t *bytes, size_t len);

/* Whether the invariants above hold; takes the lock.  For tests and assertions.  */
int mir_code_check (struct mir_code *code);

/* From now until unwatch forks take the lock of CODE and end its generation.  0, or -1 without
   memory for it.  */
int mir_code_watch_forks (struct mir_code *code);
void mir_code_unwatch_forks (struct mir_code *code);
/* How many forks there were; pages of another generation may be shared with another process.  */
unsigned mir_code_generation (void);

#endif /* MIR_CODE_LAYER_H */
