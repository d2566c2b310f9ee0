/* The allocator of mir-report, and what happens when it has no memory.  */
#ifndef MIR_REPORT_REPORT_ALLOC_H
#define MIR_REPORT_REPORT_ALLOC_H

#include "mir-alloc.h"

extern const MIR_alloc_t report_alloc; /* the C library's malloc; any thread */

/* End the program with status 1: a container has no memory.  The function that was set does so with
   its own line, and must not return; else a line says it.  */
_Noreturn void report_no_memory (void);
/* Set that function.  One thread.  */
void report_at_no_memory (void (*end) (void));

#endif /* MIR_REPORT_REPORT_ALLOC_H */
