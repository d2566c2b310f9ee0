/* The format of a trace file, for the writer and the reader.  docs/memory-picture.md describes it.

   number     LEB128: seven bits in each byte, the lowest first; the top bit is set if more follow.
              So the file has no byte order.
   address    the difference to the last address of the same sort, modulo 2^64, zigzag-coded: 0, -1,
              1, -2 ... become 0, 1, 2, 3 ...
   text       the number of bytes, at most MIR_TRACE_NAME_MAX, then the bytes, without a 0
   time       a number: nanoseconds since the last record with a time

   Any change needs a new MIR_TRACE_VERSION.

     file     "MIRtrace" version:byte pointer-size:byte seconds pid title:text  record ... end  */
#ifndef MIR_TRACE_FORMAT_H
#define MIR_TRACE_FORMAT_H

#define MIR_TRACE_MAGIC "MIRtrace" /* the first bytes, without a 0 */

enum {
  MIR_TRACE_VERSION = 1,
  MIR_TRACE_NUMBER_MAX = 10, /* bytes */
  MIR_TRACE_NAME_MAX = 1000, /* bytes */
  MIR_TRACE_STACK_MAX = 64   /* addresses */
};

/* A record is this byte, then what its comment lists, in this order.  */
enum mir_trace_kind {
  MIR_TRACE_MALLOC = 1,         /* time, size, block */
  MIR_TRACE_MALLOC_FAILED,      /* time, size */
  MIR_TRACE_CALLOC,             /* time, num, size, block */
  MIR_TRACE_CALLOC_FAILED,      /* time, num, size */
  MIR_TRACE_REALLOC,            /* time, block, old size, new size: the thread begins it */
  MIR_TRACE_REALLOC_DONE,       /* time, block: its new address */
  MIR_TRACE_REALLOC_FAILED,     /* time; implied if the thread does anything else */
  MIR_TRACE_REALLOC_NEW,        /* time, size, block: a realloc of NULL */
  MIR_TRACE_REALLOC_NEW_FAILED, /* time, size */
  MIR_TRACE_FREE,               /* time, block */
  MIR_TRACE_PUSH,               /* time, name:text */
  MIR_TRACE_POP,                /* time */
  MIR_TRACE_THREAD,             /* number: the thread of the records that follow */
  MIR_TRACE_STACK,              /* number of addresses, return address ...: for the next record */
  MIR_TRACE_SYMBOL,             /* return address, name:text */
  MIR_TRACE_CODE_MAPPED,        /* time, code, length */
  MIR_TRACE_CODE_UNMAPPED,      /* time, code, length */
  MIR_TRACE_CODE_PUBLISHED,     /* time, code, size, name:text, empty: none */
  MIR_TRACE_CODE_FREED,         /* time, code, size */
  MIR_TRACE_END,                /* time, events; the last record */
  MIR_TRACE_KINDS
};

#endif /* MIR_TRACE_FORMAT_H */
