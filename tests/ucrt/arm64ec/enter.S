/* The way into code for ARM64EC and out of it.  There x18 is the address of the thread's environment block; for Linux
   it is a register like any other.  All else is as between two functions of Linux.

   enter (FUNCTION, A, B, C, D) calls FUNCTION (A, B, C, D) with x18 set.  */
        .text
        .globl enter
enter:  stp x29, x30, [sp, #-16]!
        mov x16, x0
        mov x0, x1
        mov x1, x2
        mov x2, x3
        mov x3, x4
        adrp x17, loader_environment
        add x17, x17, :lo12:loader_environment
        mov x18, x17
        blr x16
        ldp x29, x30, [sp], #16
        ret

/* A made-up function is called by its address in x16, from a stub; x18 is set again.  */
        .globl leave
leave:  stp x29, x30, [sp, #-16]!
        blr x16
        adrp x17, loader_environment
        add x17, x17, :lo12:loader_environment
        mov x18, x17
        ldp x29, x30, [sp], #16
        ret

/* The checker of indirect calls ("Overview of ARM64EC ABI conventions"): x11 is the target, and where to go afterwards.
   It keeps x0 to x8, x15 and q0 to q7; x10, the exit thunk, is kept too.  */
        .macro all_kept how /* stp or ldp */
        \how x0, x1, [sp]
        \how x2, x3, [sp, #16]
        \how x4, x5, [sp, #32]
        \how x6, x7, [sp, #48]
        \how x8, x15, [sp, #64]
        \how x10, x30, [sp, #80]
        \how q0, q1, [sp, #96]
        \how q2, q3, [sp, #128]
        \how q4, q5, [sp, #160]
        \how q6, q7, [sp, #192]
        .endm
        .globl check_call
check_call:
        sub sp, sp, #240
        all_kept stp
        mov x0, x11
        bl loader_target
        mov x11, x0
        all_kept ldp
        add sp, sp, #240
        adrp x17, loader_environment
        add x17, x17, :lo12:loader_environment
        mov x18, x17
        ret

/* Every other helper would begin to emulate.  */
        .globl no_emulator
no_emulator:
        b loader_emulates
        .section .note.GNU-stack, "", %progbits
