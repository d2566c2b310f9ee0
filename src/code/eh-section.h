/* Reads a finished .eh_frame section and trusts nothing in it.

   [ length | 0 | version | augmentation | factors | ... ]        CIE, what FDEs have in common
   [ length | distance back to the CIE | start | size | ... ]     FDE, one function
   [ 0 ]                                                          the end

   "Linux Standard Base Core Specification", 10.6; lengths and distances have 32 bits.  The pointers of
   a CIE say in one byte each how they are encoded (DW_EH_PE_*).  Any thread.  */
#ifndef MIR_CODE_EH_SECTION_H
#define MIR_CODE_EH_SECTION_H

#include <stddef.h> /* size_t */
#include <stdint.h>

struct mir_eh_walk {
  const uint8_t *at, *start, *bound;
  const uint8_t *cie;   /* of the FDE before; NULL: none */
  uint8_t encoding;     /* of addresses in the FDEs of that CIE */
  uint8_t has_augments; /* these FDEs have an augmentation */
};

struct mir_eh_fde {
  const void *fde;
  uintptr_t start, size; /* of the function */
};

/* Start to walk the LEN bytes at BYTES.  */
void mir_eh_walk_start (struct mir_eh_walk *walk, const void *bytes, size_t len);
/* Set *FDE to the next one.  Returns 1; or 0 at the end of the section; or -1 if it is malformed.
   Skips FDEs that unwinders ignore: the address is 0, of a function that a linker left out.  One whose
   size is 0 describes nothing, but libgcc has its address among those of the section.  */
int mir_eh_walk_next (struct mir_eh_walk *walk, struct mir_eh_fde *fde);

#endif /* MIR_CODE_EH_SECTION_H */
