/* The output of the program.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_REPORT_H
#define MIR_EXAMPLES_PACKET_FILTER_REPORT_H

#include "counting-alloc.h"
#include "runtime.h"
#include "swap.h"

struct options {
  const char *capture;
  char **filters;
  size_t filters_num;
  size_t packets;    /* to run each filter on */
  size_t rounds;     /* of timing, at most ROUNDS_MAX */
  size_t swaps;      /* of filters that a thread is running */
  int tools;         /* tell perf and gdb about the code */
  const char *trace; /* file for mir-report; NULL: none */
};

void report_help (void);
void report_capture (const struct runtime *rt, const struct options *options);
void report_filters (const struct runtime *rt, const struct options *options);
/* Which back end code memory has, and why not a better one.  */
void report_code_memory (void);
void report_swaps (const struct runtime *rt, const struct swap_result *result);
void report_counters (const struct counting_alloc *data, const struct counting_code_alloc *code);
void report_trace (const struct counting_alloc *data, const char *path);
void report_agreement (const struct options *options);

#endif /* MIR_EXAMPLES_PACKET_FILTER_REPORT_H */
