/* Trace events for chrome://tracing and ui.perfetto.dev, made of a picture and its trace
   (types.h).  */
#ifndef MIR_REPORT_CHROME_H
#define MIR_REPORT_CHROME_H

#include <stdio.h> /* FILE */

#include "report/types.h"

/* Write the events that PICTURE has counted.  The scopes are read from STREAM, the trace from which
   PICTURE was made.  Returns 0, or -1 if it does not have these events any more.  */
int chrome_write (FILE *out, const struct picture *picture, FILE *stream);

#endif /* MIR_REPORT_CHROME_H */
