/* What ELF and DWARF call things on x86-64.  */
#include "tools/target.h"

#include <elf.h>

/* DWARF's numbers (System V Application Binary Interface, AMD64, 3.6.2).  */
enum { DWARF_RBP = 6, DWARF_RETURN = 16 };

/* [ ... | RBP | return address ] CFA, and RBP points to the saved RBP.  */
const struct mir_target mir_target = {
    .elf_machine = EM_X86_64,
    .has_frames = 1,
    .cie = {
        1,                                /* version */
        0,                                /* augmentation: none, so addresses are absolute */
        1,                                /* code alignment */
        0x78,                             /* data alignment: -8 */
        DWARF_RETURN,                     /* the column of the return address */
        MIR_CFA_DEF_CFA, DWARF_RBP, 16,   /* CFA = RBP + 16 */
        MIR_CFA_OFFSET + DWARF_RETURN, 1, /* at CFA - 8 */
        MIR_CFA_OFFSET + DWARF_RBP, 2,    /* at CFA - 16; and four DW_CFA_nop follow */
    }};
