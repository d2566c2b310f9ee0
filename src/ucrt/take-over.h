/* The steps of taking one CRT over.  Everything that can fail comes before the first byte is
   written, or is undone.

     collect   names to entries, and what is written there   (take-over.c)
     relays    memory near the CRT, if its jumps need it      (stubs.c)
     family    the code which no thread may be in             (family.c)
     stop      the other threads, until none is in it         (threads.c)
     write     pages writable, jumps, pages as before         (pages.c)
     go

   One thread at a time: under the loader lock, until the loader tells us of DLLs; then under the
   lock under which it does that.  Threads are stopped for a CRT that runs, so under the loader lock
   alone.  */

#ifndef MIR_UCRT_TAKE_OVER_H
#define MIR_UCRT_TAKE_OVER_H

#include "crt-image.h"
#include "nt.h"
#include "patch.h"
#include "threads.h"
#include "ucrt.h"

enum {
  UCRT_ENTRIES_MAX = MIR_UCRT_FUNCTIONS_MAX / MIR_UCRT_CRTS_MAX,
  UCRT_PAGES_MAX = 2 * UCRT_ENTRIES_MAX,
  UCRT_RANGES_MAX = 512,
  UCRT_REASON_SIZE = 160
};

/* One entry which is replaced.  */
typedef struct {
  uint8_t *at; /* where the jump is written: the entry, or behind its marker */
  uint8_t *entry;
  const void *hook;
  unsigned function; /* index into ucrt_hooks */
  int distant;       /* by a relay */
  uint8_t old[UCRT_JUMP_MAX], ours[UCRT_JUMP_MAX];
} ucrt_patch_t;

typedef struct {
  ucrt_crt_t *crt;
  ucrt_image_t image;
  ucrt_span_t span;
  char *reason; /* UCRT_REASON_SIZE bytes, in the status */
  unsigned patches_num;
  ucrt_patch_t patches[UCRT_ENTRIES_MAX];
  void *stubs; /* NULL: none */
  unsigned ranges_num;
  ucrt_range_t ranges[UCRT_RANGES_MAX];
} ucrt_plan_t;

/* --- take-over.c: CRT was unmapped, nothing of it is looked at any more.  */
void ucrt_forget (ucrt_crt_t *crt);

/* --- relays.c.  */

/* Make relays for those patches which are DISTANT, executable and not writable; their AT is to be
   in reach.  0, or -1 with nothing allocated.  Where none is needed it sees whether this process
   may make memory executable at all: the pages of the CRT must become so again.  */
int ucrt_make_stubs (ucrt_plan_t *plan);
void ucrt_release_stubs (void *stubs);

/* --- family.c: fill RANGES.  0, or -1: there are too many.  */
int ucrt_find_code_ranges (ucrt_plan_t *plan);

/* --- pages.c: between stop and go.  */

/* Write the jumps of PLAN, all or none; the pages are as accessible as before.  0, or -1 with the
 * reason in PLAN.  */
int ucrt_write_jumps (ucrt_plan_t *plan);

#endif
