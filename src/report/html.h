/* The page of a picture.  */
#ifndef MIR_REPORT_HTML_H
#define MIR_REPORT_HTML_H

#include "report/output.h"
#include "report/types.h"

/* Write the page.  NAME is the title if the trace has none.  */
void html_write (struct output *output, const struct picture *picture, const char *name);

#endif /* MIR_REPORT_HTML_H */
