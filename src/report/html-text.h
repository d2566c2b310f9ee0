/* Texts of the page: amounts, times, numbers in tables and paths of scopes (types.h).  */
#ifndef MIR_REPORT_HTML_TEXT_H
#define MIR_REPORT_HTML_TEXT_H

#include <stddef.h> /* size_t */
#include <stdio.h>  /* FILE */

#include "report/types.h"

enum {
  HTML_TEXT_MAX = 24,  /* bytes */
  HTML_NAME_MAX = 200, /* bytes of a name; longer ones are cut */
  /* Bytes of HTML that html_write_path and html_write_stack write at most.  */
  HTML_PATH_MAX = 400,
  HTML_STACK_MAX = 1000
};

/* "12.3 KiB", exact below 1024; "4.5 ms".  Both are written to TEXT and return it.  */
const char *html_bytes_text (uint64_t bytes, char text[HTML_TEXT_MAX]);
const char *html_time_text (uint64_t ns, char text[HTML_TEXT_MAX]);

/* Write BEFORE and the head of the table ID.  COLUMNS have "|" between them, and all but the first
   are for numbers; "<tbody>\n" follows the last one, here or after more columns of the caller.  */
void html_begin_table (FILE *out, const char *before, const char *id, const char *columns);
/* Write NUMBER as a cell of a table.  */
void html_write_number (FILE *out, uint64_t number);

/* Set NAME to the name of NODE, cut to at most MOST bytes of HTML and HTML_NAME_MAX bytes, with
   dots if it is longer.  Returns how many bytes it has at most as HTML.  */
size_t html_short_name (const struct picture *picture, uint32_t node, size_t most,
                        char name[HTML_NAME_MAX + 4]);
/* Write the scopes from the outermost to NODE; of a long path only the end.  */
void html_write_path (FILE *out, const struct picture *picture, uint32_t node);
/* Write the frames of NODE from the innermost outwards, then the scopes that they are in; of a long
   stack only the beginning.  */
void html_write_stack (FILE *out, const struct picture *picture, uint32_t node);

#endif /* MIR_REPORT_HTML_TEXT_H */
