/* The text of what the checking allocator finds.  Any thread; no lock.  */
#ifndef MIR_HEAP_CHECK_REPORT_H
#define MIR_HEAP_CHECK_REPORT_H

#include "mir-heap.h"

/* KIND in a few words; a static string.  */
const char *mir_check_text (MIR_check_kind_t kind);
/* Print CHECK to stderr: a line, and each call that is known of, with its stack.  A MIR_check_func_t;
   USER_DATA is not used.  Reports of different threads do not mix unless one has more than 4 KiB.  */
void mir_check_print (void *user_data, const MIR_check_t *check);

#endif /* MIR_HEAP_CHECK_REPORT_H */
