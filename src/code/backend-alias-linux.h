/* Memory mapped twice: executable, and as an alias somewhere else.

     rx  [ code ................ ]  r-x         the same pages of memory: anonymous, of a memory
     rw  [ the same ............ ]  rw- or ---  file, or of a file without a name

   The alias of CLOSED_ALIAS is accessible where a run is open, and of what was closed everything
   becomes inaccessible when the last open run is closed: runs may share a page.

   SEALED: mseal(2) on both mappings, after which no call changes, moves, replaces or unmaps them.
   So unmap only gives the memory back, unless another process may have it since a fork, and the
   addresses stay taken; and make_private is refused, which means that code published before a fork
   cannot be changed in either process.  The memory file of a kernel older than 6.10 gets
   F_SEAL_FUTURE_WRITE instead: its code can never become writable where it is executed, but the
   alias is not protected from becoming executable.  */
#ifndef MIR_CODE_BACKEND_ALIAS_LINUX_H
#define MIR_CODE_BACKEND_ALIAS_LINUX_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "code/backend-alias.h"

enum {
  MIR_ALIAS_LEVELS = 1 << MIR_CODE_OPEN_ALIAS | 1 << MIR_CODE_CLOSED_ALIAS | 1 << MIR_CODE_SEALED
};

/* For PAGES after mir_pages_init: map FD twice, or shared anonymous memory if it is -1.  */
MIR_code_status_t mir_alias_map (struct mir_pages *pages, uint8_t *at, int fd);

/* The functions of the back ends.  */
int mir_alias_unmap (struct mir_pages *pages);
void mir_alias_populate (struct mir_pages *pages, uint8_t *start, size_t len);
size_t mir_alias_discard (struct mir_pages *pages, uint8_t *start, size_t len);
/* MAP: of the back end.  */
MIR_code_status_t mir_alias_make_private (struct mir_pages *pages, size_t used,
                                          MIR_code_status_t (*map) (struct mir_pages *pages,
                                                                    size_t len, uint8_t *at));

#endif /* MIR_CODE_BACKEND_ALIAS_LINUX_H */
