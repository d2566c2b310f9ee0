/* The machine code patterns of riscv32.  */
#include "code/cpu.h"

/* The RISC-V Instruction Set Manual, volume I: AUIPC, LW, JALR.  The psABI's procedure linkage
   table uses T3 for the same purpose.  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0x17, 0x0e, 0x00, 0x00, /* auipc t3, 0 */
            0x03, 0x2e, 0x0e, 0x01, /* lw t3, 16(t3) */
            0x03, 0x2e, 0x0e, 0x00, /* lw t3, 0(t3) */
            0x67, 0x00, 0x0e, 0x00, /* jr t3 */
        },
    .thunk_cell = 16,
    .proof = {{0x13, 0x05, 0xa0, 0x02, 0x67, 0x80, 0x00, 0x00},
              {0x13, 0x05, 0xb0, 0x02, 0x67, 0x80, 0x00, 0x00}}, /* li a0, 42; ret */
    .proof_len = 8,
    .trap = {0x73, 0x00, 0x10, 0x00}, /* ebreak */
    .reach = (size_t) 2 << 30,        /* AUIPC and JALR */
};
