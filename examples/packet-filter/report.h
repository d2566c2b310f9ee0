/* What the program prints.  */
#ifndef REPORT_H
#define REPORT_H

#include "counting-alloc.h"
#include "runtime.h"

struct options {
  const char *capture;
  char **filters;
  size_t filters_num;
  size_t packets; /* to run each filter on */
  size_t rounds;  /* of timing, at most ROUNDS_MAX */
};

void report_help (void);
void report_capture (const struct runtime *rt, const struct options *options);
void report_filters (const struct runtime *rt, const struct options *options);
void report_counters (const struct counting_alloc *data, const struct counting_code_alloc *code);
void report_agreement (const struct options *options);

#endif /* REPORT_H */
