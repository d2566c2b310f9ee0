/* LLVM's code of programs against known results and the interpreter.  */
#include <string.h>

#include "libpcap.h"
#include "llvm-runtime.h"
#include "opcode-cases.h"
#include "random-program.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

/*---------------- Helpers -----------------------------*/

/* A compiler and a linker for one test; a failure ends the process.  */
static struct llvm_runtime lr;
static struct object object;
static struct linked linked;

static void start (void) {
  struct linker_options options = {.manager = LINKER_MIR};
  llvm_runtime_init (&lr, &options);
  VARR_CREATE (uint8_t, object.bytes, MIR_get_alloc (lr.rt.ctx), 4096);
}

static void finish (void) {
  VARR_DESTROY (uint8_t, object.bytes);
  llvm_runtime_finish (&lr);
}

static filter_func_t compile_as (const char *name, const struct insn *insns, size_t len) {
  VARR_TRUNC (uint8_t, object.bytes, 0);
  codegen_compile (lr.codegen, name, insns, len, &object);
  llvm_runtime_link (&lr, &object, &linked);
  return (filter_func_t) (uintptr_t) linked.func;
}

static filter_func_t compile (const struct insn *insns, size_t len) {
  return compile_as ("f", insns, len);
}

static void discard (void) {
  llvm_runtime_unlink (&lr, &linked);
}

static void note_program (const struct insn *insns, size_t len) {
  for (size_t i = 0; i < len && i < 100; i++)
    tap_note ("%4zu: %3u %3u %3u %lu", i, insns[i].code, insns[i].jt, insns[i].jf,
              (unsigned long) insns[i].k);
}

/*---------------- Tests -----------------------------*/

static void compiles_each_opcode (void) {
  start ();
  for (size_t i = 0; i < opcode_cases_num; i++) {
    const struct opcode_case *o = &opcode_cases[i];
    filter_func_t func = compile (o->insns, o->len);
    tap_check_int (func (opcode_packet, OPCODE_PACKET_LEN, OPCODE_PACKET_WIRELEN), o->expected,
                   __FILE__, __LINE__, o->name);
    tap_check_int ((long long) *linked.matches, o->expected != 0, __FILE__, __LINE__, o->name);
    discard ();
  }
  finish ();
}

/* Offsets at both ends of 32 bits, also as the sum of X and K.  */
static void loads_only_what_is_there (void) {
  static const struct {
    uint16_t absolute, indirect;
    uint32_t size;
  } loads[] = {{LD_W_ABS, LD_W_IND, 4}, {LD_H_ABS, LD_H_IND, 2}, {LD_B_ABS, LD_B_IND, 1}};
  static const uint32_t offsets[] = {0,          5,          0x7fffffff, 0x80000000,
                                     0xfffff000, 0xfffffffc, 0xffffffff};
  start ();
  for (size_t l = 0; l < 3; l++)
    for (size_t i = 0; i < 7 * 2; i++) {
      uint32_t offset = offsets[i / 2], x = (uint32_t) (i % 2) * 3;
      struct insn absolute[] = {{loads[l].absolute, 0, 0, offset}, {RET_K, 0, 0, 1}};
      struct insn indirect[] = {
          {LDX_IMM, 0, 0, offset}, {loads[l].indirect, 0, 0, x}, {RET_K, 0, 0, 1}};
      filter_func_t func = compile (absolute, 2);
      uint64_t end = (uint64_t) offset + loads[l].size;
      for (uint32_t len = 0; len < 16; len++)
        CHECK_INT (func (random_packet (len), len, 99), end <= len);
      discard ();
      func = compile (indirect, 3);
      for (uint32_t len = 0; len < 16; len++)
        CHECK_INT (func (random_packet (len), len, 99), end + x <= len);
      discard ();
    }
  finish ();
}

/* Run FUNC, the code of the LEN instructions from INSNS, on a few random packets.  */
static int agrees (filter_func_t func, const struct insn *insns,
                   const struct bpf_insn *for_libpcap) {
  size_t matches = 0;
  int ok = 1;
  for (int packets = 0; packets < 8; packets++) {
    uint32_t caplen = (uint32_t) (tap_random () % 90);
    uint32_t wirelen = caplen + (uint32_t) (tap_random () % 2000);
    const uint8_t *packet = random_packet (caplen);
    uint32_t expected = program_interpret (insns, packet, caplen, wirelen);
    matches += expected != 0;
    ok &= func (packet, caplen, wirelen) == expected;
    if (libpcap_is_there) ok &= libpcap_run (for_libpcap, packet, caplen, wirelen) == expected;
  }
  return ok && *linked.matches == matches;
}

static void agrees_with_interpreter_and_libpcap (void) {
  static struct insn insns[BPF_INSNS_MAX];
  start ();
  for (size_t n = tap_scaled (1000); n > 0; n--) {
    size_t len = 1 + (size_t) (tap_random () % (n % 200 == 0 ? 1000 : 40));
    struct bpf_insn *for_libpcap;
    filter_func_t func;
    int ok;
    random_program (insns, len);
    func = compile (insns, len);
    for_libpcap = libpcap_program (MIR_get_alloc (lr.rt.ctx), insns, len);
    ok = agrees (func, insns, for_libpcap);
    CHECK (ok);
    if (!ok) note_program (insns, len);
    MIR_free (MIR_get_alloc (lr.rt.ctx), for_libpcap);
    discard ();
  }
  finish ();
}

/* The longest program, whose jumps are far.  */
static void compiles_the_longest_program (void) {
  static struct insn insns[BPF_INSNS_MAX];
  struct bpf_insn *for_libpcap;
  filter_func_t func;
  start ();
  for (size_t i = 0; i < BPF_INSNS_MAX - 2; i += 2) {
    insns[i] = (struct insn) {LD_B_ABS, 0, 0, (uint32_t) (i / 2 % 80)};
    insns[i + 1] = (struct insn) {JEQ_K, 0, (uint8_t) (i < BPF_INSNS_MAX - 600 ? 254 : 0), 7};
  }
  insns[BPF_INSNS_MAX - 2] = (struct insn) {LD_LEN, 0, 0, 0};
  insns[BPF_INSNS_MAX - 1] = (struct insn) {RET_A, 0, 0, 0};
  func = compile (insns, BPF_INSNS_MAX);
  for_libpcap = libpcap_program (MIR_get_alloc (lr.rt.ctx), insns, BPF_INSNS_MAX);
  CHECK (agrees (func, insns, for_libpcap));
  MIR_free (MIR_get_alloc (lr.rt.ctx), for_libpcap);
  CHECK (object.code_len > 0 && object.code_len < VARR_LENGTH (uint8_t, object.bytes));
  finish ();
}

/* What is no part of a symbol elsewhere, and more than fits.  */
static void any_name_will_do (void) {
  static const char *const names[] = {
      "",
      "dns-answers",
      "x@@@y",
      "x@v1",
      "\001f",
      "a b\tc",
      "\"quoted\"",
      "\xff\xfe",
      "_start",
      "0",
      "a-name-that-is-longer-than-the-64-bytes-which-the-name-of-a-filter-may-have-here"};
  struct insn insns[] = {{LD_LEN, 0, 0, 0}, {RET_A, 0, 0, 0}};
  start ();
  for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
    CHECK_INT (compile_as (names[i], insns, 2) (opcode_packet, 1, 77), 77);
    CHECK_INT (*linked.matches, 1);
    discard ();
  }
  finish ();
}

int main (void) {
  TEST_RUN (compiles_each_opcode);
  TEST_RUN (loads_only_what_is_there);
  TEST_RUN (agrees_with_interpreter_and_libpcap);
  TEST_RUN (compiles_the_longest_program);
  TEST_RUN (any_name_will_do);
  return tap_done ();
}
