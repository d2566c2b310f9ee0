/* The memory of each guest, in one context, under one limit.

       guest ──► statistics ──► checking ──► zone ─┐
       guest ──► statistics ──► checking ──► zone ─┼─► the context's allocator: limit ──► trace ──► default heap
       the context's own blocks ───────────────────┘

   guest     a library that takes its memory from this program: guest.h
   memory    of one guest, a heap of its own: its zone ends as a whole, and is what the limit counts;
             the statistics count what the guest has asked for
   checking  only if it is wanted: finds what the guest does wrong with its blocks, and what it leaves
   free      what the limit still allows, for all guests together

   The trace has the guest's name as the scope of all that it does, and below it what it is doing;
   so it knows who owns what.  One thread.  */
#ifndef MIR_EXAMPLES_HOST_MEMORY_H
#define MIR_EXAMPLES_HOST_MEMORY_H

#include <stddef.h> /* size_t */

#include "mir-heap.h"
#include "mir-trace.h"
#include "mir.h"

/* What the memory of all guests is made from.  */
struct shared {
  size_t bytes; /* the limit */
  int is_checked;
  MIR_limit_t limit;
  MIR_trace_t trace; /* NULL: none */
  MIR_context_t ctx;
};

struct memory {
  struct shared *shared;
  MIR_zone_t zone;
  MIR_checking_t checking; /* NULL: none */
  MIR_stats_t stats;
  MIR_alloc_t alloc; /* what the guest gets */
  char why[200];     /* the guest's own words for its last failure */
};

/* Make SHARED with a limit of BYTES, traced into the file TRACE unless that is NULL, and with checks in
   each memory if IS_CHECKED.  NULL, or why it cannot be; then there is nothing to finish, no new trace
   is left, and IS_OF_TRACE says whether TRACE itself could not be.  */
const char *shared_open (struct shared *shared, size_t bytes, const char *trace, int is_checked,
                         int *is_of_trace);
/* The memory of every guest is closed.  LIVE: the bytes that are live after the context has ended,
   which should be none.  NULL, or why the trace is not whole.  */
const char *shared_close (struct shared *shared, size_t *live);
/* Bytes that the limit still allows.  */
size_t shared_free (const struct shared *shared);

/* Make MEMORY in SHARED.  NULL, or why it cannot be; then there is nothing to close.  */
const char *memory_open (struct memory *memory, struct shared *shared);
/* End MEMORY with all its blocks; its numbers go into REPORT.  Returns the findings of the checks, which
   were printed, with the guest's name.  */
size_t memory_close (struct memory *memory, MIR_stats_report_t *report);
/* From here on all blocks are those of GUEST, which does WHAT; until memory_leave.  The strings are
   static.  */
void memory_enter (struct memory *memory, const char *guest, const char *what);
void memory_leave (struct memory *memory);

#endif /* MIR_EXAMPLES_HOST_MEMORY_H */
