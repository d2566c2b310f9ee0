/* The machine code patterns of x86, 32 bits.  */
#include "code/cpu.h"

/* Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: JMP, opcode FF /4 with an
   absolute address, which is the cell's.  ENDBR32 is a nop unless indirect branch tracking is on.  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0xf3, 0x0f, 0x1e, 0xfb, /* endbr32 */
            0xff, 0x25,             /* jmp *cell */
        },
    .thunk_cell = 6,
    .proof = {{0xb8, 42, 0, 0, 0, 0xc3}, {0xb8, 43, 0, 0, 0, 0xc3}}, /* mov $42, %eax; ret */
    .proof_len = 6,
    .trap = {0xcc, 0xcc, 0xcc, 0xcc}, /* int3 */
    .reach = (size_t) 2 << 30,        /* CALL rel32 */
};
