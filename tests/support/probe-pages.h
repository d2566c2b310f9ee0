/* Pages for probe-code-alloc.c: one file per system.  LEN bytes are whole pages; NULL, or -1, on
   failure.  */
#ifndef MIR_TESTS_SUPPORT_PROBE_PAGES_H
#define MIR_TESTS_SUPPORT_PROBE_PAGES_H

#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

size_t probe_page_size (void);
/* Without access.  */
void *probe_pages_map (size_t len);
void probe_pages_unmap (void *start, size_t len);
/* Address space in which pages can be mapped and unmapped.  */
void *probe_pages_reserve (size_t len);
void probe_pages_unreserve (void *start, size_t len);
void *probe_pages_map_in (void *start, size_t len);
void probe_pages_unmap_in (void *start, size_t len);
/* Readable and executable, and writable if OPEN.  0, or -1.  */
int probe_pages_protect (void *start, size_t len, int open);
/* Zeroed data, with memory only where it is written; what is behind is inaccessible.  */
void *probe_pages_data (size_t len);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_PROBE_PAGES_H */
