/* The machine code patterns of ppc, 32 bits, big-endian.  */
#include "code/cpu.h"

/* Power ISA, book I.  "bcl 20,31,.+4" is the form which does not disturb return prediction.  R0 and
   R12 are volatile, and no arguments (System V ABI, PowerPC Processor Supplement, 3-14).  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0x7c, 0x08, 0x02, 0xa6, /* mflr r0 */
            0x42, 0x9f, 0x00, 0x05, /* bcl 20,31,.+4 */
            0x7d, 0x88, 0x02, 0xa6, /* mflr r12 */
            0x7c, 0x08, 0x03, 0xa6, /* mtlr r0 */
            0x81, 0x8c, 0x00, 0x18, /* lwz r12, 24(r12) */
            0x81, 0x8c, 0x00, 0x00, /* lwz r12, 0(r12) */
            0x7d, 0x89, 0x03, 0xa6, /* mtctr r12 */
            0x4e, 0x80, 0x04, 0x20, /* bctr */
        },
    .thunk_cell = 32,
    .proof = {{0x38, 0x60, 0x00, 0x2a, 0x4e, 0x80, 0x00, 0x20},
              {0x38, 0x60, 0x00, 0x2b, 0x4e, 0x80, 0x00, 0x20}}, /* li r3, 42; blr */
    .proof_len = 8,
    .trap = {0x7f, 0xe0, 0x00, 0x08}, /* trap */
    .reach = (size_t) 32 << 20,       /* BL */
};
