/* The plan of one take-over, which its steps share.  Everything that can fail comes before the
   first byte is written, or is undone.

     collect, examine   names to entries, and the jumps to write   take-over.c
     stubs              memory near the CRT, if its jumps need it  stubs.c
     ranges             the code that no thread may be in          code-ranges.c
     stop               the other threads, until none is in it     threads.c
     write              pages writable, jumps, pages as before     pages.c
     resume             the other threads                          threads.c

   One thread at a time: under the loader lock until the loader notifies us of DLLs, then under the
   lock under which it does so.  Threads are stopped only for a CRT that runs, thus under the loader
   lock alone.  */

#ifndef MIR_UCRT_PLAN_H
#define MIR_UCRT_PLAN_H

#include "mir-ucrt.h"
#include "ucrt/crt-calls.h"
#include "ucrt/crt-image.h"
#include "ucrt/patch.h"
#include "ucrt/stacks.h" /* struct ucrt_range */

enum {
  UCRT_ENTRIES_MAX = MIR_UCRT_FUNCTIONS_MAX / MIR_UCRT_CRTS_MAX,
  UCRT_RANGES_MAX = 512,
  UCRT_REASON_SIZE = 160
};

/* One entry that is replaced.  */
struct ucrt_patch {
  uint8_t *at;    /* where the jump goes: the entry, or behind its marker */
  uint8_t *entry; /* the address that the export leads to */
  const void *hook;
  unsigned function; /* index into ucrt_hooks */
  int distant;       /* 1: the jump does not reach the hook and needs a jump stub */
  uint8_t old[UCRT_JUMP_MAX], ours[UCRT_JUMP_MAX]; /* jump_size bytes: before, and the jump */
};

struct ucrt_plan {
  struct ucrt_crt *crt;
  struct ucrt_image image;
  struct ucrt_span span; /* the image's bytes */
  char *reason;          /* UCRT_REASON_SIZE bytes, in the status */
  unsigned patches_num;
  struct ucrt_patch patches[UCRT_ENTRIES_MAX];
  void *stubs; /* NULL: none */
  unsigned ranges_num;
  struct ucrt_range ranges[UCRT_RANGES_MAX];
};

#endif
