/* Reads a trace record by record and believes nothing in it.

   What comes out is within the bounds of the format (src/trace/format.h): kinds that exist, texts
   and stacks of limited length, times that do not wrap.  Whether a freed block was ever allocated
   is not the reader's matter.  One thread at a time.  */
#ifndef MIR_REPORT_READER_H
#define MIR_REPORT_READER_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <stdio.h>

#include "trace/format.h"

/* Numbers whose product with others may be shown are kept below this: 2^62.  */
#define READER_MAX_SIZE ((uint64_t) 1 << 62)

struct record {
  enum mir_trace_kind kind;
  uint64_t time;     /* nanoseconds since the begin of the trace */
  uint64_t thread;   /* whose it is */
  uint64_t address;  /* of the block, the code or, for a symbol, the return address */
  uint64_t size;     /* bytes, of a calloc the product, of a realloc the new ones; UINT64_MAX: no
                        such size, of calls that failed */
  uint64_t old_size; /* of a realloc */
  uint64_t events;   /* of the end */
  size_t name_len;   /* bytes */
  size_t stack_num;  /* return addresses, innermost first, of an allocation */
  char name[MIR_TRACE_NAME_MAX + 1]; /* 0 at its end, and maybe within */
  uint64_t stack[MIR_TRACE_STACK_MAX];
};

struct reader {
  FILE *stream; /* at its begin when the reader is opened; the caller's */
  uint64_t offset;
  uint64_t time, thread, block, code, pc;
  uint64_t events; /* so far */
  int ended;
  /* Of the whole trace.  */
  unsigned pointer_size; /* bytes */
  uint64_t seconds;      /* since 1970 */
  uint64_t process;
  size_t title_len;
  char title[MIR_TRACE_NAME_MAX + 1];
  /* What is wrong, a line without the file's name.  */
  char error[120];
  int truncated; /* it is that the file ends too early */
};

enum reader_result { READER_RECORD, READER_END, READER_ERROR };

/* 0; or -1 with an error when STREAM is no trace.  */
int reader_open (struct reader *reader, FILE *stream);
/* Read on: *RECORD, or the end of the trace, or an error.  Not to be called after those two.  */
enum reader_result reader_next (struct reader *reader, struct record *record);

#endif /* MIR_REPORT_READER_H */
