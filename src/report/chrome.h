/* Trace events for chrome://tracing and ui.perfetto.dev.  */
#ifndef MIR_REPORT_CHROME_H
#define MIR_REPORT_CHROME_H

#include "report/output.h"
#include "report/types.h"

/* Write the events.  STREAM is the trace from which PICTURE was made, at its beginning: the scopes
   are read from it.  Returns 0, or -1 if the trace has changed since.  */
int chrome_write (struct output *output, const struct picture *picture, FILE *stream);

#endif /* MIR_REPORT_CHROME_H */
