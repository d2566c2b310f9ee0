/* Plans changes that need no space: the import table is overwritten in place.  edit.h has the
   words; one thread at a time.  */

#ifndef MIR_INJECT_EDIT_REORDER_H
#define MIR_INJECT_EDIT_REORDER_H

#include "inject/edit/edit.h"

/* Plan  to overwrite the table of OLD_NUM descriptors by NUM of them: element I of FROM is the old
   index of the new descriptor I.  Empty ones fill the rest.  Bound imports and the signature are
   cleared.  Returns 0, or -1 with the reason in ERROR.  */
int edit_rewrite_table (struct edit *edit, const struct pe *pe, const uint16_t *from, int num,
                        int old_num, struct pe_error *error);
/* Plan to sort the table as REQUEST says; PE imports REQUEST->dll already.  */
int edit_reorder (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                  struct pe_error *error);

#endif
