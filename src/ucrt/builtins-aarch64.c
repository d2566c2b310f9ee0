/* What compilers call on ARM64 and ARM64EC for a frame larger than a page: __chkstk touches each page
   of the X15 * 16 bytes below the stack pointer, in order, so that the guard page moves.  All
   registers but X16 and X17 are kept.  Any thread.  */

typedef int mir_ucrt_not_empty_t; /* ISO C forbids a unit without a declaration */

/* ARM64EC's functions have names of their own, with a # in front.  */
#ifdef __arm64ec__
#define CHKSTK "\"#__chkstk_arm64ec\""
#else
#define CHKSTK "__chkstk"
#endif

__asm__ (
    ".text\n"
    ".globl " CHKSTK
    "\n"
    ".def " CHKSTK "\n.scl 2\n.type 32\n.endef\n" /* an external function */
    CHKSTK
    ":\n"
    "lsl x16, x15, #4\n"
    "mov x17, sp\n"
    "1: cmp x16, #1, lsl #12\n"
    "b.lo 2f\n"
    "sub x17, x17, #1, lsl #12\n"
    "ldr xzr, [x17]\n"
    "sub x16, x16, #1, lsl #12\n"
    "b 1b\n"
    "2: sub x17, x17, x16\n"
    "ldr xzr, [x17]\n"
    "ret\n");
