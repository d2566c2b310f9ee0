/* Drives capstone: takes x86 code apart, with details.  */
#include "adapters/mir-capstone.h"

#include <stdio.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { CODE = 64000 };

static uint8_t code[CODE];

/* push %rbp; mov %rsp, %rbp; lea 8(%rdi,%rsi,4), %rax; pop %rbp; ret; nop; nop  */
static void make_code (void) {
  static const uint8_t function[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x8d, 0x44,
                                     0xb7, 0x08, 0x5d, 0xc3, 0x90, 0x90};
  for (size_t i = 0; i < CODE; i++) code[i] = i < CODE / 13 * 13 ? function[i % 13] : 0x90;
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
      num == CODE / 13 * 7 + CODE % 13 && instructions[2].detail->x86.op_count == 2 ? GUEST_RIGHT
      : error == CS_ERR_MEM ? GUEST_NO_MEMORY
                            : GUEST_WRONG;
  if (num != 0) cs_free (instructions, num);
  cs_close (&handle);
  return res;
}

const char *guest_version (void) {
  static char text[16];
  int major, minor;
  cs_version (&major, &minor);
  snprintf (text, sizeof (text), "%d.%d", major, minor);
  return text;
}

const struct guest guests[] = {
    {.name = "capstone, x86 with details", .run = disassemble, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
