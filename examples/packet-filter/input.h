/* A whole file in memory.  */
#ifndef PACKET_FILTER_INPUT_H
#define PACKET_FILTER_INPUT_H

#include <stdio.h>

#include "containers.h"

struct input {
  FILE *stream; /* open only while it is read */
  VARR (uint8_t) *bytes;
};

/* Replace the bytes of IN, all zero at first, by those of the file PATH.  Fails when the file
   cannot be read or memory is refused; IN is to be finished in any case.  */
void input_read (struct input *in, MIR_alloc_t alloc, const char *path);
void input_finish (struct input *in);

/* What is behind the last / of PATH, or on Windows what else ends a folder.  */
const char *base_name (const char *path);

#endif /* PACKET_FILTER_INPUT_H */
