/* Compares the results and the speed of the three engines.

   The capture is repeated until there are PACKETS packets.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_COMPARE_H
#define MIR_EXAMPLES_PACKET_FILTER_COMPARE_H

#include "runtime.h"

/* Run all engines on each packet and count the filter's matches.  Fails if they disagree; the
   message has the first such packet.  */
void compare_results (struct runtime *rt, struct filter *filter, size_t packets);

/* Time the engines on all packets, ROUNDS <= ROUNDS_MAX times.  Each round runs all filters and all
   engines, so that what slows the CPU for a while affects all of them alike.  */
void compare_speed (struct runtime *rt, size_t packets, size_t rounds);

/* The packets per second of CPU time in the median round.  */
double compare_median_speed (const struct filter *filter, enum engine engine, size_t packets,
                             size_t rounds);

#endif /* MIR_EXAMPLES_PACKET_FILTER_COMPARE_H */
