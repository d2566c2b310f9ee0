/* Finds room for one more header behind the section table.  edit.h has the words.  Reads only the
   image; any thread.  */

#ifndef MIR_INJECT_EDIT_ROOM_H
#define MIR_INJECT_EDIT_ROOM_H

#include "inject/edit/plan.h"

/* Set headers_end and headers_inserted of PLAN, whose sections_end is set, and *HEADERS_SIZE to what
   the optional header must say.  PE has passed pe_check_layout.  Returns 0, or -1 with the reason in
   ERROR.  */
int edit_make_room (struct plan *plan, const struct pe *pe, uint32_t *headers_size,
                    struct pe_error *error);

#endif
