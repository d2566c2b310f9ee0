/* The machine code patterns of arm: the A32 instruction set, little-endian.  */
#include "code/cpu.h"

/* Arm Architecture Reference Manual, DDI 0406C, LDR (literal), LDR (immediate): the program counter
   reads as the instruction's address + 8, and loading it changes between the instruction sets.  R12
   is IP, which the procedure call standard leaves to linkers.  The address of A32 code is even, so
   a call through a pointer runs the proof as such.  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0x00, 0xc0, 0x9f, 0xe5, /* ldr ip, .+8 */
            0x00, 0xf0, 0x9c, 0xe5, /* ldr pc, [ip] */
        },
    .thunk_cell = 8,
    .proof = {{0x2a, 0x00, 0xa0, 0xe3, 0x1e, 0xff, 0x2f, 0xe1},
              {0x2b, 0x00, 0xa0, 0xe3, 0x1e, 0xff, 0x2f, 0xe1}}, /* mov r0, #42; bx lr */
    .proof_len = 8,
    .trap = {0xf0, 0x00, 0xf0, 0xe7}, /* udf #0 */
    .reach = (size_t) 16 << 20,       /* BL of T32, DDI 0406C, BL, BLX (immediate); A32: 32 MiB */
};
