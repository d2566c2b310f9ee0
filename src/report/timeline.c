/* Keeps the timeline in a fixed number of bins.  */
#include "report/timeline.h"

#include <string.h>

void timeline_init (struct timeline *timeline) {
  memset (timeline, 0, sizeof (*timeline));
  timeline->width = 1000; /* nanoseconds: bins begin with a microsecond */
  timeline->num = 1;
  timeline->bound = timeline->width;
}

void amounts_raise (struct amounts *most, const struct amounts *now) {
  if (most->live < now->live) most->live = now->live;
  if (most->code < now->code) most->code = now->code;
  if (most->mapped < now->mapped) most->mapped = now->mapped;
}

/* Join pairs of bins.  */
static void widen (struct timeline *timeline) {
  for (size_t i = 0; i < TIMELINE_BINS; i += 2) {
    struct amounts both = timeline->most[i];
    if (i + 1 < timeline->num) amounts_raise (&both, &timeline->most[i + 1]);
    timeline->most[i / 2] = both;
  }
  timeline->num = (timeline->num + 1) / 2;
  timeline->width *= 2;
}

/* Begin bins up to the one in which TIME is.  */
static void begin_bins_until (struct timeline *timeline, uint64_t time) {
  while (time / timeline->width >= TIMELINE_BINS) widen (timeline);
  while (timeline->num <= time / timeline->width)
    timeline->most[timeline->num++] = timeline->now; /* nothing happened in this bin */
  timeline->bound = timeline->num * timeline->width;
}

void timeline_set (struct timeline *timeline, uint64_t time, const struct amounts *now) {
  if (time >= timeline->bound) begin_bins_until (timeline, time);
  amounts_raise (&timeline->most[timeline->num - 1], now);
  timeline->now = *now;
}
