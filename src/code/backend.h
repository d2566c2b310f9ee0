/* The interface of back ends: where executable pages come from, and how bytes get into them (W^X).

   pages         one mapping, executed at rx; the flip, rwx and map-jit back ends write there, too
   alias         the RW view of a dual mapping: the same memory at rw, writable, never executable;
                 accessible always, or on demand (MIR_CODE_CLOSED_ALIAS) while a span is open
   span          whole units of pages which are opened, written and closed together
   open, close   get an address where a span can be written; make what was written take effect

   A back end has no state of its own.  Calls for the same pages come one at a time.  Several spans
   may be open at once; they share no unit.  Nothing is allocated from a MIR_alloc.  On failure
   everything is as it was, and errno or GetLastError () says why; but a close which cannot change
   protections leaves the span written, and open or closed, and sets PAGES->left_open.  Pages at the level MIR_CODE_SEALED may
   keep their addresses when they are unmapped, and are never made private.  */
#ifndef MIR_CODE_BACKEND_H
#define MIR_CODE_BACKEND_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "mir-code-object.h"

enum { MIR_HUGE_PAGE = 2 * 1024 * 1024 }; /* bytes: with pages of 4096 bytes */

struct mir_pages {
  uint8_t *rx;                 /* where the code is executed; the start of the mapping */
  uint8_t *rw;                 /* the alias; NULL: none */
  size_t len;                  /* bytes, whole pages */
  unsigned generation;         /* mir_generation when they were mapped or made private */
  MIR_code_protection_t level; /* set before map */
  int landing_pads;            /* of the options; set before map */
  /* What the program may do at rx; set before map.  For MIR_CODE_READ_WRITE there is a back end of its
     own; rwx and map-jit have MIR_CODE_READ_ONLY writable.  */
  MIR_code_access_t access;
  /* Nonzero: rx, unless it is in a reserved range, and the alias go to multiples of MIR_HUGE_PAGE, if
     the system lets them; set before map.  */
  int huge;
  /* Nonzero: rx is in a reserved range, and unmap only makes it inaccessible.  A map or unmap in a
     range clears this when another thread has taken the addresses meanwhile.  */
  int reserved;
  MIR_code_alloc_t code_alloc; /* for the flip back end; set before map */
  unsigned open_spans;         /* for back ends that count them */
  int left_open;         /* a close was refused: pages may be writable although no span is open */
  size_t written;        /* all bytes from rx + written on are zero; for back ends that note it */
  uint64_t system_calls; /* made for these pages; back ends count them */
};

/* Set all members which are not set before map; every map begins with this.  AT is the place in a
   reserved range or NULL.  */
static inline void mir_pages_init (struct mir_pages *pages, size_t len, const uint8_t *at) {
  pages->rx = pages->rw = NULL;
  pages->len = len;
  pages->generation = 0;
  pages->reserved = at != NULL;
  pages->open_spans = 0;
  pages->left_open = 0;
  pages->written = 0;
  pages->system_calls = 0;
}

struct mir_backend {
  const char *name; /* for reports */
  unsigned bit;     /* MIR_CODE_ANON ... */
  unsigned levels;  /* the supported ones: 1 << MIR_CODE_OPEN_ALIAS ... */
  size_t unit;      /* bytes, a power of two: spans are whole units; 0: pages */
  /* Nonzero: an aligned word that is stored between open and close appears whole to a thread which
     runs the code meanwhile.  */
  int whole_words;
  int always_open; /* no system call to store, unless the alias is accessible on demand */
  int reservable;  /* map takes AT */
  int is_writable; /* its memory is writable at rx, that of MIR_CODE_READ_ONLY included */
  /* Nonzero: changes reach the code's pages as in any program, by stores at its own address or by
     new pages in place of the old ones, so every emulator notices them.  */
  int plain;

  /* Map LEN bytes of zeroed memory, whole pages, at the level PAGES->level, and set all other
     members of PAGES.  AT: the place, within a range of mir_os_reserve; NULL: anywhere.  */
  MIR_code_status_t (*map) (struct mir_pages *pages, size_t len, uint8_t *at);
  /* 0, or -1 when the pages are still mapped.  PAGES->reserved is 0 when they are gone but their
     addresses stay taken.  */
  int (*unmap) (struct mir_pages *pages);
  /* Set *WRITABLE to where the span [START, START + LEN) of PAGES can be read and written.  */
  MIR_code_status_t (*open) (struct mir_pages *pages, uint8_t *start, size_t len,
                             uint8_t **writable);
  MIR_code_status_t (*close) (struct mir_pages *pages, uint8_t *start, size_t len,
                              uint8_t *writable);
  /* Close what a refused close has left open, if the system lets it be: then PAGES->left_open is 0.
     No span is open.  NULL: nothing is ever left open.  */
  void (*close_again) (struct mir_pages *pages);
  /* Give memory to [START, START + LEN), whole pages without code which will be written soon, in
     one step instead of a fault per page.  Afterwards no store there is refused: a store to a page
     which the system cannot provide is a signal, not an error.  MIR_CODE_MAP_REFUSED: some of the
     pages may have memory.  NULL: pages have their memory since `map`, or are sure to get it.  */
  MIR_code_status_t (*populate) (struct mir_pages *pages, uint8_t *start, size_t len);
  /* Give the memory of [START, START + LEN), whole pages without code, back to the system; then
     they need `populate` again, whatever the result is.  Returns the bytes which the system has
     really taken, or 0 when it refuses or another process may have code there.  NULL: not
     possible.  */
  size_t (*discard) (struct mir_pages *pages, uint8_t *start, size_t len);
  /* After a fork: put memory of this process alone under PAGES.  The first USED bytes, as far as
     BACKED (backed.h) says that they have memory, are as they were; the others have no memory.
     NULL: this back end's memory is never shared between processes.  */
  MIR_code_status_t (*make_private) (struct mir_pages *pages, size_t used, const uint64_t *backed);
  /* A variant of this back end for large slabs that are filled soon: it maps them with less work,
     but demands more of the system.  NULL: none.  */
  const struct mir_backend *large;
  /* Put a huge page under PAGES, which are MIR_HUGE_PAGE bytes, mapped with `huge` set, and known to
     no other thread yet.  Afterwards all of them have memory.  0, or -1: they have small pages as
     before.  NULL: not possible.  */
  int (*collapse) (struct mir_pages *pages);
  /* Move PAGES, which are not sealed and not in a range, to TO in a reserved range, in place of what is
     mapped there, in one step.  0, or -1.  NULL: not possible.  */
  int (*move) (struct mir_pages *pages, uint8_t *to);
};

/* The back ends of all systems; each system has some of them.  */
extern const struct mir_backend mir_backend_anon, mir_backend_filled, mir_backend_memfd,
    mir_backend_tmpfile, mir_backend_section, mir_backend_map_jit, mir_backend_procmem,
    mir_backend_remap, mir_backend_rwx;
/* Writable data in a reserved range, at one address and private; never executable.  */
extern const struct mir_backend mir_backend_data;
/* The memory of a MIR_code_alloc: writable and executable at one address while a span is open, as
   that contract says.  On every system.  */
extern const struct mir_backend mir_backend_flip;

#endif /* MIR_CODE_BACKEND_H */
