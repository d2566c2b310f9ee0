/* The sections of the page that are tables: scopes, stacks, sizes, lifetimes, threads.  types.h
   has the words; OUTPUT reports errors when it is closed.  */
#ifndef MIR_REPORT_HTML_TABLES_H
#define MIR_REPORT_HTML_TABLES_H

#include <stdio.h> /* FILE */

#include "report/types.h"

enum {
  HTML_ROWS_MAX = 100,     /* of a table; one more row sums up the rest */
  HTML_STACK_ROWS_MAX = 50 /* of a table of stacks */
};

void html_write_scopes (FILE *out, const struct picture *picture);
/* What is left at the end, and temporary blocks.  */
void html_write_stack_tables (FILE *out, const struct picture *picture);
void html_write_sizes (FILE *out, const struct picture *picture);
void html_write_lifetimes (FILE *out, const struct picture *picture);
void html_write_threads (FILE *out, const struct picture *picture);

#endif /* MIR_REPORT_HTML_TABLES_H */
