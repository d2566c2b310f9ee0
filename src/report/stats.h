/* The numbers of a picture.  */
#ifndef MIR_REPORT_STATS_H
#define MIR_REPORT_STATS_H

#include "report/output.h"
#include "report/types.h"

struct stats_number {
  const char *name; /* as in JSON; the name in MIR_stats_report_t if that has the number */
  uint64_t value;
};

enum { STATS_NUMBERS = 25 };

void stats_get (const struct picture *picture, struct stats_number numbers[STATS_NUMBERS]);

/* NAME is the title of a trace without one.  */
void stats_write_text (struct output *output, const struct picture *picture, const char *name);
void stats_write_json (struct output *output, const struct picture *picture, const char *name);

#endif /* MIR_REPORT_STATS_H */
