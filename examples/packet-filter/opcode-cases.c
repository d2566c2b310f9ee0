/* A table of small programs with their results.  */
#include "opcode-cases.h"

#define S(CODE, K) {CODE, 0, 0, K}
#define J(CODE, JT, JF, K) {CODE, JT, JF, K}
/* RET A is added at the end.  */
#define CASE(NAME, EXPECTED, ...) \
  {NAME,                          \
   EXPECTED,                      \
   {__VA_ARGS__, S (RET_A, 0)},   \
   sizeof ((struct insn[]) {__VA_ARGS__}) / sizeof (struct insn) + 1}
/* The result is 1 if the condition is true, else 2.  */
#define BRANCH(NAME, EXPECTED, A, X, CODE, K)                                            \
  CASE (NAME, EXPECTED, S (LDX_IMM, X), S (LD_IMM, A), J (CODE, 0, 2, K), S (LD_IMM, 1), \
        S (RET_A, 0), S (LD_IMM, 2))

const uint8_t opcode_packet[OPCODE_PACKET_LEN] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                                  0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10,
                                                  0xf7, 0x80, 0x00, 0xff, 0x7f, 0x11, 0x22, 0x33};

const struct opcode_case opcode_cases[] = {
    CASE ("ld imm", 0xdeadbeef, S (LD_IMM, 0xdeadbeef)),
    CASE ("ld imm 0", 0, S (LD_IMM, 7), S (LD_IMM, 0)),
    CASE ("A starts as 0", 0, S (LDX_IMM, 1)),
    CASE ("X starts as 0", 0, S (LD_IMM, 1), S (TXA, 0)),
    CASE ("ldw abs", 0x01234567, S (LD_W_ABS, 0)),
    CASE ("ldw abs, end", 0x7f112233, S (LD_W_ABS, 20)),
    CASE ("ldw abs, outside by 1", 0, S (LD_IMM, 1), S (LD_W_ABS, 21)),
    CASE ("ldh abs", 0xab, S (LD_H_ABS, 5), S (RSH_K, 8)),
    CASE ("ldh abs clears the upper half", 0x2233, S (LD_IMM, 0xffffffff), S (LD_H_ABS, 22)),
    CASE ("ldh abs, outside by 1", 0, S (LD_IMM, 1), S (LD_H_ABS, 23)),
    CASE ("ldb abs", 0xf7, S (LD_IMM, 0xffffffff), S (LD_B_ABS, 16)),
    CASE ("ldb abs, end", 0x33, S (LD_B_ABS, 23)),
    CASE ("ldb abs, outside by 1", 0, S (LD_IMM, 1), S (LD_B_ABS, 24)),
    CASE ("ldb abs, -1", 0, S (LD_IMM, 1), S (LD_B_ABS, 0xffffffff)),
    CASE ("ldb abs, the kernel's facts", 0, S (LD_IMM, 1), S (LD_B_ABS, 0xfffff000)),
    CASE ("ldw ind", 0xcdeffedc, S (LDX_IMM, 4), S (LD_W_IND, 2)),
    CASE ("ldw ind, end", 0x7f112233, S (LDX_IMM, 20), S (LD_W_IND, 0)),
    CASE ("ldw ind, outside by 1", 0, S (LD_IMM, 1), S (LDX_IMM, 20), S (LD_W_IND, 1)),
    CASE ("ldh ind", 0xff7f, S (LDX_IMM, 9), S (LD_H_IND, 10)),
    CASE ("ldh ind does not wrap", 0, S (LD_IMM, 1), S (LDX_IMM, 0xfffffffe), S (LD_H_IND, 4)),
    CASE ("ldb ind", 0x76, S (LDX_IMM, 12), S (LD_B_IND, 0)),
    CASE ("ldb ind does not wrap", 0, S (LD_IMM, 1), S (LDX_IMM, 5), S (LD_B_IND, 0xffffffff)),
    CASE ("ld len", 1500, S (LD_LEN, 0)),
    CASE ("ldx imm", 0x80000000, S (LDX_IMM, 0x80000000), S (TXA, 0)),
    CASE ("ldx len", 1500, S (LDX_LEN, 0), S (TXA, 0)),
    CASE ("ldx msh", 28, S (LDX_MSH, 16), S (TXA, 0)),
    CASE ("ldx msh keeps A", 9, S (LD_IMM, 9), S (LDX_MSH, 16)),
    CASE ("ldx msh, outside", 0, S (LD_IMM, 1), S (LDX_MSH, 24)),
    CASE ("st, ld mem", 42, S (LD_IMM, 42), S (ST, 0), S (LD_IMM, 1), S (LD_MEM, 0)),
    CASE ("stx, ldx mem", 43, S (LDX_IMM, 43), S (STX, 15), S (LDX_IMM, 1), S (LDX_MEM, 15),
          S (TXA, 0)),
    CASE ("words of M are apart", 1, S (LD_IMM, 1), S (ST, 7), S (LD_IMM, 2), S (ST, 6), S (ST, 8),
          S (LD_MEM, 7)),

    CASE ("add k", 1, S (LD_IMM, 0xffffffff), S (ADD_K, 2)),
    CASE ("add x", 0x101, S (LDX_IMM, 0x100), S (LD_IMM, 1), S (ADD_X, 0)),
    CASE ("sub k", 0xffffffff, S (LD_IMM, 1), S (SUB_K, 2)),
    CASE ("sub k, 128", 72, S (LD_IMM, 200), S (SUB_K, 128)),
    CASE ("sub x", 5, S (LDX_IMM, 10), S (LD_IMM, 15), S (SUB_X, 0)),
    CASE ("mul k", 0xfffffffe, S (LD_IMM, 0xffffffff), S (MUL_K, 2)),
    CASE ("mul x", 0x00010000, S (LDX_IMM, 0x10001), S (LD_IMM, 0x10000), S (MUL_X, 0),
          S (RSH_K, 0), S (ADD_K, 0)),
    CASE ("div k is unsigned", 0x7fffffff, S (LD_IMM, 0xffffffff), S (DIV_K, 2)),
    CASE ("div k, large", 1, S (LD_IMM, 0xffffffff), S (DIV_K, 0xfffffffe)),
    CASE ("div x", 333, S (LDX_IMM, 3), S (LD_IMM, 1000), S (DIV_X, 0)),
    CASE ("div x, X = 0 returns 0", 0, S (LD_IMM, 1000), S (DIV_X, 0), S (LD_IMM, 5)),
    CASE ("div x keeps X", 3, S (LDX_IMM, 3), S (LD_IMM, 1000), S (DIV_X, 0), S (TXA, 0)),
    CASE ("mod k", 3, S (LD_IMM, 0xffffffff), S (MOD_K, 4)),
    CASE ("mod x", 1, S (LDX_IMM, 3), S (LD_IMM, 1000), S (MOD_X, 0)),
    CASE ("mod x, X = 0 returns 0", 0, S (LD_IMM, 1000), S (MOD_X, 0), S (LD_IMM, 5)),
    CASE ("or k", 0xff, S (LD_IMM, 0xf0), S (OR_K, 0x0f)),
    CASE ("or x", 0x80000001, S (LDX_IMM, 0x80000000), S (LD_IMM, 1), S (OR_X, 0)),
    CASE ("and k", 0x0f, S (LD_IMM, 0xff), S (AND_K, 0xf0f)),
    CASE ("and k, 255", 0xef, S (LD_IMM, 0xbeef), S (AND_K, 0xff)),
    CASE ("and k, sign-extended", 0xbeffffff, S (LD_IMM, 0xbeffffff), S (AND_K, 0xffffffff)),
    CASE ("and x", 0x10, S (LDX_IMM, 0x30), S (LD_IMM, 0x11), S (AND_X, 0)),
    CASE ("xor k", 0xf0, S (LD_IMM, 0xff), S (XOR_K, 0x0f)),
    CASE ("xor x", 0x21, S (LDX_IMM, 0x30), S (LD_IMM, 0x11), S (XOR_X, 0)),
    CASE ("lsh k", 0x80000000, S (LD_IMM, 3), S (LSH_K, 31)),
    CASE ("lsh k, 0", 3, S (LD_IMM, 3), S (LSH_K, 0)),
    CASE ("lsh x", 0x300, S (LDX_IMM, 8), S (LD_IMM, 3), S (LSH_X, 0)),
    CASE ("lsh x, 31", 0x80000000, S (LDX_IMM, 31), S (LD_IMM, 3), S (LSH_X, 0)),
    CASE ("lsh x, 32", 0, S (LDX_IMM, 32), S (LD_IMM, 3), S (LSH_X, 0)),
    CASE ("lsh x, -1", 0, S (LDX_IMM, 0xffffffff), S (LD_IMM, 3), S (LSH_X, 0)),
    CASE ("rsh k", 1, S (LD_IMM, 0x80000000), S (RSH_K, 31)),
    CASE ("rsh x", 0x7f, S (LDX_IMM, 25), S (LD_IMM, 0xffffffff), S (RSH_X, 0)),
    CASE ("rsh x, 32", 0, S (LDX_IMM, 32), S (LD_IMM, 0xffffffff), S (RSH_X, 0)),
    CASE ("rsh x, 256", 0, S (LDX_IMM, 256), S (LD_IMM, 0xffffffff), S (RSH_X, 0)),
    CASE ("neg", 0xffffffff, S (LD_IMM, 1), S (NEG, 0)),
    CASE ("neg of the least", 0x80000000, S (LD_IMM, 0x80000000), S (NEG, 0)),
    CASE ("tax", 6, S (LD_IMM, 6), S (TAX, 0), S (LD_IMM, 1), S (TXA, 0)),

    CASE ("ja", 1, S (LD_IMM, 1), S (JA, 1), S (LD_IMM, 2)),
    CASE ("ja 0", 2, S (LD_IMM, 1), S (JA, 0), S (LD_IMM, 2)),
    CASE ("both ways the same", 1, S (LD_IMM, 1), J (JEQ_K, 1, 1, 1), S (LD_IMM, 2)),
    CASE ("both ways the next", 2, S (LD_IMM, 1), J (JEQ_K, 0, 0, 1), S (LD_IMM, 2)),
    CASE ("two ways, both jumps", 3, S (LD_IMM, 1), J (JEQ_K, 2, 1, 9), S (RET_A, 0),
          S (LD_IMM, 3)),
    BRANCH ("jeq k, equal", 1, 5, 0, JEQ_K, 5),
    BRANCH ("jeq k, not equal", 2, 5, 0, JEQ_K, 0xfffffff5),
    BRANCH ("jeq x, equal", 1, 0x80000000, 0x80000000, JEQ_X, 0),
    BRANCH ("jeq x, not equal", 2, 5, 6, JEQ_X, 0),
    BRANCH ("jgt k is unsigned", 1, 0x80000000, 0, JGT_K, 1),
    BRANCH ("jgt k, equal", 2, 7, 0, JGT_K, 7),
    BRANCH ("jgt k, less", 2, 1, 0, JGT_K, 0xffffffff),
    BRANCH ("jgt x", 1, 0xffffffff, 1, JGT_X, 0),
    BRANCH ("jgt x, equal", 2, 1, 1, JGT_X, 0),
    BRANCH ("jge k, equal", 1, 7, 0, JGE_K, 7),
    BRANCH ("jge k, less", 2, 1, 0, JGE_K, 0x80000000),
    BRANCH ("jge x, equal", 1, 1, 1, JGE_X, 0),
    BRANCH ("jge x, less", 2, 1, 0xffffffff, JGE_X, 0),
    BRANCH ("jset k, a bit", 1, 0x80000001, 0, JSET_K, 0x80000000),
    BRANCH ("jset k, none", 2, 0x7fffffff, 0, JSET_K, 0x80000000),
    BRANCH ("jset x, a bit", 1, 6, 2, JSET_X, 0),
    BRANCH ("jset x, none", 2, 6, 1, JSET_X, 0),

    {"ret k", 0x40000, {S (LD_IMM, 1), S (RET_K, 0x40000)}, 2},
    {"ret k, 0", 0, {S (LD_IMM, 1), S (RET_K, 0)}, 2},
    {"ret a", 1, {S (LD_IMM, 1), S (RET_A, 0)}, 2}};

const size_t opcode_cases_num = sizeof (opcode_cases) / sizeof (opcode_cases[0]);
