/* Copies a description of a well-formed .eh_frame section, so that it may be changed.  Any thread.  */
#ifndef MIR_CODE_EH_COPY_H
#define MIR_CODE_EH_COPY_H

#include <stddef.h> /* size_t */

enum { MIR_EH_RANGE_AT = 8 }; /* bytes: the offset of the start and the size in a copied FDE */

/* Write a section to TO, which is aligned to 8 bytes, that has copies of FDE, from the well-formed
   section of LEN bytes at BYTES, and of its CIE.  All its pointers are absolute, so that it may be
   anywhere.  *FDE_AT gets the offset of the FDE.  Returns the bytes of the section; TO may be NULL.
   What runs in a copied frame is the same: compilers emit no DW_CFA_set_loc, the one instruction with
   a pointer.  */
size_t mir_eh_copy (const void *bytes, size_t len, const void *fde, void *to, size_t *fde_at);

#endif /* MIR_CODE_EH_COPY_H */
