/* Small machine-code functions for tests, per CPU.  */
#ifndef MACHINE_CODE_H
#define MACHINE_CODE_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h>

typedef unsigned (*code_func_t) (void);

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
#else
#error "no test code for this CPU yet"
#endif

/* A function at ADDR called; an object pointer becomes a function pointer by its bytes.  */
static inline unsigned code_call (const void *addr) {
  code_func_t func;
  memcpy (&func, &addr, sizeof (func));
  return func ();
}

#endif /* MACHINE_CODE_H */
