/* Rooms: the memory of each guest, in one context, under one limit.

       guest ──► statistics ──► checking ──► zone ─┐
       guest ──► statistics ──► checking ──► zone ─┼─► the context's allocator: limit ──► trace ──► default heap
       the context's own blocks ───────────────────┘

   guest     a library that takes its memory from this program: guest.h
   room      the memory of one guest, a heap of its own: its zone ends as a whole, and is what the
             limit counts; the statistics count what the guest has asked for
   checking  only if it is wanted: finds what the guest does wrong with its blocks, and what it leaves
   free      what the limit still allows, for all guests together

   The trace has the guest's name as the scope of all that happens in its room, and below it what the
   guest is doing; so it knows who owns what.  One thread.  */
#ifndef MIR_EXAMPLES_HOST_ROOM_H
#define MIR_EXAMPLES_HOST_ROOM_H

#include <stddef.h> /* size_t */

#include "mir-heap.h"
#include "mir-trace.h"
#include "mir.h"

/* What all rooms share.  */
struct house {
  size_t bytes; /* the limit */
  int is_checked;
  MIR_limit_t limit;
  MIR_trace_t trace; /* NULL: none */
  MIR_context_t ctx;
};

struct room {
  struct house *house;
  MIR_zone_t zone;
  MIR_checking_t checking; /* NULL: none */
  MIR_stats_t stats;
  MIR_alloc_t alloc; /* what the guest gets */
  char why[200];     /* the guest's own words for its last failure */
};

/* Make HOUSE with a limit of BYTES, traced into the file TRACE unless that is NULL, and with checks in
   the rooms if IS_CHECKED.  NULL, or why it cannot be; then there is nothing to finish, no new trace
   is left, and IS_OF_TRACE says whether TRACE itself could not be.  */
const char *house_open (struct house *house, size_t bytes, const char *trace, int is_checked,
                        int *is_of_trace);
/* Every room is closed.  LIVE: the bytes that are live after the context has ended, which should be
   none.  NULL, or why the trace is not whole.  */
const char *house_close (struct house *house, size_t *live);
/* Bytes that the limit still allows.  */
size_t house_free (const struct house *house);

/* Make ROOM in HOUSE.  NULL, or why it cannot be; then there is nothing to close.  */
const char *room_open (struct room *room, struct house *house);
/* End ROOM with all its blocks; its numbers go into REPORT.  Returns the findings of the checks, which
   were printed, with the guest's name.  */
size_t room_close (struct room *room, MIR_stats_report_t *report);
/* From here on all blocks are those of GUEST, which does WHAT; until room_leave.  The strings are
   static.  */
void room_enter (struct room *room, const char *guest, const char *what);
void room_leave (struct room *room);

#endif /* MIR_EXAMPLES_HOST_ROOM_H */
