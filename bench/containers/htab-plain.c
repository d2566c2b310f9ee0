/* The table HTAB without SIMD, with hash and eq called through pointers.  */
#define MIR_HTAB_NO_SIMD
#include "htab-jobs.h"

const struct table table_htab_plain = {.name = "HTAB, plain", HTAB_JOBS};
