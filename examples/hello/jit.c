/* A JIT over MIR's functions: compiles x * N for an N known at run time, and calls the machine code.

       cc jit.c -o jit $(pkg-config --cflags --libs mir-alloc-mir)  */
#include <mir.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint32_t (*times_t) (uint32_t x);

enum { MAX_LEN = 16 }; /* bytes of machine code */

/* emit_times writes the function x * N to CODE and returns its length, 0 where this program does not know the
   CPU.  */
#if defined(__x86_64__) || defined(_M_X64)
#ifdef _WIN32
enum { OPERANDS = 0xc1 }; /* eax, ecx: where Windows passes the first argument */
#else
enum { OPERANDS = 0xc7 }; /* eax, edi */
#endif
/* imul eax, x, N; ret  */
static size_t emit_times (uint8_t *code, uint32_t n) {
  code[0] = 0x69;
  code[1] = OPERANDS;
  memcpy (code + 2, &n, sizeof (n));
  code[6] = 0xc3;
  return 7;
}
#elif defined(__aarch64__)
/* movz w1, N & 0xffff; movk w1, N >> 16, lsl 16; mul w0, w0, w1; ret  */
static size_t emit_times (uint8_t *code, uint32_t n) {
  uint32_t insns[4] = {0x52800001u | (n & 0xffff) << 5, 0x72a00001u | (n >> 16) << 5, 0x1b017c00u,
                       0xd65f03c0u};
  memcpy (code, insns, sizeof (insns));
  return sizeof (insns);
}
#else
static size_t emit_times (uint8_t *code, uint32_t n) {
  (void) code, (void) n;
  return 0;
}
#endif

static jmp_buf recover;

/* Failures of the context come here, out of memory too.  It must not return.  */
static void MIR_NO_RETURN on_error (MIR_error_type_t type, const char *format, ...) {
  va_list args;
  (void) type;
  va_start (args, format);
  fputs ("jit: ", stderr);
  vfprintf (stderr, format, args);
  fputs ("\n", stderr);
  va_end (args);
  longjmp (recover, 1);
}

int main (void) {
  uint8_t code[MAX_LEN];
  size_t len = emit_times (code, 7);
  if (len == 0) {
    puts ("jit: no machine code for this CPU");
    return 77;
  }
  MIR_context_t ctx = MIR_init (); /* a heap for data, and memory for code */
  if (ctx == NULL) {
    fputs ("jit: no memory for a context\n", stderr);
    return 1;
  }
  MIR_set_error_func (ctx, on_error);
  int failed = setjmp (recover);
  if (!failed) {
    times_t times = (times_t) (uintptr_t) _MIR_publish_code (ctx, code, len);
    printf ("6 x 7 = %u\n", (unsigned) times (6));
  }
  MIR_finish (ctx); /* frees everything, also right after a longjmp */
  return failed;
}
