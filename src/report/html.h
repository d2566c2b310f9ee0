/* The page of a picture (types.h): one HTML file for a browser.  */
#ifndef MIR_REPORT_HTML_H
#define MIR_REPORT_HTML_H

#include "report/output.h"
#include "report/types.h"

/* Write the page to OUTPUT, which reports errors when it is closed.  NAME is the title of a trace
   without one.  */
void html_write (struct output *output, const struct picture *picture, const char *name);

#endif /* MIR_REPORT_HTML_H */
