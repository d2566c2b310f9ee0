/* Back ends: where executable pages come from, and how bytes get into them.

   pages     one mapping: executed at rx, never writable there except for the vtable back end
   alias     a second mapping of the same memory, writable, never executable
   open      get an address at which a run of pages can be written;  close: make it take effect

   A back end has no state of its own.  The caller's lock is held in all functions but map; nothing
   is allocated from a MIR_alloc.  On failure everything is as it was, except that a failed close of
   the vtable back end leaves the run written, and open or closed.  */
#ifndef MIR_CODE_BACKEND_H
#define MIR_CODE_BACKEND_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "mir-code-alloc.h"

enum mir_code_status {
  MIR_CODE_OK,
  MIR_CODE_NO_MEMORY,     /* the general allocator refused */
  MIR_CODE_MAP_REFUSED,   /* no executable pages */
  MIR_CODE_WRITE_REFUSED, /* pages could not be opened or closed */
  MIR_CODE_TOO_LARGE,     /* a size that no address space has */
  MIR_CODE_NOT_OURS,      /* an address where no published code is */
  MIR_CODE_TAKEN          /* the asked-for place is not free any more */
};

struct mir_pages {
  uint8_t *rx;
  uint8_t *rw;         /* the alias; NULL: there is none */
  size_t len;          /* bytes, whole pages */
  unsigned generation; /* of fork.c, when they were mapped or made private */
};

struct mir_backend {
  const char *name;
  /* LEN bytes of zeroed memory, whole pages.  */
  enum mir_code_status (*map) (struct mir_pages *pages, size_t len, MIR_code_alloc_t code_alloc);
  /* 0, or -1 when the pages are still there.  */
  int (*unmap) (struct mir_pages *pages, MIR_code_alloc_t code_alloc);
  /* Set *WRITABLE to where [START, START + LEN), whole pages of PAGES, can be read and written.  */
  enum mir_code_status (*open) (struct mir_pages *pages, uint8_t *start, size_t len,
                                MIR_code_alloc_t code_alloc, uint8_t **writable);
  enum mir_code_status (*close) (struct mir_pages *pages, uint8_t *start, size_t len,
                                 MIR_code_alloc_t code_alloc, uint8_t *writable);
  /* After a fork: memory of this process alone under PAGES, with the first USED bytes as they were.
     NULL: this back end's memory is never shared between processes.  */
  enum mir_code_status (*make_private) (struct mir_pages *pages, size_t used);
};

/* A MIR_code_alloc of the user's: pages become writable and executable at one address while they
   are open, as that contract says.  The others ignore their argument CODE_ALLOC.  */
extern const struct mir_backend mir_backend_vtable;

/* The system's, best first, up to a NULL.  */
extern const struct mir_backend *const mir_backends[];
/* What to take when none of them works; NULL: nothing.  */
extern const struct mir_backend *const mir_backend_fallback;

/* The first of mir_backends that works here, seen by running code in its memory, changing it and
   running it again; else the fallback.  Any thread; lock-free; remembers what it found.  */
const struct mir_backend *mir_backend_probe (void);

#endif /* MIR_CODE_BACKEND_H */
