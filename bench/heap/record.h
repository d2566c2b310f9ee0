/* An allocator that records a trace: see record.c.  */
#ifndef MIR_BENCH_HEAP_RECORD_H
#define MIR_BENCH_HEAP_RECORD_H

#include "mir-alloc.h"

extern struct MIR_alloc recording_alloc;

#endif /* MIR_BENCH_HEAP_RECORD_H */
