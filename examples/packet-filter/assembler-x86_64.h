/* An assembler for the x86-64 instructions that the compiler needs.

   raw     machine code in which jumps have no bytes yet
   label   a place in the code, known by a number below the LABELS of assembler_start
   link    choose the shortest form of each jump and write the final code

   Operands are 32 bits wide unless WIDTH says otherwise; writing a 32-bit register clears its upper
   half.  All functions fail if memory is refused.  One thread at a time.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_ASSEMBLER_X86_64_H
#define MIR_EXAMPLES_PACKET_FILTER_ASSEMBLER_X86_64_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint32_t */

#include "containers.h"

enum reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };
enum width { W32, W64 };

/* The values are those of the machine's encodings.  Flipping the lowest bit of a condition negates
   it.  */
enum alu_op { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
enum unary_op { UNARY_NEG = 3, UNARY_DIV = 6 }; /* div: RDX:RAX by the operand */
enum shift_op { SHIFT_LEFT = 4, SHIFT_RIGHT = 5 };
enum condition {
  IF_BELOW = 2,
  IF_NOT_BELOW,
  IF_EQUAL,
  IF_NOT_EQUAL,
  IF_NOT_ABOVE,
  IF_ABOVE,
  ALWAYS = 16
};

typedef struct label {
  size_t at;           /* in raw */
  size_t jumps_before; /* how many jumps are before it */
} label_t;

typedef struct jump {
  size_t at;    /* in raw */
  size_t moved; /* bytes of the jumps before this one */
  uint32_t label;
  uint8_t condition;
  uint8_t size; /* bytes; grows from the short form to the long one, never back */
} jump_t;

DEF_VARR (label_t)
DEF_VARR (jump_t)

struct assembler {
  VARR (uint8_t) *raw;
  VARR (label_t) *labels;
  VARR (jump_t) *jumps; /* in the order of the code */
  VARR (uint8_t) *code; /* after assembler_link: the result */
};

/* AS is all zero before.  The caller finishes it in any case.  */
void assembler_init (struct assembler *as, MIR_alloc_t alloc);
void assembler_finish (struct assembler *as);

/* Begin new code with LABELS labels; the buffers are used again.  */
void assembler_start (struct assembler *as, size_t labels);
void assembler_link (struct assembler *as);

void asm_label (struct assembler *as, uint32_t label); /* the label is here */
void asm_jump (struct assembler *as, enum condition condition, uint32_t label);
void asm_ret (struct assembler *as);
void asm_trap (struct assembler *as); /* int3, where execution should never arrive */

void asm_mov (struct assembler *as, enum width width, enum reg to, enum reg from);
void asm_mov_imm (struct assembler *as, enum reg to, uint32_t imm); /* flags change */
void asm_alu (struct assembler *as, enum width width, enum alu_op op, enum reg to, enum reg from);
void asm_alu_imm (struct assembler *as, enum width width, enum alu_op op, enum reg to,
                  uint32_t imm); /* sign-extended for W64 */
void asm_test (struct assembler *as, enum reg a, enum reg b);
void asm_test_imm (struct assembler *as, enum reg a, uint32_t imm);
void asm_mul (struct assembler *as, enum reg to, enum reg from);
void asm_mul_imm (struct assembler *as, enum reg to, uint32_t imm);
void asm_unary (struct assembler *as, enum unary_op op, enum reg reg);
void asm_shift_imm (struct assembler *as, enum shift_op op, enum reg to, uint8_t count);
void asm_shift_by_rcx (struct assembler *as, enum shift_op op, enum reg to); /* modulo 32 */
void asm_swap_bytes (struct assembler *as, unsigned size, enum reg reg);     /* of its low 2 or 4 */

/* TO = BASE + INDEX + DISP, 64 bits wide.  INDEX RSP: none.  */
void asm_lea (struct assembler *as, enum reg to, enum reg base, enum reg index, int8_t disp);
/* The SIZE bytes (1, 2 or 4) at BASE + DISP.  */
void asm_load (struct assembler *as, unsigned size, enum reg to, enum reg base, int32_t disp);
void asm_store (struct assembler *as, enum reg base, int32_t disp, enum reg from);

#endif /* MIR_EXAMPLES_PACKET_FILTER_ASSEMBLER_X86_64_H */
