/* Pages for probe-code-alloc.c: one file per system.  LEN is in bytes, a multiple of the page size;
   NULL or -1 on failure.  */
#ifndef MIR_TESTS_SUPPORT_PROBE_PAGES_H
#define MIR_TESTS_SUPPORT_PROBE_PAGES_H

#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

size_t probe_page_size (void);
/* Map LEN inaccessible bytes.  */
void *probe_pages_map (size_t len);
void probe_pages_unmap (void *start, size_t len);
/* Reserve LEN bytes of address space in which the functions below map and unmap pages.  */
void *probe_pages_reserve (size_t len);
void probe_pages_unreserve (void *start, size_t len);
void *probe_pages_map_in (void *start, size_t len);
void probe_pages_unmap_in (void *start, size_t len);
/* Make pages readable and executable, and writable if OPEN.  0 on success, -1 on failure.  */
int probe_pages_protect (void *start, size_t len, int open);
/* LEN bytes of zeroed data, which take memory only where they are written; the page after them is
   inaccessible.  */
void *probe_pages_data (size_t len);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_PROBE_PAGES_H */
