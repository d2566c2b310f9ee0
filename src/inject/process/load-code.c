/* Machine code that loads a DLL, for each CPU.  */
#include "inject/process/load-code.h"

/* The code uses these offsets of struct load_block.  */
_Static_assert (sizeof (struct load_block) == 32 && offsetof (struct load_block, last_error) == 8
                    && offsetof (struct load_block, module) == 16
                    && offsetof (struct load_block, error) == 24
                    && offsetof (struct load_block, done) == 28,
                "the code below knows this layout");

/* clang-format off */

/* The argument is in rcx.  The 32 bytes of shadow space also keep the stack aligned.  */
static const uint8_t x64[] = {
  0x53,                                     /* push rbx */
  0x48, 0x83, 0xec, 0x20,                   /* sub rsp, 32 */
  0x48, 0x89, 0xcb,                         /* mov rbx, rcx */
  0x48, 0x8d, 0x4b, 0x20,                   /* lea rcx, [rbx + 32] */
  0xff, 0x13,                               /* call [rbx] */
  0x48, 0x89, 0x43, 0x10,                   /* mov [rbx + 16], rax */
  0xff, 0x53, 0x08,                         /* call [rbx + 8] */
  0x89, 0x43, 0x18,                         /* mov [rbx + 24], eax */
  0xc7, 0x43, 0x1c, 0x01, 0x00, 0x00, 0x00, /* mov dword ptr [rbx + 28], 1 */
  0x31, 0xc0,                               /* xor eax, eax */
  0x48, 0x83, 0xc4, 0x20,                   /* add rsp, 32 */
  0x5b,                                     /* pop rbx */
  0xc3                                      /* ret */
};

/* stdcall: the argument is on the stack, and the callee removes it.  */
static const uint8_t x86[] = {
  0x53,                                     /* push ebx */
  0x8b, 0x5c, 0x24, 0x08,                   /* mov ebx, [esp + 8] */
  0x8d, 0x43, 0x20,                         /* lea eax, [ebx + 32] */
  0x50,                                     /* push eax */
  0xff, 0x13,                               /* call [ebx] */
  0x89, 0x43, 0x10,                         /* mov [ebx + 16], eax */
  0xff, 0x53, 0x08,                         /* call [ebx + 8] */
  0x89, 0x43, 0x18,                         /* mov [ebx + 24], eax */
  0xc7, 0x43, 0x1c, 0x01, 0x00, 0x00, 0x00, /* mov dword ptr [ebx + 28], 1 */
  0x31, 0xc0,                               /* xor eax, eax */
  0x5b,                                     /* pop ebx */
  0xc2, 0x04, 0x00                          /* ret 4 */
};

/* The argument is in x0.  */
static const uint8_t arm64[] = {
  0xfd, 0x7b, 0xbe, 0xa9, /* stp x29, x30, [sp, #-32]! */
  0xfd, 0x03, 0x00, 0x91, /* mov x29, sp */
  0xf3, 0x0b, 0x00, 0xf9, /* str x19, [sp, #16] */
  0xf3, 0x03, 0x00, 0xaa, /* mov x19, x0 */
  0x60, 0x82, 0x00, 0x91, /* add x0, x19, #32 */
  0x68, 0x02, 0x40, 0xf9, /* ldr x8, [x19] */
  0x00, 0x01, 0x3f, 0xd6, /* blr x8 */
  0x60, 0x0a, 0x00, 0xf9, /* str x0, [x19, #16] */
  0x68, 0x06, 0x40, 0xf9, /* ldr x8, [x19, #8] */
  0x00, 0x01, 0x3f, 0xd6, /* blr x8 */
  0x60, 0x1a, 0x00, 0xb9, /* str w0, [x19, #24] */
  0x28, 0x00, 0x80, 0x52, /* mov w8, #1 */
  0x68, 0x1e, 0x00, 0xb9, /* str w8, [x19, #28] */
  0x00, 0x00, 0x80, 0x52, /* mov w0, #0 */
  0xf3, 0x0b, 0x40, 0xf9, /* ldr x19, [sp, #16] */
  0xfd, 0x7b, 0xc2, 0xa8, /* ldp x29, x30, [sp], #32 */
  0xc0, 0x03, 0x5f, 0xd6  /* ret */
};

/* clang-format on */

const uint8_t *load_code (enum pe_machine machine, size_t *n) {
  static const struct {
    const uint8_t *code;
    size_t n;
  } codes[PE_ARM64X + 1] = {[PE_X86] = {x86, sizeof (x86)},
                            [PE_X64] = {x64, sizeof (x64)},
                            [PE_ARM64] = {arm64, sizeof (arm64)}};
  *n = codes[machine].n;
  return codes[machine].code;
}
