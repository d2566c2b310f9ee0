/* The machine code patterns of x86-64.  */
#include "code/cpu.h"

/* AMD64 Architecture Programmer's Manual, volume 3: JMP, opcode FF /4.  Both ABIs
   leave R11 to linkage code (System V ABI, AMD64 Supplement, 3.2.3; Microsoft's x64 software
   conventions).  ENDBR64, a nop elsewhere, is where an indirect call must arrive if indirect branch
   tracking is on (Intel's manual, volume 1, 17.3).  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0xf3, 0x0f, 0x1e, 0xfa,       /* endbr64 */
            0x4c, 0x8b, 0x1d, 5, 0, 0, 0, /* mov 5(%rip), %r11 */
            0x41, 0xff, 0x23,             /* jmp *(%r11) */
            0x66, 0x90,                   /* xchg %ax, %ax */
        },
    .thunk_cell = 16,
    .proof = {{0xb8, 42, 0, 0, 0, 0xc3}, {0xb8, 43, 0, 0, 0, 0xc3}}, /* mov $42, %eax; ret */
    .proof_len = 6,
    .trap = {0xcc, 0xcc, 0xcc, 0xcc}, /* int3 */
    .reach = (size_t) 2 << 30,        /* CALL rel32 */
};
