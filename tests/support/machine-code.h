/* Small machine-code functions for tests, per CPU.  */
#ifndef MIR_TESTS_SUPPORT_MACHINE_CODE_H
#define MIR_TESTS_SUPPORT_MACHINE_CODE_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h>

typedef unsigned (*code_func_t) (void);

/* code_returning (CODE, VALUE) writes a function that returns VALUE, CODE_LEN bytes, to CODE.
   Instructions are stored as words of 32 bits: on these CPUs they have the byte order of data.  */
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64)
enum { CODE_LEN = 6 }; /* bytes of a function */
/* mov eax, VALUE; ret  */
static inline void code_returning (uint8_t *code, uint32_t value) {
  code[0] = 0xb8;
  memcpy (code + 1, &value, sizeof (value));
  code[5] = 0xc3;
}
#elif defined(__aarch64__)
enum { CODE_LEN = 12 };
/* movz w0, VALUE & 0xffff; movk w0, VALUE >> 16, lsl 16; ret  */
static inline void code_returning (uint8_t *code, uint32_t value) {
  uint32_t insns[3] = {0x52800000u | (value & 0xffff) << 5, 0x72a00000u | (value >> 16) << 5,
                       0xd65f03c0u};
  memcpy (code, insns, sizeof (insns));
}
#elif defined(__riscv) && __riscv_xlen == 64
enum { CODE_LEN = 12 };
/* lui a0, HIGH; addiw a0, a0, LOW; ret.  The 12 bits LOW are signed, hence 0x800.  The result is
   sign-extended from 32 bits, as the RISC-V psABI (Integer Calling Convention) demands for unsigned
   int.  */
static inline void code_returning (uint8_t *code, uint32_t value) {
  uint32_t insns[3] = {0x00000537u | ((value + 0x800) & 0xfffff000u), 0x0005051bu | value << 20,
                       0x00008067u};
  memcpy (code, insns, sizeof (insns));
}
#elif defined(__powerpc64__) && defined(_CALL_ELF) && _CALL_ELF == 2
enum { CODE_LEN = 16 };
/* li r3, 0; oris r3, r3, VALUE >> 16; ori r3, r3, VALUE & 0xffff; blr.  Not lis, which
   sign-extends: an unsigned int is returned zero-extended.  In the ELF V2 ABI a function pointer is
   the address of the code; ELF V1 would need a descriptor (64-Bit ELF V2 ABI Specification: Power
   Architecture, Parameter Passing and Function Pointers).  */
static inline void code_returning (uint8_t *code, uint32_t value) {
  uint32_t insns[4] = {0x38600000u, 0x64630000u | value >> 16, 0x60630000u | (value & 0xffff),
                       0x4e800020u};
  memcpy (code, insns, sizeof (insns));
}
#elif defined(__s390x__)
enum { CODE_LEN = 8 };
/* llilf %r2, VALUE; br %r14.  llilf clears the upper half of the register: an unsigned int is
   returned zero-extended (ELF Application Binary Interface s390x Supplement, Return Values).  */
static inline void code_returning (uint8_t *code, uint32_t value) {
  code[0] = 0xc0;
  code[1] = 0x2f;
  memcpy (code + 2, &value, sizeof (value));
  code[6] = 0x07;
  code[7] = 0xfe;
}
#elif defined(__arm__)
enum { CODE_LEN = 12 };
/* ldr r0, .+8; bx lr; VALUE  */
static inline void code_returning (uint8_t *code, uint32_t value) {
  uint32_t insns[3] = {0xe59f0000u, 0xe12fff1eu, value};
  memcpy (code, insns, sizeof (insns));
}
#elif defined(__mips__)
enum { CODE_LEN = 16 };
/* lui v0, VALUE >> 16; jr ra; ori v0, v0, VALUE & 0xffff; nop.  The jump executes the instruction
   behind it first.  The result is sign-extended, as the ABI demands.  */
static inline void code_returning (uint8_t *code, uint32_t value) {
  uint32_t insns[4] = {0x3c020000u | value >> 16, 0x03e00009u, 0x34420000u | (value & 0xffff), 0};
  memcpy (code, insns, sizeof (insns));
}
#elif defined(__loongarch64)
enum { CODE_LEN = 12 };
/* lu12i.w a0, VALUE >> 12; ori a0, a0, VALUE & 0xfff; ret  */
static inline void code_returning (uint8_t *code, uint32_t value) {
  uint32_t insns[3] = {0x14000004u | (value >> 12) << 5, 0x03800084u | (value & 0xfff) << 10,
                       0x4c000020u};
  memcpy (code, insns, sizeof (insns));
}
#elif defined(__powerpc__) && !defined(__powerpc64__)
enum { CODE_LEN = 12 };
/* lis r3, VALUE >> 16; ori r3, r3, VALUE & 0xffff; blr  */
static inline void code_returning (uint8_t *code, uint32_t value) {
  uint32_t insns[3] = {0x3c600000u | value >> 16, 0x60630000u | (value & 0xffff), 0x4e800020u};
  memcpy (code, insns, sizeof (insns));
}
#else
#error "no test code for this CPU yet"
#endif

/* Call the function at ADDR.  memcpy, because C has no cast from object to function pointers.  */
static inline unsigned code_call (const void *addr) {
  code_func_t func;
  memcpy (&func, &addr, sizeof (func));
  return func ();
}

#endif /* MIR_TESTS_SUPPORT_MACHINE_CODE_H */
