/* Back ends: where executable pages come from, and how bytes get into them.

   pages     one mapping: executed at rx, never writable there except for the flip and rwx back ends
   alias     a second mapping of the same memory, writable, never executable
   open      get an address at which a run of pages can be written;  close: make it take effect

   A back end has no state of its own.  Calls for the same pages come one at a time, but several
   runs may be open, which share no unit; nothing is allocated from a MIR_alloc.  On failure
   everything is as it was and errno or GetLastError () says why, except that a close which cannot
   change protections leaves the run written, and open or closed.  SEALED pages may be unmapped and
   yet keep their addresses, and are never made private.  */
#ifndef MIR_CODE_BACKEND_H
#define MIR_CODE_BACKEND_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "mir-code.h"

struct mir_pages {
  uint8_t *rx;
  uint8_t *rw;                 /* the alias; NULL: there is none */
  size_t len;                  /* bytes, whole pages */
  unsigned generation;         /* of fork.c, when they were mapped or made private */
  MIR_code_protection_t level; /* how well protected */
  int reserved; /* rx is within a reserved range and becomes inaccessible again; false after a map
                   or unmap in one: another thread has got the addresses meanwhile */
  MIR_code_alloc_t code_alloc; /* of the flip back end */
  unsigned open_runs;          /* between open and close, where that is of interest */
  size_t written;              /* bytes from rx on, behind which all are zero; the same */
  uint64_t system_calls;       /* made for these pages; back ends count them */
};

/* What every map begins with: all but level and code_alloc.  */
static inline void mir_pages_init (struct mir_pages *pages, size_t len, const uint8_t *at) {
  pages->rx = pages->rw = NULL;
  pages->len = len;
  pages->generation = 0;
  pages->reserved = at != NULL;
  pages->open_runs = 0;
  pages->written = 0;
  pages->system_calls = 0;
}

/* How many forks there were (fork.c): pages of another generation may be shared with another
   process.  */
unsigned mir_generation (void);

struct mir_backend {
  const char *name;
  unsigned bit;    /* MIR_CODE_ANON ... */
  unsigned levels; /* which it has: 1 << MIR_CODE_OPEN_ALIAS ... */
  size_t unit;     /* bytes: open takes runs of whole ones; a power of two; 0: pages */
  int whole_words; /* an aligned word stored between open and close is seen whole by threads which
                      run it */
  int always_open; /* unless the alias is closed, bytes are stored without a system call */
  int reservable;  /* map takes AT */
  /* LEN bytes of zeroed memory, whole pages, of PAGES->level and by PAGES->code_alloc: these two
     are set, the rest is to be.  AT: the place, within a range of mir_os_reserve; NULL: anywhere.
   */
  MIR_code_status_t (*map) (struct mir_pages *pages, size_t len, uint8_t *at);
  /* 0, or -1 when the pages are still there.  PAGES->reserved is 0 when they are gone but keep
     their addresses.  */
  int (*unmap) (struct mir_pages *pages);
  /* Set *WRITABLE to where [START, START + LEN), whole units of PAGES, can be read and written.  */
  MIR_code_status_t (*open) (struct mir_pages *pages, uint8_t *start, size_t len,
                             uint8_t **writable);
  MIR_code_status_t (*close) (struct mir_pages *pages, uint8_t *start, size_t len,
                              uint8_t *writable);
  /* Provide memory for [START, START + LEN), whole pages which will be written soon, in one step
     instead of page by page.  Only a hint.  NULL: there is nothing to gain.  */
  void (*populate) (struct mir_pages *pages, uint8_t *start, size_t len);
  /* Give the memory of [START, START + LEN), whole pages in which no code is, back to the system.
     Bytes given back; 0: it was refused, or another process may have code there.  NULL: this cannot
     be done.  */
  size_t (*discard) (struct mir_pages *pages, uint8_t *start, size_t len);
  /* After a fork: memory of this process alone under PAGES, with the first USED bytes as they were.
     NULL: this back end's memory is never shared between processes.  */
  MIR_code_status_t (*make_private) (struct mir_pages *pages, size_t used);
  const struct mir_backend *large; /* what maps large pages that are used soon with less work, but
                                      needs more of the system; NULL: nothing does */
};

/* A MIR_code_alloc of the user's: pages become writable and executable at one address while they
   are open, as that contract says.  */
extern const struct mir_backend mir_backend_flip;

/* The system's, best first, up to a NULL.  */
extern const struct mir_backend *const mir_backends[];
/* What to take with the default MIR_code_alloc when none of them works and MIR_CODE_FLIP is
   allowed; NULL: nothing.  */
extern const struct mir_backend *const mir_backend_fallback;
extern const MIR_code_alloc_t mir_backend_fallback_alloc; /* the default one; NULL: no fallback */

/* The first of mir_backends in the mask ALLOWED that has LEVEL and works here, seen by running code
   in its memory, changing it and running it again; else the fallback; else NULL.  REPORT, if not
   NULL, gets the verdicts.  Any thread.  */
const struct mir_backend *mir_backend_probe (unsigned allowed, MIR_code_protection_t level,
                                             MIR_code_report_t *report);
/* The same with a mask of 0, meaning the default, and OPEN_ALIAS, remembered from the first time on
   until FORGET.  Lock-free.  */
const struct mir_backend *mir_backend_default (void);
void mir_backend_forget (void);
/* BACKEND->large if it works here, else NULL.  Remembered likewise.  */
const struct mir_backend *mir_backend_large (const struct mir_backend *backend);

#endif /* MIR_CODE_BACKEND_H */
