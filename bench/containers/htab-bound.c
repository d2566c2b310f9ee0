/* The table HTAB with hash and eq bound to its types.  */
#define BOUND
#include "htab-jobs.h"

const struct table table_htab_bound = {.name = "HTAB, bound", HTAB_JOBS};
