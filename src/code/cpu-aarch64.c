/* The machine code patterns of aarch64.  */
#include "code/cpu.h"

/* Arm Architecture Reference Manual, LDR (literal) and BR.  X16 is IP0, which the procedure call
   standard reserves for linker stubs.  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0x90, 0x00, 0x00, 0x58, /* ldr x16, .+16 */
            0x10, 0x02, 0x40, 0xf9, /* ldr x16, [x16] */
            0x00, 0x02, 0x1f, 0xd6, /* br x16 */
            0x1f, 0x20, 0x03, 0xd5, /* nop */
        },
    .thunk_cell = 16,
    .proof = {{0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6},
              {0x60, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6}}, /* mov w0, #42; ret */
    .proof_len = 8,
    .trap = {0x00, 0x00, 0x20, 0xd4}, /* brk #0 */
    .reach = (size_t) 128 << 20,      /* BL */
};
