/* Trace events for chrome://tracing and ui.perfetto.dev, made of a picture and its trace
   (types.h).  */
#ifndef MIR_REPORT_CHROME_H
#define MIR_REPORT_CHROME_H

#include <stdio.h> /* FILE */

#include "report/types.h"

/* Write the events.  STREAM is the trace from which PICTURE was made, at its beginning: the scopes
   are read from it.  Returns 0, or -1 if the trace has changed since.  */
int chrome_write (FILE *out, const struct picture *picture, FILE *stream);

#endif /* MIR_REPORT_CHROME_H */
