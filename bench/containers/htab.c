/* The table HTAB with hash and eq called through pointers.  */
#include "htab-jobs.h"

const struct table table_htab = {.name = "HTAB", .array_name = "VARR", HTAB_JOBS};
