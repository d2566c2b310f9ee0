/* The three engines against each other: do they agree, how fast are they?

   The capture is repeated as often as it takes to get PACKETS packets.  */
#ifndef PACKET_FILTER_COMPARE_H
#define PACKET_FILTER_COMPARE_H

#include "runtime.h"

/* Run all engines on each packet and count the filter's matches.  Fails with a description of the
   first packet on which they disagree.  */
void compare_results (struct runtime *rt, struct filter *filter, size_t packets);

/* Time the engines on all packets, ROUNDS <= ROUNDS_MAX times.  In a round each filter and engine
   has its turn, so that whatever else the machine does hits all of them alike.  */
void compare_speed (struct runtime *rt, size_t packets, size_t rounds);

/* Packets per second in the median round.  */
double compare_median_speed (const struct filter *filter, enum engine engine, size_t packets,
                             size_t rounds);

#endif /* PACKET_FILTER_COMPARE_H */
