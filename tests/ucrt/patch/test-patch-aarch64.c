/* The jumps of ARM64.  Expected instructions are the assembler's.  */

#include <stdlib.h> /* malloc */

#include <string.h> /* memcpy */

#include "ucrt/patch.h"
#include "support/tap.h"

static const struct ucrt_cpu *const cpu = &ucrt_cpu_aarch64;

/* NUM instructions at ADDRESS.  */
static struct ucrt_code decoded (const uint32_t *insns, size_t num, uint64_t address) {
  uint8_t *copy = malloc (4 * num);
  REQUIRE (copy != NULL);
  memcpy (copy, insns, 4 * num);
  struct ucrt_span code = {copy, 4 * num, address};
  struct ucrt_code result = cpu->decode (&code);
  CHECK (result.marker <= code.size);
  free (copy);
  return result;
}

struct form {
  const char *what;
  uint32_t insns[4];
  unsigned num, marker;
  enum ucrt_code_kind kind;
  uint64_t target;
};

/* All at 0x180001000.  */
static const struct form forms[] = {
    {"b +0x1000", {0x14000400}, 1, 0, UCRT_CODE_JUMP, 0x180002000},
    {"b -0x1000", {0x17fffc00}, 1, 0, UCRT_CODE_JUMP, 0x180000000},
    {"bti c; b", {0xd503245f, 0x140003ff}, 2, 4, UCRT_CODE_JUMP, 0x180002000},
    {"bti jc; b", {0xd50324df, 0x140003ff}, 2, 4, UCRT_CODE_JUMP, 0x180002000},
    {"nop; b", {0xd503201f, 0x140003ff}, 2, 0, UCRT_CODE_JUMP, 0x180002000},
    {"bl", {0x94000400}, 1, 0, UCRT_CODE_CALL, 0x180002000},
    {"ldr x16, 8; br x16", {0x58000050, 0xd61f0200}, 2, 0, UCRT_CODE_JUMP_THROUGH, 0x180001008},
    {"ldr x17, 8; br x17", {0x58000051, 0xd61f0220}, 2, 0, UCRT_CODE_JUMP_THROUGH, 0x180001008},
    {"ldr x16, 8; br x17", {0x58000050, 0xd61f0220}, 2, 0, UCRT_CODE_PLAIN, 0},
    {"adrp; add; br", {0xb0000010, 0x9100c210, 0xd61f0200}, 3, 0, UCRT_CODE_JUMP, 0x180002030},
    {"adrp; ldr; br",
     {0xd0000010, 0xf9401a10, 0xd61f0200},
     3,
     0,
     UCRT_CODE_JUMP_THROUGH,
     0x180003030},
    {"adrp back; add; br", {0xf0fffff1, 0x91000231, 0xd61f0220}, 3, 0, UCRT_CODE_JUMP, 0x180000000},
    {"brk", {0xd43e0000}, 1, 0, UCRT_CODE_TRAP, 0},
    {"stp x29, x30", {0xa9bf7bfd, 0x910003fd}, 2, 0, UCRT_CODE_PLAIN, 0},
    {"cut ldr", {0x58000050}, 1, 0, UCRT_CODE_PLAIN, 0},
    {"cut adrp", {0xb0000010, 0x9100c210}, 2, 0, UCRT_CODE_PLAIN, 0},
};

static void forms_are_seen (void) {
  for (size_t i = 0; i < sizeof (forms) / sizeof (forms[0]); i++) {
    const struct form *form = &forms[i];
    struct ucrt_code code = decoded (form->insns, form->num, 0x180001000);
    if (code.kind != form->kind || code.target != form->target) tap_note ("%s", form->what);
    CHECK_INT (code.kind, form->kind);
    CHECK_INT (code.target, form->kind == UCRT_CODE_PLAIN ? code.target : form->target);
    CHECK_INT (code.marker, form->marker);
  }
}

/* Whether A and B are less than the CPU's reach apart.  */
static int in_reach (uint64_t a, uint64_t b) {
  return (a > b ? a - b : b - a) < cpu->reach;
}

static void what_is_written_is_read_again (void) {
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    uint8_t bytes[UCRT_JUMP_MAX];
    uint32_t insn;
    /* So high that the target is not below 0.  */
    uint64_t from = ((uint64_t) 1 << 32 | tap_random () >> 17) & ~(uint64_t) 3;
    uint64_t target =
        from + (uint64_t) (((int64_t) (tap_random () % 0xf000000) - 0x7800000) & ~(int64_t) 3);
    CHECK_INT (cpu->encode_jump (bytes, from, target), 0);
    CHECK (in_reach (from, target));
    memcpy (&insn, bytes, sizeof (insn));
    struct ucrt_code code = decoded (&insn, 1, from);
    CHECK_INT (code.kind, UCRT_CODE_JUMP);
    CHECK_INT (code.target, target);
  }
}

static void reach_is_128_mib (void) {
  const uint64_t from = 0x180001000, mib_128 = 128u << 20;
  uint8_t bytes[UCRT_JUMP_MAX];
  CHECK_INT (cpu->encode_jump (bytes, from, from + mib_128 - 4), 0);
  CHECK (memcmp (bytes, "\xff\xff\xff\x15", 4) == 0);
  CHECK_INT (cpu->encode_jump (bytes, from, from + mib_128), -1);
  CHECK_INT (cpu->encode_jump (bytes, from, from - mib_128), 0);
  CHECK (memcmp (bytes, "\0\0\0\x16", 4) == 0);
  CHECK_INT (cpu->encode_jump (bytes, from, from - mib_128 - 4), -1);
  CHECK_INT (cpu->encode_jump (bytes, from, from + 2), -1); /* no instruction is there */
}

static void stub_leads_to_its_target (void) {
  uint8_t bytes[UCRT_STUB_SIZE];
  uint64_t end = 0;
  cpu->encode_stub (bytes, 0x10000, 0x1122334455667788);
  CHECK (memcmp (bytes, "\x50\0\0\x58\0\x02\x1f\xd6\x88\x77\x66\x55\x44\x33\x22\x11", 16) == 0);
  struct ucrt_span image = {bytes, sizeof (bytes), 0x10000};
  CHECK_INT (ucrt_follow (cpu, &image, 0x10000, &end), UCRT_LEAVES);
  CHECK_INT (end, 0x1122334455667788);
}

static void jump_goes_behind_a_marker_or_nowhere (void) {
  static const uint32_t insns[] = {0xd503245f, 0xa9bf7bfd, 0xa9bf7bfd};
  struct ucrt_span image = {(const uint8_t *) insns, sizeof (insns), 0x1000};
  CHECK_INT (ucrt_place_of_jump (cpu, &image, 0x1000, 8), 4);
  CHECK_INT (ucrt_place_of_jump (cpu, &image, 0x1000, 4), -1);
  CHECK_INT (ucrt_place_of_jump (cpu, &image, 0x1004, 4), 0);
}

static void random_bytes_are_read_within_their_size (void) {
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    uint32_t insns[4];
    for (int j = 0; j < 4; j++) insns[j] = (uint32_t) tap_random ();
    if (i & 1) insns[0] = 0xd503201f;
    decoded (insns, 1 + tap_random () % 4, tap_random ());
  }
}

int main (void) {
  TEST_RUN (forms_are_seen);
  TEST_RUN (what_is_written_is_read_again);
  TEST_RUN (reach_is_128_mib);
  TEST_RUN (stub_leads_to_its_target);
  TEST_RUN (jump_goes_behind_a_marker_or_nowhere);
  TEST_RUN (random_bytes_are_read_within_their_size);
  return tap_done ();
}
