#include "code/thunk.h"

/* The RISC-V Instruction Set Manual, volume I: AUIPC, LD, JALR.  T3 is what the psABI's procedure
   linkage table uses for the same purpose.  */
const struct mir_thunk_pattern mir_thunk_pattern = {
  {
    0x17, 0x0e, 0x00, 0x00, /* auipc t3, 0 */
    0x03, 0x3e, 0x0e, 0x01, /* ld t3, 16(t3) */
    0x67, 0x00, 0x0e, 0x00, /* jr t3 */
    0x13, 0x00, 0x00, 0x00, /* nop */
  },
  16,
};
