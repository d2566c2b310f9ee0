/* What compilers call on 32-bit x86: 64-bit division, which ntdll has under other names, and for a
   frame larger than a page __alloca, which touches each page of the EAX bytes below the stack
   pointer, in order, so that the guard page moves, and moves the stack pointer there.  All other
   registers are kept.  */

#include <stdint.h>

int64_t __stdcall _alldiv (int64_t a, int64_t b);
uint64_t __stdcall _aulldiv (uint64_t a, uint64_t b);
int64_t __divdi3 (int64_t a, int64_t b);
uint64_t __udivdi3 (uint64_t a, uint64_t b);

int64_t __divdi3 (int64_t a, int64_t b) {
  return _alldiv (a, b);
}
uint64_t __udivdi3 (uint64_t a, uint64_t b) {
  return _aulldiv (a, b);
}

__asm__ (
    ".text\n"
    ".globl __alloca\n"
    "__alloca:\n"
    "push %ecx\n"
    "lea 8(%esp), %ecx\n" /* the caller's stack pointer */
    "1: cmp $0x1000, %eax\n"
    "jb 2f\n"
    "sub $0x1000, %ecx\n"
    "testb $0, (%ecx)\n"
    "sub $0x1000, %eax\n"
    "jmp 1b\n"
    "2: sub %eax, %ecx\n"
    "testb $0, (%ecx)\n"
    "mov %esp, %eax\n"
    "mov %ecx, %esp\n"
    "mov (%eax), %ecx\n"
    "jmp *4(%eax)\n");
