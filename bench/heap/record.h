/* An allocator that records a trace: see record.c.  */
#ifndef BENCH_HEAP_RECORD_H
#define BENCH_HEAP_RECORD_H

#include "mir-alloc.h"

extern struct MIR_alloc recording_alloc;

#endif /* BENCH_HEAP_RECORD_H */
