/* How much was live over time, in bins that grow wider as time passes: when all are used, pairs are
   joined, so their number is even.  One thread.  */
#ifndef MIR_REPORT_TIMELINE_H
#define MIR_REPORT_TIMELINE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

enum { TIMELINE_BINS = 1024 /* even */ };

/* Live bytes.  */
struct amounts {
  uint64_t live;   /* blocks */
  uint64_t code;   /* published */
  uint64_t mapped; /* for code */
};

struct timeline {
  uint64_t width;                     /* nanoseconds of a bin */
  size_t num;                         /* bins that have begun; the last one is not over */
  uint64_t bound;                     /* the end of the last one, nanoseconds */
  struct amounts now;                 /* as last set */
  struct amounts most[TIMELINE_BINS]; /* at any time in the bin, its beginning included */
};

/* Raise each amount in MOST to the one in NOW if that is higher.  */
void amounts_raise (struct amounts *most, const struct amounts *now);

void timeline_init (struct timeline *timeline);
/* The amounts change to NOW at TIME, which is not before the TIME of the call before.  */
void timeline_set (struct timeline *timeline, uint64_t time, const struct amounts *now);

#endif /* MIR_REPORT_TIMELINE_H */
