/* The jumps of x86-64 and x86: what is encoded is decoded again, and the jumps of other hookers are
   seen.  Expected bytes are the assembler's.  */

#include <stdlib.h> /* malloc */

#include <string.h> /* memcpy, memcmp */

#include "ucrt/patch.h"
#include "support/tap.h"

/* Code in a block of exactly its size, so that a sanitizer sees any byte read beyond it.  */
static struct ucrt_span span_of (const char *bytes, size_t size, uint64_t address) {
  uint8_t *copy = malloc (size);
  REQUIRE (copy != NULL);
  memcpy (copy, bytes, size);
  return (struct ucrt_span) {copy, size, address};
}

static struct ucrt_code decoded (const struct ucrt_cpu *cpu, const char *bytes, size_t size,
                                 uint64_t address) {
  struct ucrt_span code = span_of (bytes, size, address);
  struct ucrt_code result = cpu->decode (&code);
  CHECK (result.marker <= code.size);
  free ((void *) code.bytes);
  return result;
}

struct form {
  const struct ucrt_cpu *cpu;
  const char *what, *bytes;
  size_t size;
  enum ucrt_code_kind kind;
  uint64_t target;
};

#define FORM(CPU, WHAT, BYTES, KIND, TARGET) \
  {&ucrt_cpu_##CPU, WHAT, BYTES, sizeof (BYTES) - 1, UCRT_CODE_##KIND, TARGET}

/* All at 0x180001000, or 0x80001000 for x86.  */
static const struct form forms[] = {
    FORM (x86_64, "jmp rel32", "\xe9\xfb\x0f\0\0", JUMP, 0x180002000),
    FORM (x86_64, "jmp rel32 back", "\xe9\xfb\xef\xff\xff", JUMP, 0x180000000),
    FORM (x86_64, "jmp rel8", "\xeb\xf9", JUMP, 0x180000ffb),
    FORM (x86_64, "endbr64; jmp", "\xf3\x0f\x1e\xfa\xe9\xf7\x0f\0\0", JUMP, 0x180002000),
    FORM (x86_64, "nop; jmp", "\x90\xe9\xfa\x0f\0\0", JUMP, 0x180002000),
    FORM (x86_64, "xchg ax,ax; jmp", "\x66\x90\xe9\xf9\x0f\0\0", JUMP, 0x180002000),
    FORM (x86_64, "jmp [rip+16]", "\xff\x25\x10\0\0\0", JUMP_THROUGH, 0x180001016),
    FORM (x86_64, "rex jmp [rip+16]", "\x48\xff\x25\x10\0\0\0", JUMP_THROUGH, 0x180001017),
    FORM (x86_64, "mov rax; jmp rax", "\x48\xb8\x88\x77\x66\x55\x44\x33\x22\x11\xff\xe0", JUMP,
          0x1122334455667788),
    FORM (x86_64, "mov r11; jmp r11", "\x49\xbb\x88\x77\x66\x55\x44\x33\x22\x11\x41\xff\xe3", JUMP,
          0x1122334455667788),
    FORM (x86_64, "mov rdx; push; ret", "\x48\xba\x88\x77\x66\x55\x44\x33\x22\x11\x52\xc3", JUMP,
          0x1122334455667788),
    FORM (x86_64, "mov rax; jmp rcx is no hook", "\x48\xb8\x88\x77\x66\x55\x44\x33\x22\x11\xff\xe1",
          PLAIN, 0),
    FORM (x86_64, "push; ret", "\x68\x44\x33\x22\x11\xc3", JUMP, 0x11223344),
    FORM (x86_64, "push; ret, signed", "\x68\0\0\0\x80\xc3", JUMP, 0xffffffff80000000),
    FORM (x86_64, "push; mov; ret", "\x68\x88\x77\x66\x55\xc7\x44\x24\x04\x44\x33\x22\x11\xc3",
          JUMP, 0x1122334455667788),
    FORM (x86_64, "int3", "\xcc", TRAP, 0),
    FORM (x86_64, "int 3", "\xcd\x03", TRAP, 0),
    FORM (x86_64, "call", "\xe8\xfb\x0f\0\0", CALL, 0x180002000),
    FORM (x86_64, "cut jmp", "\xe9\xfb\x0f\0", PLAIN, 0),
    FORM (x86_64, "cut mov", "\x48\xb8\x88\x77\x66\x55\x44\x33\x22\x11\xff", PLAIN, 0),
    FORM (x86_64, "_malloc_base", "\x48\x83\xec\x28\x48\x83\xf9\xe0\x77\x43", PLAIN, 0),
    FORM (x86_64, "free", "\xc7\x44\x24\x10\0\0\0\0\x8b\x44\x24\x10", PLAIN, 0),
    FORM (x86_64, "_o_malloc", "\x48\x8b\xd1\x48\x8d\x0d\x10\0\0\0", PLAIN, 0),
    FORM (x86, "jmp rel32", "\xe9\xfb\x0f\0\0", JUMP, 0x80002000),
    FORM (x86, "jmp around", "\xe9\xfb\xef\xff\x7f", JUMP, 0),
    FORM (x86, "mov edi,edi; jmp", "\x8b\xff\xe9\xf9\x0f\0\0", JUMP, 0x80002000),
    FORM (x86, "hot-patched", "\xeb\xf9", JUMP, 0x80000ffb),
    FORM (x86, "jmp [abs]", "\xff\x25\x44\x33\x22\x11", JUMP_THROUGH, 0x11223344),
    FORM (x86, "mov eax; jmp eax", "\xb8\x44\x33\x22\x11\xff\xe0", JUMP, 0x11223344),
    FORM (x86, "mov eax; ret is a function", "\xb8\x44\x33\x22\x11\xc3", PLAIN, 0),
    FORM (x86, "push; ret", "\x68\x44\x33\x22\xf1\xc3", JUMP, 0xf1223344),
    FORM (x86, "prologue", "\x8b\xff\x55\x8b\xec", PLAIN, 0),
};

static void forms_are_seen (void) {
  for (size_t i = 0; i < sizeof (forms) / sizeof (forms[0]); i++) {
    const struct form *form = &forms[i];
    uint64_t address = form->cpu->pointer_size == 8 ? 0x180001000 : 0x80001000;
    struct ucrt_code code = decoded (form->cpu, form->bytes, form->size, address);
    if (code.kind != form->kind || code.target != form->target) tap_note ("%s", form->what);
    CHECK_INT (code.kind, form->kind);
    CHECK_INT (code.target, form->kind == UCRT_CODE_PLAIN || form->kind == UCRT_CODE_TRAP
                                ? code.target
                                : form->target);
  }
}

static void every_cut_form_is_read_within_its_bytes (void) {
  for (size_t i = 0; i < sizeof (forms) / sizeof (forms[0]); i++)
    for (size_t size = 1; size < forms[i].size; size++)
      decoded (forms[i].cpu, forms[i].bytes, size, 0x1000);
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    char bytes[16];
    for (size_t j = 0; j < sizeof (bytes); j++) bytes[j] = (char) tap_random ();
    size_t size = 1 + tap_random () % sizeof (bytes);
    decoded (i & 1 ? &ucrt_cpu_x86 : &ucrt_cpu_x86_64, bytes, size, tap_random ());
  }
}

/* Whether A and B are less than CPU's reach apart.  */
static int in_reach (const struct ucrt_cpu *cpu, uint64_t a, uint64_t b) {
  return (a > b ? a - b : b - a) < cpu->reach;
}

static void what_is_written_is_read_again (void) {
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    uint8_t bytes[UCRT_JUMP_MAX];
    uint64_t from = tap_random () >> 17,
             target = from + (uint64_t) (int64_t) (int32_t) tap_random ();
    if (ucrt_cpu_x86_64.encode_jump (bytes, from, target) != 0) {
      CHECK (!in_reach (&ucrt_cpu_x86_64, from, target));
      continue;
    }
    struct ucrt_code code =
        decoded (&ucrt_cpu_x86_64, (char *) bytes, ucrt_cpu_x86_64.jump_size, from);
    CHECK_INT (code.kind, UCRT_CODE_JUMP);
    CHECK_INT (code.target, target);
    uint32_t from32 = (uint32_t) from, target32 = (uint32_t) tap_random ();
    CHECK_INT (ucrt_cpu_x86.encode_jump (bytes, from32, target32), 0);
    code = decoded (&ucrt_cpu_x86, (char *) bytes, ucrt_cpu_x86.jump_size, from32);
    CHECK_INT (code.target, target32);
  }
}

static void reach_ends_where_the_distance_does (void) {
  const uint64_t from = 0x180001000, next = from + 5;
  uint8_t bytes[UCRT_JUMP_MAX];
  CHECK_INT (ucrt_cpu_x86_64.encode_jump (bytes, from, next + 0x7fffffff), 0);
  CHECK (memcmp (bytes, "\xe9\xff\xff\xff\x7f", 5) == 0);
  CHECK_INT (ucrt_cpu_x86_64.encode_jump (bytes, from, next + 0x80000000), -1);
  CHECK_INT (ucrt_cpu_x86_64.encode_jump (bytes, from, next - 0x80000000), 0);
  CHECK (memcmp (bytes, "\xe9\0\0\0\x80", 5) == 0);
  CHECK_INT (ucrt_cpu_x86_64.encode_jump (bytes, from, next - 0x80000001), -1);
}

static void stub_leads_to_its_target (void) {
  uint8_t bytes[UCRT_STUB_SIZE];
  uint64_t end = 0;
  ucrt_cpu_x86_64.encode_stub (bytes, 0x10000, 0x1122334455667788);
  CHECK (memcmp (bytes, "\xff\x25\0\0\0\0\x88\x77\x66\x55\x44\x33\x22\x11", 14) == 0);
  struct ucrt_span image = {bytes, sizeof (bytes), 0x10000};
  CHECK_INT (ucrt_follow (&ucrt_cpu_x86_64, &image, 0x10000, &end), UCRT_LEAVES);
  CHECK_INT (end, 0x1122334455667788);
  ucrt_cpu_x86.encode_stub (bytes, 0x10000, 0xfff00000);
  CHECK_INT (ucrt_follow (&ucrt_cpu_x86, &image, 0x10000, &end), UCRT_LEAVES);
  CHECK_INT (end, 0xfff00000);
}

/* Where the entry at the beginning of 64 bytes at 0x1000 leads.  */
static enum ucrt_way way_of (const char *bytes, size_t size, uint64_t *end) {
  uint8_t image[64];
  memset (image, 0xc3, sizeof (image));
  memcpy (image, bytes, size);
  struct ucrt_span span = {image, sizeof (image), 0x1000};
  return ucrt_follow (&ucrt_cpu_x86_64, &span, 0x1000, end);
}
#define WAY_OF(BYTES) way_of (BYTES, sizeof (BYTES) - 1, &end)

static void own_stubs_stay_and_others_leave (void) {
  uint64_t end = 0;
  CHECK_INT (WAY_OF ("\xe9\x0b\0\0\0"), UCRT_STAYS);
  CHECK_INT (end, 0x1010);
  CHECK_INT (WAY_OF ("\xe9\x3b\0\0\0"), UCRT_LEAVES); /* the first byte behind the image */
  CHECK_INT (end, 0x1040);
  CHECK_INT (WAY_OF ("\xe9\xfa\xff\xff\xff"), UCRT_LEAVES); /* the last byte before it */
  CHECK_INT (WAY_OF ("\xeb\x03\x90\x90\x90\xe9\x36\x02\0\0"), UCRT_LEAVES); /* by a jump nearby */
  CHECK_INT (end, 0x1240);
  CHECK_INT (WAY_OF ("\xeb\x01\xc3\xcc"), UCRT_TRAPPED);
  CHECK_INT (WAY_OF ("\xeb\xfe"), UCRT_ENDLESS);
  CHECK_INT (WAY_OF ("\xe8\x0b\0\0\0"), UCRT_STAYS);
  CHECK_INT (WAY_OF ("\xe8\x0b\x01\0\0"), UCRT_LEAVES);
  CHECK_INT (WAY_OF ("\xff\x25\0\0\0\0\x10\x10\0\0\0\0\0\0"),
             UCRT_STAYS); /* through a pointer inside */
  CHECK_INT (WAY_OF ("\xff\x25\0\0\0\0\x10\x20\0\0\0\0\0\0"), UCRT_LEAVES);
  CHECK_INT (end, 0x2010);
  CHECK_INT (WAY_OF ("\xff\x25\x36\0\0\0"), UCRT_LEAVES); /* the pointer is partly outside */
}

static void jump_goes_behind_a_marker_or_nowhere (void) {
  static const uint8_t plain[] = "\x48\x83\xec\x28\x48\x83\xf9\xe0";
  static const uint8_t marked[] = "\xf3\x0f\x1e\xfa\x48\x83\xec\x28\x48\x83\xf9\xe0";
  struct ucrt_span image = {plain, 8, 0x1000}, other = {marked, 12, 0x1000};
  const struct ucrt_cpu *cpu = &ucrt_cpu_x86_64;
  CHECK_INT (ucrt_place_of_jump (cpu, &image, 0x1000, 5), 0);
  CHECK_INT (ucrt_place_of_jump (cpu, &image, 0x1000, 4), -1);
  CHECK_INT (ucrt_place_of_jump (cpu, &image, 0x1004, 64), -1); /* the image ends before */
  CHECK_INT (ucrt_place_of_jump (cpu, &image, 0x1008, 64), -1);
  CHECK_INT (ucrt_place_of_jump (cpu, &other, 0x1000, 9), 4);
  CHECK_INT (ucrt_place_of_jump (cpu, &other, 0x1000, 8), -1);
}

int main (void) {
  TEST_RUN (forms_are_seen);
  TEST_RUN (every_cut_form_is_read_within_its_bytes);
  TEST_RUN (what_is_written_is_read_again);
  TEST_RUN (reach_ends_where_the_distance_does);
  TEST_RUN (stub_leads_to_its_target);
  TEST_RUN (own_stubs_stay_and_others_leave);
  TEST_RUN (jump_goes_behind_a_marker_or_nowhere);
  return tap_done ();
}
