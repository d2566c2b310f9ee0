/* How much was live over time, in bins which grow wider as time passes.  */
#ifndef MIR_REPORT_TIMELINE_H
#define MIR_REPORT_TIMELINE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

enum { TIMELINE_BINS = 1024 /* even */ };

/* Bytes.  */
struct amounts {
  uint64_t live; /* blocks */
  uint64_t code; /* published */
  uint64_t mapped;
};

struct timeline {
  uint64_t width; /* nanoseconds of a bin */
  size_t num;     /* bins which have begun; the last one is going on */
  struct amounts now;
  struct amounts most[TIMELINE_BINS]; /* at any time within the bin, its begin included */
};

void timeline_init (struct timeline *timeline);
/* At TIME, not before the last call's, the amounts change to NOW.  */
void timeline_set (struct timeline *timeline, uint64_t time, const struct amounts *now);

#endif /* MIR_REPORT_TIMELINE_H */
