/* The page of a picture (types.h): one HTML file for a browser.  */
#ifndef MIR_REPORT_HTML_H
#define MIR_REPORT_HTML_H

#include <stdio.h> /* FILE */

#include "report/types.h"

/* Write the page to OUT, whose errors are noticed when it is closed.  NAME is the title if the
   trace has none.  */
void html_write (FILE *out, const struct picture *picture, const char *name);

#endif /* MIR_REPORT_HTML_H */
