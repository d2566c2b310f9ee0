/* The machine code patterns of loongarch64.  */
#include "code/cpu.h"

/* LoongArch Reference Manual, volume 1: PCADDU12I, LD.D, JIRL.  T0 is no argument and not preserved
   (LoongArch Procedure Call Standard).  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0x0c, 0x00, 0x00, 0x1c, /* pcaddu12i $t0, 0 */
            0x8c, 0x41, 0xc0, 0x28, /* ld.d $t0, $t0, 16 */
            0x8c, 0x01, 0xc0, 0x28, /* ld.d $t0, $t0, 0 */
            0x80, 0x01, 0x00, 0x4c, /* jr $t0 */
        },
    .thunk_cell = 16,
    .proof = {{0x04, 0xa8, 0x80, 0x02, 0x20, 0x00, 0x00, 0x4c},
              {0x04, 0xac, 0x80, 0x02, 0x20, 0x00, 0x00, 0x4c}}, /* addi.w $a0, $zero, 42; ret */
    .proof_len = 8,
    .trap = {0x00, 0x00, 0x2a, 0x00}, /* break 0 */
    .reach = (size_t) 128 << 20,      /* BL */
};
