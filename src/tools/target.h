/* What ELF and DWARF call things on this CPU.  One file per CPU; the build picks the file.
   Constants: any thread.  */
#ifndef MIR_TOOLS_TARGET_H
#define MIR_TOOLS_TARGET_H

#include <stdint.h>

enum { MIR_CIE_BYTES = 16 }; /* of a CIE behind its length and ID */

struct mir_target {
  uint16_t elf_machine; /* EM_... of elf.h; EM_NONE: neither perf nor GDB knows this CPU */
  int has_frames;       /* whether CIE describes functions with a frame pointer */
  /* A CIE from its version on, padded to a multiple of the size of a pointer (Linux Standard Base
     Core Specification, Exception Frames; the instructions: DWARF 4, 6.4.2 and 7.23).  */
  uint8_t cie[MIR_CIE_BYTES];
};

extern const struct mir_target mir_target;

/* Instructions of a CIE.  Each operand must fit in one byte.  */
enum {
  MIR_CFA_DEF_CFA = 0x0c, /* register, offset: the CFA is their sum */
  MIR_CFA_OFFSET = 0x80   /* + register; N: it was saved at CFA + N * data alignment */
};

#endif /* MIR_TOOLS_TARGET_H */
