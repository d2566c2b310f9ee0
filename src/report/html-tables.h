/* The sections of the page that are tables: scopes, sizes, lifetimes, threads.  types.h has the
   words; OUTPUT reports errors when it is closed.  */
#ifndef MIR_REPORT_HTML_TABLES_H
#define MIR_REPORT_HTML_TABLES_H

#include <stdio.h> /* FILE */

#include "report/types.h"

void html_write_scopes (FILE *out, const struct picture *picture);
void html_write_sizes (FILE *out, const struct picture *picture);
void html_write_lifetimes (FILE *out, const struct picture *picture);
void html_write_threads (FILE *out, const struct picture *picture);

#endif /* MIR_REPORT_HTML_TABLES_H */
