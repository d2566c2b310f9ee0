/* Machine code of a function that has a frame record and calls a callback, per CPU.  FRAME_CODE_LEN
   is 0 for CPUs without such code.  */
#ifndef MIR_TESTS_SUPPORT_FRAME_CODE_H
#define MIR_TESTS_SUPPORT_FRAME_CODE_H

#include <stdint.h>

typedef void (*callback_t) (void);
typedef void (*calls_back_t) (callback_t callback);

#if defined(__x86_64__) && defined(_WIN32)
/* push rbp; mov rbp, rsp; sub rsp, 32; call rcx; add rsp, 32; pop rbp; ret  */
static const uint8_t frame_code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 32,
                                     0xff, 0xd1, 0x48, 0x83, 0xc4, 32,   0x5d, 0xc3};
enum { FRAME_CODE_LEN = sizeof (frame_code) };
#elif defined(__x86_64__)
/* push rbp; mov rbp, rsp; call rdi; pop rbp; ret  */
static const uint8_t frame_code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
enum { FRAME_CODE_LEN = sizeof (frame_code) };
#elif defined(__aarch64__)
/* stp x29, x30, [sp, -16]!; mov x29, sp; blr x0; ldp x29, x30, [sp], 16; ret  */
static const uint32_t frame_code[] = {0xa9bf7bfd, 0x910003fd, 0xd63f0000, 0xa8c17bfd, 0xd65f03c0};
enum { FRAME_CODE_LEN = sizeof (frame_code) };
#else
static const uint8_t frame_code[] = {0};
enum { FRAME_CODE_LEN = 0 };
#endif

#endif /* MIR_TESTS_SUPPORT_FRAME_CODE_H */
