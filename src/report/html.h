/* The page of a picture (types.h): one HTML file for a browser.  */
#ifndef MIR_REPORT_HTML_H
#define MIR_REPORT_HTML_H

#include <stdio.h> /* FILE */

#include "report/types.h"

/* Write the page to OUT, whose errors are noticed when it is closed; a comparison with OLD unless
   that is NULL.  NAME and OLD_NAME, NULL without OLD, are the titles of traces that have none; of
   paths their last part.  */
void html_write (FILE *out, const struct picture *picture, const struct picture *old,
                 const char *name, const char *old_name);

#endif /* MIR_REPORT_HTML_H */
