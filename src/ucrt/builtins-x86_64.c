/* What compilers call on x86-64 for a frame larger than a page: ___chkstk_ms touches each page of
   the RAX bytes below the stack pointer, in order, so that the guard page moves.  All registers are
   kept.  Any thread.  */

typedef int mir_ucrt_not_empty_t; /* ISO C forbids a unit without a declaration */

__asm__ (
    ".text\n"
    ".globl ___chkstk_ms\n"
    "___chkstk_ms:\n"
    "push %rcx\n"
    "push %rax\n"
    "lea 24(%rsp), %rcx\n" /* the caller's stack pointer */
    "1: cmp $0x1000, %rax\n"
    "jb 2f\n"
    "sub $0x1000, %rcx\n"
    "testb $0, (%rcx)\n"
    "sub $0x1000, %rax\n"
    "jmp 1b\n"
    "2: sub %rax, %rcx\n"
    "testb $0, (%rcx)\n"
    "pop %rax\n"
    "pop %rcx\n"
    "ret\n");
