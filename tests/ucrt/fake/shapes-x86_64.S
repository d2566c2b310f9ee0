/* A C runtime for x86-64 with the shapes of Microsoft's.  Each function returns a number of its own, which shows
   the test where a call went: 1 malloc, 2 calloc, 3 realloc, 4 free, 5 _msize, 6 _expand, 7 _recalloc,
   8 _aligned_malloc, 9 _aligned_free, 10 _aligned_msize, 11 _heapmin.  */

    .section .drectve, "yn"
    .ascii " -export:malloc -export:calloc -export:realloc -export:free -export:_msize -export:_expand"
    .ascii " -export:_recalloc -export:_aligned_malloc -export:_aligned_free -export:_aligned_msize"
    .ascii " -export:_o_malloc -export:_heapmin -export:_malloc_base -export:_expand_next"
    .ascii " -export:_get_heap_handle -export:when_loaded,DATA -export:park,DATA"

    .data
    .globl when_loaded, park
when_loaded: .long 0 /* what malloc returned to DllMain */
    .balign 8
park: .quad 0 /* what _aligned_malloc calls, if set */

    .text
    .globl _get_heap_handle
    .globl malloc, calloc, realloc, free, _msize, _expand, _recalloc, _aligned_malloc, _aligned_free
    .globl _aligned_msize, _o_malloc, _heapmin, _malloc_base, _expand_next, DllMainCRTStartup

/* Thunks of one jump, 8 bytes apart.  */
    .balign 16, 0xcc
malloc:
    .byte 0xe9
    .long _malloc_base - . - 4
    .balign 8, 0xcc
calloc:
    .byte 0xe9
    .long calloc_base - . - 4
    .balign 16, 0xcc

/* 12 bytes up to the next function, as in ucrtbase 17763.  */
_expand:
    .byte 0xe9
    .long expand_base - . - 4
    .fill 7, 1, 0xcc
_expand_next:
    movl $60, %eax
    ret

    .balign 16, 0xcc
_malloc_base:
    movl $1, %eax
    ret
    .balign 16, 0xcc
calloc_base:
    movl $2, %eax
    ret
    .balign 16, 0xcc
expand_base:
    movl $6, %eax
    ret

/* free.cpp's volatile int extra_instructions_for_patching_libraries.  */
    .balign 16, 0xcc
free:
    movl $0, 0x10(%rsp)
    movl 0x10(%rsp), %eax
    .byte 0xe9
    .long free_base - . - 4
    .balign 16, 0xcc
free_base:
    movl $4, %eax
    ret

/* At an odd address, so that no aligned store covers the jump.  */
    .balign 16, 0xcc
    .fill 7, 1, 0xcc
realloc:
    pushq %rbx
    movl $3, %eax
    popq %rbx
    ret

    .balign 16, 0xcc
_msize:
    endbr64
    movl $5, %eax
    ret

/* Across the end of a page.  */
    .balign 4096, 0xcc
    .fill 4094, 1, 0xcc
_recalloc:
    nopl (%rax)
    movl $7, %eax
    ret

/* Reaches malloc by its address, as the os-mode twins do, so it need not be hooked.  */
    .balign 16, 0xcc
_o_malloc:
    movq %rcx, %rdx
    leaq malloc(%rip), %rcx
    .byte 0xe9
    .long wrapped_invoke - . - 4
    .balign 16, 0xcc
wrapped_invoke:
    movq %rcx, %rax
    movq %rdx, %rcx
    jmpq *%rax

    .balign 16, 0xcc
    .seh_proc _aligned_malloc
_aligned_malloc:
    subq $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_endprologue
    movq park(%rip), %rax
    testq %rax, %rax
    je 1f
    callq *%rax
1:  movl $8, %eax
    addq $0x28, %rsp
    ret
    .seh_endproc

/* Its last jump goes to a function without a name, which counts as an aligned function too.  */
    .balign 16, 0xcc
    .seh_proc _aligned_free
_aligned_free:
    subq $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_endprologue
    addq $0x28, %rsp
    .byte 0xe9
    .long aligned_free_base - . - 4
    .seh_endproc
    .balign 16, 0xcc
    .seh_proc aligned_free_base
aligned_free_base:
    subq $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_endprologue
    movq park(%rip), %rax
    testq %rax, %rax
    je 1f
    callq *%rax
1:  movl $9, %eax
    addq $0x28, %rsp
    ret
    .seh_endproc

    .balign 16, 0xcc
_aligned_msize:
    movl $10, %eax
    ret
    .balign 16, 0xcc
_heapmin:
    movl $11, %eax
    ret

    .balign 16, 0xcc
DllMainCRTStartup:
    subq $0x28, %rsp
    cmpl $1, %edx
    jne 1f
    callq malloc
    movl %eax, when_loaded(%rip)
1:  movl $1, %eax
    addq $0x28, %rsp
    ret

/* A little more, so that the last function is not the last byte.  */
    .balign 16, 0xcc
_get_heap_handle: /* it has none */
    xorl %eax, %eax
    ret
    .balign 16, 0xcc
    .fill 64, 1, 0xcc
