/* The same for x86: the hot-patch prologue, 8b ff 55 8b ec, and shapes without it.  */

    .section .drectve, "yn"
    .ascii " -export:malloc -export:calloc -export:realloc -export:free -export:_msize -export:_expand"
    .ascii " -export:_recalloc -export:_aligned_malloc -export:_aligned_free -export:_aligned_msize"
    .ascii " -export:_o_malloc -export:_heapmin -export:_malloc_base -export:_expand_next"
    .ascii " -export:_get_heap_handle -export:when_loaded,DATA -export:park,DATA"

    .data
    .globl _when_loaded, _park
_when_loaded: .long 0
_park: .long 0

    .text
    .globl __get_heap_handle
    .globl _malloc, _calloc, _realloc, _free, __msize, __expand, __recalloc, __aligned_malloc, __aligned_free
    .globl __aligned_msize, __o_malloc, __heapmin, __malloc_base, __expand_next, _DllMainCRTStartup@12

.macro hotpatch name, number
    .balign 16, 0xcc
\name:
    .byte 0x8b, 0xff, 0x55, 0x8b, 0xec
    movl $\number, %eax
    popl %ebp
    ret
.endm

    hotpatch _malloc, 1
    hotpatch _calloc, 2
    hotpatch _realloc, 3
    hotpatch _free, 4
    hotpatch __malloc_base, 1
    hotpatch __aligned_msize, 10
    hotpatch __heapmin, 11

/* 8b ff 55 8b ec 5d e9: a thunk with the hot-patch prologue.  */
    .balign 16, 0xcc
__msize:
    .byte 0x8b, 0xff, 0x55, 0x8b, 0xec, 0x5d, 0xe9
    .long msize_base - . - 4
    .balign 16, 0xcc
msize_base:
    movl $5, %eax
    ret

    .balign 16, 0xcc
__expand:
    .byte 0xe9
    .long expand_base - . - 4
    .fill 7, 1, 0xcc
__expand_next:
    movl $60, %eax
    ret
    .balign 16, 0xcc
expand_base:
    movl $6, %eax
    ret

    .balign 4096, 0xcc
    .fill 4094, 1, 0xcc
__recalloc:
    .byte 0x8b, 0xff, 0x55, 0x8b, 0xec
    movl $7, %eax
    popl %ebp
    ret

    .balign 16, 0xcc
__o_malloc:
    movl $_malloc, %eax
    jmpl *%eax

    .balign 16, 0xcc
__aligned_malloc:
    .byte 0x8b, 0xff, 0x55, 0x8b, 0xec
    movl _park, %eax
    testl %eax, %eax
    je 1f
    calll *%eax
1:  movl $8, %eax
    popl %ebp
    ret

    .balign 16, 0xcc
__aligned_free:
    .byte 0x8b, 0xff, 0x55, 0x8b, 0xec, 0x5d, 0xe9
    .long aligned_free_base - . - 4
    .balign 16, 0xcc
aligned_free_base:
    movl _park, %eax
    testl %eax, %eax
    je 1f
    calll *%eax
1:  movl $9, %eax
    ret

    .balign 16, 0xcc
_DllMainCRTStartup@12:
    cmpl $1, 8(%esp)
    jne 1f
    calll _malloc
    movl %eax, _when_loaded
1:  movl $1, %eax
    ret $12
    .balign 16, 0xcc
__get_heap_handle: /* it has none */
    xorl %eax, %eax
    ret
    .balign 16, 0xcc
    .fill 64, 1, 0xcc
