/* What the parts of the page share.  */
#ifndef HTML_H
#define HTML_H

#include "pages.h"

/* "12.3 KiB", "4.5 ms", in TEXT.  */
const char *html_bytes_text (uint64_t bytes, char text[24]);
const char *html_time_text (uint64_t ns, char text[24]);

/* The scopes from the outermost inwards; of a long path the end.  */
void html_write_path (struct output *output, const struct picture *picture, uint32_t node);

/* Below the charts over time, what they show.  */
void html_write_live_times (struct output *output, const struct picture *picture);
void html_write_code_times (struct output *output, const struct picture *picture);

/* A section each.  */
void html_write_names (struct output *output, const struct picture *picture);
void html_write_sizes (struct output *output, const struct picture *picture);
void html_write_lifetimes (struct output *output, const struct picture *picture);
void html_write_threads (struct output *output, const struct picture *picture);

#endif /* HTML_H */
