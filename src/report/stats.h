/* The numbers of a picture, which is what a trace says about a program's memory: a fixed list, as
   text and as JSON, of one picture or of two.  types.h explains the terms.  One thread.  */
#ifndef MIR_REPORT_STATS_H
#define MIR_REPORT_STATS_H

#include <stdio.h> /* FILE */

#include "report/types.h"

struct stats_number {
  const char *name; /* as in JSON; the name in MIR_stats_report_t if that has the number */
  uint64_t value;
};

enum { STATS_NUMBERS = 25 }; /* rows of stats_get */

/* Set NUMBERS to all of them, in the order in which they are shown.  */
void stats_get (const struct picture *picture, struct stats_number numbers[STATS_NUMBERS]);

/* Write them to OUT, whose errors are noticed when it is closed.  NAME is the title of a trace
   without one.  */
void stats_write_text (FILE *out, const struct picture *picture, const char *name);
void stats_write_json (FILE *out, const struct picture *picture, const char *name);

/* Write those of the older picture OLD, those of PICTURE and, as text, the differences.  */
void stats_compare_text (FILE *out, const struct picture *picture, const char *name,
                         const struct picture *old, const char *old_name);
void stats_compare_json (FILE *out, const struct picture *picture, const char *name,
                         const struct picture *old, const char *old_name);

#endif /* MIR_REPORT_STATS_H */
