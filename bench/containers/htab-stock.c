/* MIR's own table: this unit alone is compiled with the headers of MIR.  */
#include "htab-jobs.h"

const struct table table_stock = {.name = "MIR's own", .array_name = "MIR's own VARR", HTAB_JOBS};
