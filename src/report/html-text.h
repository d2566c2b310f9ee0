/* Texts of the page: amounts, times, numbers in tables and paths of scopes (types.h).  */
#ifndef MIR_REPORT_HTML_TEXT_H
#define MIR_REPORT_HTML_TEXT_H

#include "report/output.h"
#include "report/types.h"

enum { HTML_TEXT_MAX = 24 /* bytes */ };

/* "12.3 KiB", exact below 1024; "4.5 ms".  Both are written to TEXT and return it.  */
const char *html_bytes_text (uint64_t bytes, char text[HTML_TEXT_MAX]);
const char *html_time_text (uint64_t ns, char text[HTML_TEXT_MAX]);

/* Write NUMBER as a cell of a table.  */
void html_write_number (struct output *output, uint64_t number);

/* Write the scopes from the outermost to NODE; of a long path only the end.  */
void html_write_path (struct output *output, const struct picture *picture, uint32_t node);

#endif /* MIR_REPORT_HTML_TEXT_H */
