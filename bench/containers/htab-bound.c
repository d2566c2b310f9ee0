/* HTAB with hash and eq bound to its types.  */
#define BOUND
#include "htab-jobs.h"

const struct table table_htab_bound = {"HTAB, bound", fill_htab,    find_htab,  churn_htab,
                                       erase_htab,    destroy_htab, intern_htab};
