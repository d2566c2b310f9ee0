/* The trace file: what writer and reader agree on.  docs/memory-picture.md describes it.

   number     LEB128: seven bits in each byte, the lowest first; the top bit says that more follow.
              So the file has no byte order.
   address    the zigzag-coded difference (0, -1, 1, -2 ... as 0, 1, 2, 3 ...) to the last address
              of its sort, modulo 2^64
   text       a number of bytes, then the bytes
   time       a number: nanoseconds since the record before that has a time

     file     "MIRtrace" version:byte pointer-size:byte seconds pid title:text  record ... end  */
#ifndef MIR_TRACE_FORMAT_H
#define MIR_TRACE_FORMAT_H

#define MIR_TRACE_MAGIC "MIRtrace"

enum {
  MIR_TRACE_VERSION = 1,
  MIR_TRACE_NUMBER_MAX = 10, /* bytes */
  MIR_TRACE_NAME_MAX = 1000, /* bytes */
  MIR_TRACE_STACK_MAX = 64   /* addresses */
};

/* A byte, then, in this order, what its comment says.  */
enum mir_trace_kind {
  MIR_TRACE_MALLOC = 1,         /* time, size, block */
  MIR_TRACE_MALLOC_FAILED,      /* time, size */
  MIR_TRACE_CALLOC,             /* time, num, size, block */
  MIR_TRACE_CALLOC_FAILED,      /* time, num, size */
  MIR_TRACE_REALLOC,            /* time, block, old size, new size: it begins, by this thread */
  MIR_TRACE_REALLOC_DONE,       /* time, block: where it is now */
  MIR_TRACE_REALLOC_FAILED,     /* time; the same if the thread does anything else */
  MIR_TRACE_REALLOC_NEW,        /* time, size, block: a realloc of NULL */
  MIR_TRACE_REALLOC_NEW_FAILED, /* time, size */
  MIR_TRACE_FREE,               /* time, block */
  MIR_TRACE_PUSH,               /* time, name:text */
  MIR_TRACE_POP,                /* time */
  MIR_TRACE_THREAD,             /* number: what follows is this thread's */
  MIR_TRACE_STACK,              /* number of addresses, return address ...: of the next record */
  MIR_TRACE_SYMBOL,             /* return address, name:text */
  MIR_TRACE_CODE_MAPPED,        /* time, code, length */
  MIR_TRACE_CODE_UNMAPPED,      /* time, code, length */
  MIR_TRACE_CODE_PUBLISHED,     /* time, code, size, name:text, empty if it has none */
  MIR_TRACE_CODE_FREED,         /* time, code, size */
  MIR_TRACE_END,                /* time, events; the last one */
  MIR_TRACE_KINDS
};

#endif /* MIR_TRACE_FORMAT_H */
