/* Texts of the page: amounts, times, numbers in tables and paths of scopes (types.h).  */
#ifndef MIR_REPORT_HTML_TEXT_H
#define MIR_REPORT_HTML_TEXT_H

#include <stdio.h> /* FILE */

#include "report/types.h"

enum { HTML_TEXT_MAX = 24 /* bytes */ };

/* "12.3 KiB", exact below 1024; "4.5 ms".  Both are written to TEXT and return it.  */
const char *html_bytes_text (uint64_t bytes, char text[HTML_TEXT_MAX]);
const char *html_time_text (uint64_t ns, char text[HTML_TEXT_MAX]);

/* Write BEFORE and the head of the table ID.  COLUMNS have "|" between them, and all but the first
   are for numbers; "<tbody>\n" follows the last one, here or after more columns of the caller.  */
void html_begin_table (FILE *out, const char *before, const char *id, const char *columns);
/* Write NUMBER as a cell of a table.  */
void html_write_number (FILE *out, uint64_t number);

/* Write the scopes from the outermost to NODE; of a long path only the end.  */
void html_write_path (FILE *out, const struct picture *picture, uint32_t node);

#endif /* MIR_REPORT_HTML_TEXT_H */
