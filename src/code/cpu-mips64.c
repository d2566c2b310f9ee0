/* The machine code patterns of mips64, of either byte order.  */
#include "code/cpu.h"

/* The bytes of an instruction, in the order of data.  */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define INSN(A, B, C, D) 0x##A, 0x##B, 0x##C, 0x##D
#else
#define INSN(A, B, C, D) 0x##D, 0x##C, 0x##B, 0x##A
#endif

/* MIPS Architecture for Programmers, volume II.  JALR without a link and BAL exist in all releases;
   each has a delay slot.  A function expects its own address in T9; AT is the assembler's, free
   between instructions of the compiler (System V ABI, MIPS Processor Supplement, 3-11 and 3-12).

   No distance describes how far JAL goes: anywhere within an aligned segment of 256 MiB.  */
const struct mir_cpu mir_cpu = {
    .thunk =
        {
            INSN (03, e0, 08, 25), /* move $at, $ra */
            INSN (04, 11, 00, 01), /* bal .+8 */
            INSN (00, 00, 00, 00), /* nop */
            INSN (df, f9, 00, 14), /* ld $t9, 20($ra) */
            INSN (00, 20, f8, 25), /* move $ra, $at */
            INSN (df, 39, 00, 00), /* ld $t9, 0($t9) */
            INSN (03, 20, 00, 09), /* jalr $zero, $t9 */
            INSN (00, 00, 00, 00), /* nop */
        },
    .thunk_cell = 32,
    .proof = {{INSN (03, e0, 00, 09), INSN (24, 02, 00, 2a)},
              {INSN (03, e0, 00, 09), INSN (24, 02, 00, 2b)}}, /* jalr $zero, $ra; li $v0, 42 */
    .proof_len = 8,
    .trap = {INSN (00, 00, 00, 0d)}, /* break */
    .reach = SIZE_MAX / 2,
};
