/* Reads a trace into a picture (types.h), in two passes.  One thread.  */
#ifndef MIR_REPORT_PICTURE_READ_H
#define MIR_REPORT_PICTURE_READ_H

#include "report/picture.h"

/* Count what is in STREAM, which is at its beginning; then, reading it again, what was live at the
   peaks.  PARTIAL: a trace that is damaged behind its head or ends too early counts up to the last
   record before that, and picture->partial is set.  STREAM may grow meanwhile.  Returns 0; or -1 with
   picture->reader.error.  */
int picture_read (struct picture *picture, FILE *stream, int partial);

#endif /* MIR_REPORT_PICTURE_READ_H */
