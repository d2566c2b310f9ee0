/* Reads a trace record by record and trusts nothing in it.

   Every record that it returns is within the bounds of the format (src/trace/format.h): its kind
   exists, texts and stacks have a limited length, times do not wrap.  The reader does not check
   whether a freed block was ever allocated.  One thread at a time.  */
#ifndef MIR_REPORT_READER_H
#define MIR_REPORT_READER_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <stdio.h>

#include "trace/format.h"

/* Sizes and times are below this, so that a sum of two does not overflow: 2^62.  */
#define READER_MAX_SIZE ((uint64_t) 1 << 62)

/* A decoded record; what its kind does not have is 0 or empty, except EVENTS.  */
struct record {
  enum mir_trace_kind kind;
  uint64_t time;    /* nanoseconds since the beginning of the trace */
  uint64_t thread;  /* the thread that wrote the record */
  uint64_t address; /* of the block or the code; of a symbol, the return address */
  /* Bytes: of a calloc the product, of a realloc the new size.  UINT64_MAX in a failed calloc whose
     product overflows.  */
  uint64_t size;
  uint64_t old_size;                   /* of a realloc */
  uint64_t events;                     /* in the last record: the number of events */
  size_t name_len;                     /* bytes */
  size_t stack_num;                    /* of an allocation */
  char name[MIR_TRACE_NAME_MAX + 1];   /* ends with a 0, and may contain others */
  uint64_t stack[MIR_TRACE_STACK_MAX]; /* return addresses, innermost first */
  uint64_t stack_hash;                 /* of the addresses, in all 64 bits */
};

enum { READER_BUFFER = 65536 /* bytes */ };

/* A trace that is being read.  */
struct reader {
  FILE *stream;    /* the caller's, who closes it; read ahead of what is returned */
  uint64_t offset; /* where the next record is, or the error; bytes */
  /* What is read and not decoded: from AT to BOUND in BUFFER.  */
  const uint8_t *at, *bound;
  uint64_t buffer_offset;                 /* of BUFFER in the trace */
  int exhausted;                          /* nothing is behind BOUND */
  uint64_t time, thread, block, code, pc; /* of the record before: coded as differences */
  uint64_t events;                        /* so far */
  int ended;
  /* From the head of the trace.  */
  unsigned pointer_size; /* bytes */
  uint64_t seconds;      /* since 1970 */
  uint64_t process;
  size_t title_len;
  char title[MIR_TRACE_NAME_MAX + 1];
  char error[120]; /* on failure: one line, without the name of the file */
  int truncated;   /* on failure: the file ends too early */
  uint8_t buffer[READER_BUFFER];
};

enum reader_result { READER_RECORD, READER_END, READER_ERROR };

/* Read the head of the trace from STREAM, which is at its beginning.  Returns 0; or -1 with
   READER->error if STREAM is not a trace.  READER does not move from now on.  */
int reader_open (struct reader *reader, FILE *stream);
/* Read the next record into RECORD.  Must not be called again after READER_END or READER_ERROR.  */
enum reader_result reader_next (struct reader *reader, struct record *record);

#endif /* MIR_REPORT_READER_H */
