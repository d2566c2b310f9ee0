#include "code/thunk.h"

/* Arm Architecture Reference Manual, LDR (literal) and BR.  X16 is IP0, which the procedure call
   standard leaves to such code.  */
const struct mir_thunk_pattern mir_thunk_pattern = {
  {
    0x50, 0x00, 0x00, 0x58, /* ldr x16, .+8 */
    0x00, 0x02, 0x1f, 0xd6, /* br x16 */
  },
  8,
};
