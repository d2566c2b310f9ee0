/* The tables of the page below the charts over time (types.h: bin, layer).  Errors of OUT are
   noticed when it is closed.  */
#ifndef MIR_REPORT_HTML_TIMES_H
#define MIR_REPORT_HTML_TIMES_H

#include <stdio.h> /* FILE */

#include "report/types.h"

void html_write_live_times (FILE *out, const struct picture *picture);
void html_write_code_times (FILE *out, const struct picture *picture);

#endif /* MIR_REPORT_HTML_TIMES_H */
