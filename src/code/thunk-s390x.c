#include "code/thunk.h"

/* z/Architecture Principles of Operation: LOAD RELATIVE LONG counts in halfwords.  R1 is volatile and
   no argument (s390x ELF ABI, "Register usage").  */
const struct mir_thunk_pattern mir_thunk_pattern = {
  {
    0xc4, 0x18, 0x00, 0x00, 0x00, 0x04, /* lgrl %r1, .+8 */
    0x07, 0xf1,                         /* br %r1 */
  },
  8,
};
