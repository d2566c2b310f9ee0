/* The machine code patterns of aarch64.  */
#include "code/cpu.h"

/* Arm Architecture Reference Manual, LDR (literal), BR and BTI.  X16 is IP0, which the procedure
   call standard reserves for linker stubs.  BTI C, a nop on older CPUs, lets a call through a
   pointer arrive in pages with PROT_BTI; a BR from X16 may go wherever a call may.  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0x5f, 0x24, 0x03, 0xd5, /* bti c */
            0x70, 0x00, 0x00, 0x58, /* ldr x16, .+12 */
            0x10, 0x02, 0x40, 0xf9, /* ldr x16, [x16] */
            0x00, 0x02, 0x1f, 0xd6, /* br x16 */
        },
    .thunk_cell = 16,
    .proof = {{0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6},
              {0x60, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6}}, /* mov w0, #42; ret */
    .proof_len = 8,
    .trap = {0x00, 0x00, 0x20, 0xd4}, /* brk #0 */
    .reach = (size_t) 128 << 20,      /* BL */
};
