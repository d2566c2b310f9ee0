/* Linux's dual mappings: of anonymous memory, of a memory file, or of a file without a name.

   MIR_CODE_SEALED is mseal(2) on both mappings, after which no call changes, moves, replaces or
   unmaps them.  So unmap only gives the memory back, unless another process may have it since a
   fork, and the addresses stay taken.  make_private is refused: code published before a fork cannot
   be changed in either process.  A memory file has seals, too: a descriptor of it, which privileged
   processes get from /proc, can neither be mapped writable nor written, and does not change its
   size.  Then no page can be given back, so discard is refused, and so is unmap.  Before Linux 6.10
   these seals must do: code can never become writable at the address where it is executed, but the
   alias may become executable, and the mappings may be replaced.

   As backend.h demands: one call at a time for the same pages; each function counts its system
   calls in PAGES, which statistics show, and leaves errno on failure.  */
#ifndef MIR_CODE_BACKEND_ALIAS_LINUX_H
#define MIR_CODE_BACKEND_ALIAS_LINUX_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "code/backend-alias.h"

/* `levels` of the back ends: the protections that they support.  */
enum {
  MIR_ALIAS_LEVELS = 1 << MIR_CODE_OPEN_ALIAS | 1 << MIR_CODE_CLOSED_ALIAS | 1 << MIR_CODE_SEALED
};

/* Map FD twice, or shared anonymous memory if FD is -1, at AT in a reserved range or anywhere if
   that is NULL.  PAGES comes from mir_pages_init.  The caller keeps FD, and may close it at
   once.  */
MIR_code_status_t mir_alias_map (struct mir_pages *pages, uint8_t *at, int fd);

/* `unmap`, `populate` and `discard` of the back ends: backend.h has their contracts.  */
int mir_alias_unmap (struct mir_pages *pages);
MIR_code_status_t mir_alias_populate (struct mir_pages *pages, uint8_t *start, size_t len);
size_t mir_alias_discard (struct mir_pages *pages, uint8_t *start, size_t len);
/* As mir_alias_populate, but only a hint: for memory that was charged when it was mapped.  */
MIR_code_status_t mir_alias_populate_hint (struct mir_pages *pages, uint8_t *start, size_t len);
/* `collapse` of memory without blocks of a file system.  */
int mir_alias_collapse (struct mir_pages *pages);
/* `make_private` of BACKEND, or of one whose new memory comes from BACKEND.  */
MIR_code_status_t mir_alias_make_private (struct mir_pages *pages, size_t used,
                                          const uint64_t *backed,
                                          const struct mir_backend *backend);

#endif /* MIR_CODE_BACKEND_ALIAS_LINUX_H */
