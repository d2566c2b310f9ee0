/* The table HTAB with hash and eq called through pointers.  */
#include "htab-jobs.h"

MIR_alloc_t tables_alloc;

const struct table table_htab = {.name = "HTAB", HTAB_JOBS};
