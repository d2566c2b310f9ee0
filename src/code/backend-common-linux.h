/* What the back ends of Linux have in common.  */
#ifndef MIR_CODE_BACKEND_COMMON_LINUX_H
#define MIR_CODE_BACKEND_COMMON_LINUX_H

#include "code/backend.h"

extern const struct mir_backend mir_backend_anon, mir_backend_filled, mir_backend_memfd,
    mir_backend_tmpfile, mir_backend_procmem, mir_backend_remap, mir_backend_rwx;

/* mmap PAGES->len bytes for execution: at AT, in place of what is there, or anywhere if it is NULL.
   0, or -1, and then AT is reserved as before.  */
int mir_linux_map_rx (struct mir_pages *pages, uint8_t *at, int prot, int flags, int fd);
/* munmap, or if they are in a reserved range make the addresses inaccessible.  0, or -1.  */
int mir_linux_unmap_rx (struct mir_pages *pages);

/* The functions of back ends with private memory and no alias.  */
MIR_code_status_t mir_linux_map_private (struct mir_pages *pages, size_t len, uint8_t *at);
size_t mir_linux_discard_private (struct mir_pages *pages, uint8_t *start, size_t len);

#endif /* MIR_CODE_BACKEND_COMMON_LINUX_H */
