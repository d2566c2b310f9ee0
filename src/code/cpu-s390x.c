/* The machine code patterns of s390x.  */
#include "code/cpu.h"

/* z/Architecture Principles of Operation: LOAD RELATIVE LONG counts in halfwords.  R1 is volatile
   and no argument (s390x ELF ABI, "Register usage").  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0xc4, 0x18, 0x00, 0x00, 0x00, 0x08, /* lgrl %r1, .+16 */
            0xe3, 0x10, 0x10, 0x00, 0x00, 0x04, /* lg %r1, 0(%r1) */
            0x07, 0xf1,                         /* br %r1 */
            0x07, 0x00,                         /* nopr */
        },
    .thunk_cell = 16,
    .proof = {{0xa7, 0x29, 0, 42, 0x07, 0xfe},
              {0xa7, 0x29, 0, 43, 0x07, 0xfe}}, /* lghi %r2, 42; br %r14 */
    .proof_len = 6,
    .trap = {0x00, 0x01, 0x00, 0x01}, /* no instruction; what gdb uses */
    .reach = (size_t) 4 << 30,        /* BRASL */
};
