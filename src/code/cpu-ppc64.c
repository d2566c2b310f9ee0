/* The machine code patterns of ppc64, little-endian only.  */
#include "code/cpu.h"

/* Power ISA, book I.  "bcl 20,31,.+4" is the form which does not disturb return prediction.
   At its global entry point a function finds its address in R12; R0 and R12 are volatile (64-bit
   ELF V2 ABI, 2.2.1 and 2.3.2.1).  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            0xa6, 0x02, 0x08, 0x7c, /* mflr r0 */
            0x05, 0x00, 0x9f, 0x42, /* bcl 20,31,.+4 */
            0xa6, 0x02, 0x88, 0x7d, /* mflr r12 */
            0xa6, 0x03, 0x08, 0x7c, /* mtlr r0 */
            0x18, 0x00, 0x8c, 0xe9, /* ld r12, 24(r12) */
            0x00, 0x00, 0x8c, 0xe9, /* ld r12, 0(r12) */
            0xa6, 0x03, 0x89, 0x7d, /* mtctr r12 */
            0x20, 0x04, 0x80, 0x4e, /* bctr */
        },
    .thunk_cell = 32,
    .proof = {{0x2a, 0x00, 0x60, 0x38, 0x20, 0x00, 0x80, 0x4e},
              {0x2b, 0x00, 0x60, 0x38, 0x20, 0x00, 0x80, 0x4e}}, /* li r3, 42; blr */
    .proof_len = 8,
    .trap = {0x08, 0x00, 0xe0, 0x7f}, /* trap */
    .reach = (size_t) 32 << 20,       /* BL */
};
