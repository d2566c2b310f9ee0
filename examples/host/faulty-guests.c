/* Guests for the tests, each of which does something wrong when it hoards, so that the host's verdict is seen.  */
#include "guest.h"

#include <string.h>

static enum guest_result right (struct memory *memory) {
  (void) memory;
  return GUEST_DONE;
}

static void nothing (struct memory *memory) {
  (void) memory;
}

/* Never frees a block.  */
static enum guest_result leak (struct memory *memory) {
  return MIR_malloc (memory->alloc, 100) != NULL ? guest_says (memory, GUEST_REFUSED, "no reason")
                                                 : GUEST_WRONG;
}

/* Writes behind a block.  */
static enum guest_result overrun (struct memory *memory) {
  char *block = (char *) MIR_malloc (memory->alloc, 100);
  if (block == NULL) return GUEST_WRONG;
  memset (block, 0, 101);
  MIR_free (memory->alloc, block);
  return guest_says (memory, GUEST_REFUSED, "no reason");
}

/* Has a wrong result.  */
static enum guest_result fail (struct memory *memory) {
  return guest_says (memory, GUEST_WRONG, "one and one is three");
}

/* Asks for more than its margin.  */
static enum guest_result ask (struct memory *memory) {
  void *block = MIR_malloc (memory->alloc, memory->shared->bytes);
  return block == NULL ? guest_says (memory, GUEST_STOPPED, "no reason") : GUEST_WRONG;
}

#define GUEST(NAME, HOARD, MARGIN)                     \
  const struct guest NAME##_guest = {.name = #NAME,    \
                                     .version = "0",   \
                                     .margin = MARGIN, \
                                     .start = right,   \
                                     .work = right,    \
                                     .hoard = HOARD,   \
                                     .drop = nothing,  \
                                     .stop = nothing}

GUEST (lua, leak, 0);
GUEST (quickjs, right, 0);
GUEST (sqlite, fail, 0);
GUEST (zstd, overrun, 0);
GUEST (openssl, ask, 1000);
