/* The allocator of mir-report; the containers end the program if it returns NULL.  */
#ifndef MIR_REPORT_REPORT_ALLOC_H
#define MIR_REPORT_REPORT_ALLOC_H

#include "mir-alloc.h"

extern const MIR_alloc_t report_alloc; /* the C library's malloc; any thread */

#endif /* MIR_REPORT_REPORT_ALLOC_H */
