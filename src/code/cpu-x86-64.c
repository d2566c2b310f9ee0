#include "code/cpu.h"

/* AMD64 Architecture Programmer's Manual, volume 3: JMP, opcode FF /4 with a RIP-relative operand.
 */
const struct mir_cpu mir_cpu = {
    {
        0xff, 0x25, 2, 0, 0, 0, /* jmp *2(%rip) */
        0x66, 0x90,             /* xchg %ax, %ax */
    },
    8,
    {{0xb8, 42, 0, 0, 0, 0xc3}, {0xb8, 43, 0, 0, 0, 0xc3}}, /* mov $42, %eax; ret */
    6,
};
