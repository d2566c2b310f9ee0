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

#include "ucrt/crt-image.h"
#include "ucrt/nt.h"
#include "ucrt/patch.h"
#include "ucrt/threads.h"
#include "ucrt/ucrt.h"

enum {
  UCRT_ENTRIES_MAX = MIR_UCRT_FUNCTIONS_MAX / MIR_UCRT_CRTS_MAX,
  UCRT_PAGES_MAX = 2 * UCRT_ENTRIES_MAX,
  UCRT_RANGES_MAX = 512,
  UCRT_REASON_SIZE = 160
};

/* One entry which is replaced.  */
struct ucrt_patch {
  uint8_t *at; /* where the jump is written: the entry, or behind its marker */
  uint8_t *entry;
  const void *hook;
  unsigned function; /* index into ucrt_hooks */
  int distant;       /* by a relay */
  uint8_t old[UCRT_JUMP_MAX], ours[UCRT_JUMP_MAX];
};

struct ucrt_plan {
  struct ucrt_crt *crt;
  struct ucrt_image image;
  struct ucrt_span span;
  char *reason; /* UCRT_REASON_SIZE bytes, in the status */
  unsigned patches_num;
  struct ucrt_patch patches[UCRT_ENTRIES_MAX];
  void *stubs; /* NULL: none */
  unsigned ranges_num;
  struct ucrt_range ranges[UCRT_RANGES_MAX];
};

/*---------------- take-over.c: CRT was unmapped, nothing of it is looked at any more -----------------------------*/
void ucrt_forget (struct ucrt_crt *crt);

/*---------------- relays.c -----------------------------*/

/* Make relays for those patches which are DISTANT, executable and not writable; their AT is to be
   in reach.  0, or -1 with nothing allocated.  Where none is needed it sees whether this process
   may make memory executable at all: the pages of the CRT must become so again.  */
int ucrt_make_stubs (struct ucrt_plan *plan);
void ucrt_release_stubs (void *stubs);

/*---------------- family.c: fill RANGES.  0, or -1: there are too many -----------------------------*/
int ucrt_find_code_ranges (struct ucrt_plan *plan);

/*---------------- pages.c: between stop and go -----------------------------*/

/* Write the jumps of PLAN, all or none; the pages are as accessible as before.  0, or -1 with the
 * reason in PLAN.  */
int ucrt_write_jumps (struct ucrt_plan *plan);

#endif
