/* What becomes of a picture: a page, stacks for flame graphs, events for Chrome, numbers.  */
#ifndef PAGES_H
#define PAGES_H

#include "output.h"
#include "picture.h"

struct number {
  const char *name; /* in JSON, and MIR_stats_report_t's where that has it */
  uint64_t value;
};

enum { NUMBERS = 25 };

void get_numbers (const struct picture *picture, struct number numbers[NUMBERS]);

/* NAME is what the trace is called if it has no title.  */
void write_html (struct output *output, const struct picture *picture, const char *name);

/* "scope;scope;function BYTES" lines of all bytes that were made.  */
void write_folded (struct output *output, const struct picture *picture);

/* STREAM is the trace again, at its begin, for the scopes.  0, or -1: it has changed meanwhile.  */
int write_chrome (struct output *output, const struct picture *picture, FILE *stream);

void write_stats_text (struct output *output, const struct picture *picture, const char *name);
void write_stats_json (struct output *output, const struct picture *picture, const char *name);

/* The title, or NAME without its folder.  */
const char *picture_title (const struct picture *picture, const char *name);

#endif /* PAGES_H */
