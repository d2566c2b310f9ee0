/* Decodes the jumps that hooks write, on x86, x64 and arm64.  */
#include "inject/process/jump.h"

#define JUMPS_MAX 8 /* a longer chain is taken for a loop */

/* These functions decode the jump at ADDRESS and set TARGET.  1, 0 if there is no jump, -1 if
   memory cannot be read.  */

/* Set TARGET to the pointer of SIZE bytes at AT.  */
static int read_pointer (uint64_t at, unsigned size, uint64_t *target, jump_read_t *read,
                         void *user_data) {
  uint8_t bytes[8] = {0};
  if (read (user_data, at, bytes, size) != 0) return -1;
  *target = pe_u64 (bytes);
  return 1;
}

/* eb rel8; e9 rel32; ff 25 disp32, a jump through a pointer whose address is absolute on x86 and
   relative on x64.  Intel SDM volume 2, JMP.  */
static int x86_jump (int wide, uint64_t address, uint64_t *target, jump_read_t *read,
                     void *user_data) {
  uint8_t code[6] = {0};
  if (read (user_data, address, code, 2) != 0) return -1;
  if (code[0] == 0xeb) {
    *target = address + 2 + (uint64_t) (int64_t) (int8_t) code[1];
  } else if (code[0] == 0xe9) {
    if (read (user_data, address, code, 5) != 0) return -1;
    *target = address + 5 + (uint64_t) (int64_t) (int32_t) pe_u32 (code + 1);
  } else if (code[0] == 0xff && code[1] == 0x25) {
    if (read (user_data, address, code, 6) != 0) return -1;
    uint64_t at =
        wide ? address + 6 + (uint64_t) (int64_t) (int32_t) pe_u32 (code + 2) : pe_u32 (code + 2);
    return read_pointer (at, wide ? 8 : 4, target, read, user_data);
  } else {
    return 0;
  }
  if (!wide) *target &= UINT32_MAX;
  return 1;
}

/* b imm26; or ldr x16 or x17 from a literal, then br to that register.  Arm Architecture Reference
   Manual, C6.2.  */
static int arm64_jump (uint64_t address, uint64_t *target, jump_read_t *read, void *user_data) {
  uint8_t code[8];
  if (read (user_data, address, code, 4) != 0) return -1;
  uint32_t first = pe_u32 (code);
  if ((first & 0xfc000000) == 0x14000000) {
    int32_t offset = (int32_t) (first << 6) >> 4;
    *target = address + (uint64_t) (int64_t) offset;
    return 1;
  }
  uint32_t reg = first & 0x1f;
  if ((first & 0xff000000) != 0x58000000 || (reg != 16 && reg != 17)) return 0;
  if (read (user_data, address + 4, code + 4, 4) != 0) return -1;
  if (pe_u32 (code + 4) != (0xd61f0000 | reg << 5)) return 0;
  int32_t offset = (int32_t) (first << 8) >> 13 << 2;
  return read_pointer (address + (uint64_t) (int64_t) offset, 8, target, read, user_data);
}

uint64_t jump_follow (enum pe_machine machine, uint64_t address, uint64_t base, uint64_t size,
                      jump_read_t *read, void *user_data) {
  for (int i = 0; i < JUMPS_MAX && address - base >= size; i++) {
    uint64_t target = 0;
    int jumps = machine == PE_X86 || machine == PE_X64
                    ? x86_jump (machine == PE_X64, address, &target, read, user_data)
                : machine == PE_ARM64 ? arm64_jump (address, &target, read, user_data)
                                      : 0;
    if (jumps < 0) return 0;
    if (jumps == 0) return address;
    address = target;
  }
  return address;
}
