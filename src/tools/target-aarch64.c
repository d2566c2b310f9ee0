/* What ELF and DWARF call things on aarch64.  */
#include "tools/target.h"

#include <elf.h>

/* DWARF's numbers (DWARF for the Arm 64-bit Architecture, 4.1); the frame record: Procedure Call
   Standard for the Arm 64-bit Architecture, 6.4.6.  */
enum { DWARF_X29 = 29, DWARF_X30 = 30 };

/* [ ... | X29 | X30 ] CFA, and X29 points to the saved X29.  */
const struct mir_target mir_target = {
    .elf_machine = EM_AARCH64,
    .has_frames = 1,
    .cie = {
        1,                              /* version */
        0,                              /* augmentation: none, so addresses are absolute */
        1,                              /* code alignment */
        0x78,                           /* data alignment: -8 */
        DWARF_X30,                      /* the column of the return address */
        MIR_CFA_DEF_CFA, DWARF_X29, 16, /* CFA = X29 + 16 */
        MIR_CFA_OFFSET + DWARF_X30, 1,  /* at CFA - 8 */
        MIR_CFA_OFFSET + DWARF_X29, 2,  /* at CFA - 16; and four DW_CFA_nop follow */
    }};
