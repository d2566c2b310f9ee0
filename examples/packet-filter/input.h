/* A whole file in memory.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_INPUT_H
#define MIR_EXAMPLES_PACKET_FILTER_INPUT_H

#include <stdio.h>

#include "containers.h"

struct input {
  FILE *stream; /* open only while the file is read */
  VARR (uint8_t) *bytes;
};

/* Replace the bytes of IN, which is all zero at first, by those of the file PATH.  Fails if the
   file cannot be read or memory is refused; the caller finishes IN in any case.  */
void input_read (struct input *in, MIR_alloc_t alloc, const char *path);
void input_finish (struct input *in);

/* The last part of PATH, behind its folders.  */
const char *base_name (const char *path);

#endif /* MIR_EXAMPLES_PACKET_FILTER_INPUT_H */
