/* Takes the memory of mir-report from the C library.  */
#include "report/report-alloc.h"

#include <stdlib.h>

#include "adapters/mir-globals.h"

MIR_FROM_GLOBALS (libc_alloc, malloc, calloc, realloc, free)

const MIR_alloc_t report_alloc = &libc_alloc;
