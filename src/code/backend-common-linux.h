/* What Linux's back ends have in common: mapping executable memory, also in a reserved range.  As
   backend.h demands: one call at a time for the same pages, each system call counted in PAGES,
   errno says why a call failed.  */
#ifndef MIR_CODE_BACKEND_COMMON_LINUX_H
#define MIR_CODE_BACKEND_COMMON_LINUX_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */

#include "code/backend.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

/* What PAGES->access allows at rx, for mmap and mprotect, of code or read-only data.  */
int mir_linux_rx_prot (const struct mir_pages *pages);
/* Map PAGES->len bytes with mmap: at AT, in place of what is there, or anywhere if
   that is NULL, as PAGES->huge says.  Returns 0, or -1, and then AT is reserved as before, or PAGES->reserved is 0.  */
int mir_linux_map_rx (struct mir_pages *pages, uint8_t *at, int prot, int flags, int fd);
/* `move` of backend.h.  */
int mir_linux_move (struct mir_pages *pages, uint8_t *to);
/* Unmap LEN bytes at START, trying again after a refusal.  Returns 0, or -1.  */
int mir_linux_unmap (struct mir_pages *pages, void *start, size_t len);
/* Unmap PAGES, or if they are in a reserved range make the addresses inaccessible.  Returns 0, or
   -1.  */
int mir_linux_unmap_rx (struct mir_pages *pages);

/* `map` of back ends with private memory and no alias: LEN zeroed bytes, r-x, at AT in a reserved
   range or anywhere if that is NULL.  MIR_CODE_MAP_REFUSED with AT reserved as before.  */
MIR_code_status_t mir_linux_map_private (struct mir_pages *pages, size_t len, uint8_t *at);
/* `discard` of these: give the pages back, which are then zero.  Returns LEN, or 0 if refused.  */
size_t mir_linux_discard_private (struct mir_pages *pages, uint8_t *start, size_t len);

/* Whether the page at ADDR is in memory, 1 or 0; -1 if that is not known.  For what madvise(2) says
   it has done: qemu-user answers 0 to most advice and does nothing.  */
int mir_linux_is_resident (struct mir_pages *pages, uint8_t *addr);
/* Ensure stores to [START, START + LEN), whole pages which are writable and hold no code, meet
   memory.  0, or -1 when there is none.  */
int mir_linux_populate (struct mir_pages *pages, uint8_t *start, size_t len);
/* Put a huge page under PAGES->rx, whose first page has memory: `collapse` of backend.h.  */
int mir_linux_collapse (struct mir_pages *pages);

#endif /* MIR_CODE_BACKEND_COMMON_LINUX_H */
