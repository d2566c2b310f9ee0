/* Guests for the tests, each of which does something wrong when it hoards, so that the host's verdict is seen.  */
#include "guest.h"

#include <string.h>

static enum guest_result right (struct room *room) {
  (void) room;
  return GUEST_DONE;
}

static void nothing (struct room *room) {
  (void) room;
}

/* Never frees a block.  */
static enum guest_result leak (struct room *room) {
  return MIR_malloc (room->alloc, 100) != NULL ? guest_says (room, GUEST_REFUSED, "no reason")
                                               : GUEST_WRONG;
}

/* Writes behind a block.  */
static enum guest_result overrun (struct room *room) {
  char *block = (char *) MIR_malloc (room->alloc, 100);
  if (block == NULL) return GUEST_WRONG;
  memset (block, 0, 101);
  MIR_free (room->alloc, block);
  return guest_says (room, GUEST_REFUSED, "no reason");
}

/* Has a wrong result.  */
static enum guest_result fail (struct room *room) {
  return guest_says (room, GUEST_WRONG, "one and one is three");
}

/* Asks for more than its margin.  */
static enum guest_result ask (struct room *room) {
  void *block = MIR_malloc (room->alloc, room->house->bytes);
  return block == NULL ? guest_says (room, GUEST_STOPPED, "no reason") : GUEST_WRONG;
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
