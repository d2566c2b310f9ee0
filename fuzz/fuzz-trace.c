/* A fuzz target for mir-report: its reader, the picture and all outputs.  Any bytes give a picture
   or an error of one line, and all memory is freed.  Linux.  */
#define _GNU_SOURCE /* fmemopen */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/chrome.h"
#include "report/folded.h"
#include "report/html.h"
#include "report/picture-read.h"
#include "report/report-alloc.h"
#include "report/stats.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static FILE *nowhere;

static void need (int condition, const char *what) {
  if (condition) return;
  fprintf (stderr, "fuzz-trace: %s\n", what);
  abort ();
}

static void write_all_outputs (const struct picture *picture, FILE *stream) {
  html_write (nowhere, picture, NULL, "x/y", NULL);
  folded_write (nowhere, picture);
  stats_write_text (nowhere, picture, "x/y");
  stats_write_json (nowhere, picture, "x/y");
  html_write (nowhere, picture, picture, "x/y", "x/old");
  folded_compare (nowhere, picture, picture);
  stats_compare_text (nowhere, picture, "x/y", picture, "z");
  stats_compare_json (nowhere, picture, "x/y", picture, "z");
  need (chrome_write (nowhere, picture, stream) == 0, "the same trace cannot be read a third time");
}

/* The sums in the tables of the page.  */
static void check_numbers (const struct picture *picture) {
  const struct totals *t = &picture->totals;
  uint64_t made = 0, made_bytes = 0, live = 0;
  for (int i = 0; i < PICTURE_CLASSES; i++) {
    made += picture->classes[i].made;
    made_bytes += picture->classes[i].made_bytes;
    live += picture->classes[i].live;
  }
  need (made == t->made.blocks && made_bytes == t->made.bytes && live == t->live.blocks,
        "blocks by size are not all blocks");
  need (t->peak.bytes >= t->live.bytes, "more is live than was at the peak");
}

static int read_trace (FILE *stream, int partial) {
  struct picture picture;
  int result;
  picture_init (&picture, report_alloc);
  result = picture_read (&picture, stream, partial);
  if (result == 0) {
    check_numbers (&picture);
    write_all_outputs (&picture, stream);
  } else {
    need (strncmp (picture.reader.error, "byte ", 5) == 0, "an error without a place");
  }
  picture_finish (&picture);
  return result;
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  FILE *stream;
  if (size == 0) return 0; /* fmemopen refuses no bytes */
  if (nowhere == NULL) nowhere = fopen ("/dev/null", "w");
  stream = fmemopen ((void *) (uintptr_t) data, size, "rb");
  need (nowhere != NULL && stream != NULL, "no stream");
  if (read_trace (stream, 0) != 0 && fseek (stream, 0, SEEK_SET) == 0) read_trace (stream, 1);
  fclose (stream);
  return 0;
}
