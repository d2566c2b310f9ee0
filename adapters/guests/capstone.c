/* Drives capstone: takes x86 code apart, with details.  */
#include "adapters/mir-capstone.h"

#include <stdio.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { CODE = 64000 };

static uint8_t code[CODE];

/* push %rbp; mov %rsp, %rbp; lea 8(%rdi,%rsi,4), %rax; mov 16(%rax), %ecx; movabs $..., %rdx;
   mov $..., %rsi; add $..., %rax; pop %rbp; ret  */
static const uint8_t function[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x8d, 0x44, 0xb7, 0x08, 0x8b,
                                   0x48, 0x10, 0x48, 0xba, 1,    2,    3,    4,    5,    6,
                                   7,    8,    0x48, 0xc7, 0xc6, 1,    2,    3,    4,    0x48,
                                   0x05, 1,    2,    3,    4,    0x5d, 0xc3};
enum { LEN = sizeof (function), INSTRUCTIONS = 9, FUNCTIONS = CODE / LEN };

/* As many of that function as have room, then nops.  */
static void make_code (void) {
  for (size_t i = 0; i < CODE; i++) code[i] = i < FUNCTIONS * LEN ? function[i % LEN] : 0x90;
}

static cs_err use (MIR_alloc_t alloc) {
  cs_opt_mem recorder = {record_malloc, record_calloc, record_realloc, record_free, vsnprintf};
  return alloc != NULL ? MIR_capstone_use (alloc)
                       : cs_option (0, CS_OPT_MEM, (size_t) (uintptr_t) &recorder);
}

static enum guest_result disassemble (MIR_alloc_t alloc) {
  csh handle;
  cs_insn *instructions = NULL;
  make_code ();
  cs_err error = use (alloc);
  if (error == CS_ERR_OK) error = cs_open (CS_ARCH_X86, CS_MODE_64, &handle);
  if (error != CS_ERR_OK) return error == CS_ERR_MEM ? GUEST_NO_MEMORY : GUEST_WRONG;
  cs_option (handle, CS_OPT_DETAIL, CS_OPT_ON);
  size_t num = cs_disasm (handle, code, CODE, 0x1000, 0, &instructions);
  error = cs_errno (handle);
  enum guest_result res =
      num == FUNCTIONS * INSTRUCTIONS + CODE % LEN && instructions[2].detail->x86.op_count == 2
          ? GUEST_RIGHT
      : error == CS_ERR_MEM ? GUEST_NO_MEMORY
                            : GUEST_WRONG;
  if (num != 0) cs_free (instructions, num);
  cs_close (&handle);
  return res;
}

const char *guest_version (void) {
  return ""; /* the library tells but a part of it */
}

const struct guest guests[] = {
    {.name = "capstone, x86 with details",
     .run = disassemble,
     .refusals = GUEST_NOT_ALWAYS,
     .points = 100},
    {.name = NULL},
};
