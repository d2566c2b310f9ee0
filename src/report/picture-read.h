/* Reads a trace into a picture (types.h), in two passes.  One thread.  */
#ifndef MIR_REPORT_PICTURE_READ_H
#define MIR_REPORT_PICTURE_READ_H

#include "report/picture.h"

/* Count what is in STREAM, which is at its beginning; then, reading it again, what was live at the
   peaks.  PARTIAL: a trace that only ends too early is no error.  Returns 0; or -1 with
   picture->reader.error.  */
int picture_read (struct picture *picture, FILE *stream, int partial);

#endif /* MIR_REPORT_PICTURE_READ_H */
