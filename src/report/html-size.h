/* How large the page becomes: what is shown of the code, and how much room that leaves for stacks.
   The page has at most HTML_PAGE_MAX bytes, whatever the trace.  */
#ifndef MIR_REPORT_HTML_SIZE_H
#define MIR_REPORT_HTML_SIZE_H

#include <stddef.h> /* size_t */

#include "report/types.h"

enum { HTML_PAGE_MAX = 1000000 };

/* What is shown of the code at its peak, the first of each.  */
struct html_code {
  size_t ranges, pieces;
  size_t bytes; /* of HTML and JSON, at most */
};

struct html_code html_code_shown (const struct picture *picture);

/* How many bytes are left for the JSON of stacks in a page of PICTURE, whose style and script have
   FIXED bytes.  */
size_t html_stacks_room (const struct picture *picture, size_t fixed);

#endif /* MIR_REPORT_HTML_SIZE_H */
