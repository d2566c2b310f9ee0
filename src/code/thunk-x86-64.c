#include "code/thunk.h"

/* AMD64 Architecture Programmer's Manual, volume 3: JMP, opcode FF /4 with a RIP-relative operand.  */
const struct mir_thunk_pattern mir_thunk_pattern = {
  {
    0xff, 0x25, 2, 0, 0, 0, /* jmp *2(%rip) */
    0x66, 0x90,             /* xchg %ax, %ax */
  },
  8,
};
