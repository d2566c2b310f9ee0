/* Fast-forward sequences of ARM64EC: the x64 code at an export of an ARM64 function.

   Each is 16 bytes at a multiple of 16.  x64 code may call it or overwrite its beginning with a jump;
   the emulator and the callers in ARM64 code know its bytes and go to the function at once, unless
   they were changed (Microsoft: "Understanding Arm64EC ABI and assembly code", Fast-forward
   sequences).  A jump to the function in place of the bytes would be such a change: every call would
   be emulated.  */

#include <string.h> /* memcmp, memcpy */

#include "ucrt/patch.h"

enum { FORWARD_ALIGN = 16, FORWARD_JUMP = 9, FORWARD_SIZE = 14 }; /* bytes; two of padding follow */

/* mov rax, rsp; mov [rax + 32], rbx; push rbp; pop rbp; jmp  */
static const uint8_t forward[] = {0x48, 0x8b, 0xc4, 0x48, 0x89, 0x58, 0x20, 0x55, 0x5d, 0xe9};

int ucrt_fast_forward (const struct ucrt_span *code, uint64_t *function) {
  if (code->size < FORWARD_SIZE || code->address % FORWARD_ALIGN != 0
      || memcmp (code->bytes, forward, sizeof (forward)) != 0)
    return 0;
  int32_t distance;
  memcpy (&distance, code->bytes + FORWARD_JUMP + 1, sizeof (distance));
  *function = code->address + FORWARD_SIZE + (uint64_t) (int64_t) distance;
  return 1;
}
