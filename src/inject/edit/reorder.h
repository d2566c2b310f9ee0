/* Changes which need no room: the import table is written over where it is.  */

#ifndef MIR_INJECT_EDIT_REORDER_H
#define MIR_INJECT_EDIT_REORDER_H

#include "inject/edit/edit.h"

/* Write the descriptors FROM[0..NUM) of the old table over it, and an empty one behind them if
   there were more; bound imports are cleared.  No section is added.  */
int edit_rewrite_table (struct edit *edit, const struct pe *pe, const uint16_t *from, int num,
                        int old_num, struct pe_error *error);
/* Have the DLL, which is imported, come first as REQUEST says.  */
int edit_reorder (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                  struct pe_error *error);

#endif
