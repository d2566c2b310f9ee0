/* The compiler for x86-64 against known results, the interpreter and libpcap.  */
#include <stdio.h>
#include <string.h>

#include "jit-x86_64.h"
#include "libpcap.h"
#include "opcode-cases.h"
#include "support/probe-alloc.h"
#include "support/probe-code-alloc.h"
#include "support/probe-pages.h"
#include "random-program.h"
#include "support/tap.h"

/*---------------- Helpers -----------------------------*/

typedef uint32_t (__attribute__ ((ms_abi)) * windows_func_t) (const uint8_t *, uint32_t, uint32_t);
typedef uint32_t (__attribute__ ((sysv_abi)) * system_v_func_t) (const uint8_t *, uint32_t,
                                                                 uint32_t);

/* A program compiled for both conventions.  */
struct compiled {
  system_v_func_t system_v;
  windows_func_t windows;
  size_t code_len; /* for System V */
};

static struct compiled compile (struct jit *jit, const struct insn *insns, size_t len) {
  struct compiled c;
  size_t windows_len;
  c.system_v = (system_v_func_t) (uintptr_t) jit_compile (jit, &jit_abi_system_v, "f", insns, len,
                                                          &c.code_len);
  c.windows = (windows_func_t) (uintptr_t) jit_compile (jit, &jit_abi_windows, "f", insns, len,
                                                        &windows_len);
  return c;
}

/* A context and a compiler for one test; a failure ends the process.  */
static struct jit *jit;
static MIR_context_t ctx;

static void start (void) {
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  jit_create (&jit, ctx);
}

static void finish (void) {
  jit_destroy (jit);
  MIR_finish (ctx);
  jit = NULL;
}

/* Compare the results of both conventions with the interpreter's.  */
static int agrees (struct compiled c, const struct insn *insns, const uint8_t *packet,
                   uint32_t caplen, uint32_t wirelen) {
  uint32_t expected = program_interpret (insns, packet, caplen, wirelen);
  return c.system_v (packet, caplen, wirelen) == expected
         && c.windows (packet, caplen, wirelen) == expected;
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
    struct compiled c = compile (jit, o->insns, o->len);
    tap_check_int (c.system_v (opcode_packet, OPCODE_PACKET_LEN, OPCODE_PACKET_WIRELEN),
                   o->expected, __FILE__, __LINE__, o->name);
    tap_check_int (c.windows (opcode_packet, OPCODE_PACKET_LEN, OPCODE_PACKET_WIRELEN), o->expected,
                   __FILE__, __LINE__, o->name);
  }
  finish ();
}

/* All lengths from 0 on, all sizes, offsets at both ends of 32 bits, also as the sum of X and
   K.  */
static void loads_only_what_is_there (void) {
  static const struct {
    uint16_t absolute, indirect;
    uint32_t size;
  } loads[] = {{LD_W_ABS, LD_W_IND, 4}, {LD_H_ABS, LD_H_IND, 2}, {LD_B_ABS, LD_B_IND, 1}};
  static const uint32_t centres[] = {8, 0x7fffffff, 0x80000000, 0xfffff000, 0xfffffff8};
  start ();
  for (size_t l = 0; l < 3; l++)
    for (size_t i = 0; i < 5 * 17 * 3; i++) {
      uint32_t offset = centres[i / 17 % 5] + (uint32_t) (i % 17) - 8;
      uint32_t x = (uint32_t) (i / (5 * 17) * 3); /* 0, 3, 6 */
      struct insn absolute[] = {{loads[l].absolute, 0, 0, offset}, {RET_K, 0, 0, 1}};
      struct insn indirect[] = {
          {LDX_IMM, 0, 0, offset}, {loads[l].indirect, 0, 0, x}, {RET_K, 0, 0, 1}};
      struct compiled a = compile (jit, absolute, 2), b = compile (jit, indirect, 3);
      for (uint32_t len = 0; len < 16; len++) {
        const uint8_t *packet = random_packet (len);
        uint64_t end = (uint64_t) offset + loads[l].size;
        CHECK_INT (a.system_v (packet, len, 99), end <= len);
        CHECK_INT (a.windows (packet, len, 99), end <= len);
        CHECK_INT (b.system_v (packet, len, 99), end + x <= len);
        CHECK_INT (b.windows (packet, len, 99), end + x <= len);
      }
    }
  finish ();
}

/* Packets may have up to 4 GiB - 1; offsets above 2 GiB are the ones no displacement can
   express.  */
static void loads_from_a_packet_of_4_gib (void) {
  const size_t size = (size_t) UINT32_MAX + 1;
  const uint32_t offsets[] = {0x7ffffff0, 0x7ffffffb, 0x7ffffffc, 0x7fffffff, 0x80000000,
                              0xfffffffa, 0xfffffffb, 0xfffffffc, 0xffffffff};
  uint8_t *packet = (uint8_t *) probe_pages_data (size);
  if (packet == NULL) tap_skip ("no 4 GiB of address space");
  start ();
  for (size_t i = 0; i < sizeof (offsets) / sizeof (offsets[0]); i++) {
    struct insn absolute[] = {{LD_W_ABS, 0, 0, offsets[i]}, {RET_A, 0, 0, 0}};
    struct insn indirect[] = {
        {LDX_IMM, 0, 0, offsets[i] - 77}, {LD_W_IND, 0, 0, 77}, {RET_A, 0, 0, 0}};
    struct compiled a = compile (jit, absolute, 2), b = compile (jit, indirect, 3);
    int inside = offsets[i] <= UINT32_MAX - 4;
    for (size_t k = 0; k < 4 && offsets[i] + k < size; k++)
      packet[offsets[i] + k] = (uint8_t) (0xa1 + k);
    CHECK_INT (a.system_v (packet, UINT32_MAX, 0), inside ? 0xa1a2a3a4 : 0);
    CHECK_INT (b.system_v (packet, UINT32_MAX, 0), inside ? 0xa1a2a3a4 : 0);
    CHECK (agrees (a, absolute, packet, UINT32_MAX, 0));
    CHECK (agrees (b, indirect, packet, UINT32_MAX, 0));
  }
  finish ();
  probe_pages_unmap (packet, size);
}

/* The upper halves of registers with 32-bit arguments may contain anything.  */
static void ignores_upper_halves_of_arguments (void) {
  typedef uint32_t (__attribute__ ((sysv_abi)) * wide_func_t) (const uint8_t *, uint64_t, uint64_t);
  struct insn insns[] = {
      {LDX_IMM, 0, 0, 0}, {LD_B_IND, 0, 0, 4}, {LD_LEN, 0, 0, 0}, {RET_A, 0, 0, 0}};
  wide_func_t func;
  start ();
  func = (wide_func_t) (uintptr_t) compile (jit, insns, 4).system_v;
  CHECK_INT (func (random_packet (5), UINT64_C (0xdead00000005), UINT64_C (0xdead00000063)), 99);
  CHECK_INT (func (random_packet (4), UINT64_C (0xdead00000004), UINT64_C (0xdead00000063)), 0);
  finish ();
}

/* Jumps over 0 to 255 instructions of 2 bytes and more: the short form reaches 127 bytes.  */
static void jumps_any_distance (void) {
  struct insn insns[300];
  start ();
  for (uint32_t between = 0; between < 256; between++)
    for (int form = 0; form < 4; form++) {
      struct compiled c;
      size_t len = 0;
      insns[len++] = (struct insn) {LD_LEN, 0, 0, 0};
      if (form == 0)
        insns[len++] = (struct insn) {JA, 0, 0, between};
      else if (form == 1)
        insns[len++] = (struct insn) {JEQ_K, (uint8_t) between, 0, 7};
      else if (form == 2)
        insns[len++] = (struct insn) {JEQ_K, 0, (uint8_t) between, 7};
      else /* two jumps, of which the second may be short even if the first is not */
        insns[len++] = (struct insn) {JGT_K, (uint8_t) between, (uint8_t) (between / 2), 7};
      for (uint32_t i = 0; i < between; i++)
        insns[len++] = (struct insn) {i % 3 == 0 ? TAX : ADD_K, 0, 0, i};
      insns[len++] = (struct insn) {RET_A, 0, 0, 0};
      c = compile (jit, insns, len);
      for (uint32_t wirelen = 6; wirelen < 9; wirelen++)
        CHECK (agrees (c, insns, opcode_packet, OPCODE_PACKET_LEN, wirelen));
    }
  finish ();
}

/* JA over each number of bytes around the reach of the short form.  */
static void takes_the_shortest_jumps (void) {
  start ();
  for (size_t bytes = 100; bytes < 150; bytes++) {
    struct insn insns[80];
    size_t two = bytes * 3 % 5, five = (bytes - 2 * two) / 5, len = 0;
    insns[len++] = (struct insn) {JA, 0, 0, (uint32_t) (two + five)};
    for (size_t i = 0; i < two; i++) insns[len++] = (struct insn) {TAX, 0, 0, 0}; /* 2 bytes */
    for (size_t i = 0; i < five; i++)
      insns[len++] = (struct insn) {LD_IMM, 0, 0, 1000}; /* 5 bytes */
    insns[len++] = (struct insn) {RET_A, 0, 0, 0};
    /* 13 bytes of entry, the jump, 1 of ret, 4 for bad loads */
    CHECK_INT (compile (jit, insns, len).code_len, 13 + (bytes <= 127 ? 2 : 5) + bytes + 1 + 4);
  }
  finish ();
}

/* On Windows a function has no memory below RSP.  A run on Linux cannot show that, so look at the
   code.  */
static void reserves_scratch_memory_on_windows (void) {
  static const uint8_t sub_rsp_64[] = {0x48, 0x83, 0xec, 0x40};
  struct insn insns[] = {{ST, 0, 0, 0}, {RET_A, 0, 0, 0}};
  struct compiled with, without;
  start ();
  with = compile (jit, insns, 2);
  without = compile (jit, insns + 1, 1);
  CHECK (memcmp ((const void *) (uintptr_t) with.windows, sub_rsp_64, 4) == 0);
  CHECK (memcmp ((const void *) (uintptr_t) without.windows, sub_rsp_64, 4) != 0);
  CHECK (memcmp ((const void *) (uintptr_t) with.system_v, sub_rsp_64, 4) != 0);
  finish ();
}

/* Random programs.  A new context from time to time keeps code memory small.  */
static void agrees_with_interpreter_and_libpcap (void) {
  static struct insn insns[BPF_INSNS_MAX];
  for (size_t n = tap_scaled (50000); n > 0; n--) {
    size_t len = 1 + (size_t) (tap_random () % (n % 500 == 0 ? BPF_INSNS_MAX : 40));
    struct bpf_insn *for_libpcap;
    struct compiled c;
    if (jit == NULL) start ();
    random_program (insns, len);
    c = compile (jit, insns, len);
    for_libpcap = libpcap_program (MIR_get_alloc (ctx), insns, len);
    for (int packets = 0; packets < 5; packets++) {
      uint32_t caplen = (uint32_t) (tap_random () % 90);
      uint32_t wirelen = caplen + (uint32_t) (tap_random () % 2000);
      const uint8_t *packet = random_packet (caplen);
      int ok = agrees (c, insns, packet, caplen, wirelen)
               && (!libpcap_is_there
                   || program_interpret (insns, packet, caplen, wirelen)
                          == libpcap_run (for_libpcap, packet, caplen, wirelen));
      CHECK (ok);
      if (!ok) note_program (insns, len);
    }
    MIR_free (MIR_get_alloc (ctx), for_libpcap);
    if (n % 1000 == 1) finish ();
  }
  if (jit != NULL) finish ();
}

/*---------------- Memory -----------------------------*/

/* Create, use and destroy a compiler.  */
struct life {
  struct probe_alloc data;
  struct probe_code_alloc code;
  MIR_context_t ctx;
  struct jit *jit;
  struct insn insns[600];
};

static void live (void *arg) {
  struct life *life = (struct life *) arg;
  size_t code_len;
  life->ctx = MIR_init2 (&life->data.alloc, &life->code.alloc);
  if (life->ctx == NULL) fail (MIR_alloc_error, "no context");
  MIR_set_error_func (life->ctx, fail);
  jit_create (&life->jit, life->ctx);
  for (size_t len = 2; len <= 600; len += 299)
    CHECK (jit_compile (life->jit, jit_native_abi, "f", life->insns, len, &code_len) != NULL);
}

static void gives_all_back_when_memory_is_refused (void) {
  static struct life life;
  struct failure failure;
  for (size_t i = 0; i < 600; i++) life.insns[i] = (struct insn) {LD_W_ABS, 0, 0, (uint32_t) i};
  /* data, then mem_map, then mem_protect */
  for (int refused = 0; refused < 3; refused++) {
    int failed = 1;
    for (long n = 0; failed; n++) {
      probe_alloc_init (&life.data);
      probe_code_alloc_init (&life.code);
      life.ctx = NULL;
      life.jit = NULL;
      if (refused == 0) probe_alloc_fail_after (&life.data, n, 0);
      if (refused == 1) life.code.fail_map_in = n;
      if (refused == 2) life.code.fail_protect_in = n;
      failed = catch_failure (&failure, live, &life);
      if (failed) CHECK_INT (failure.type, MIR_alloc_error);
      jit_destroy (life.jit);
      MIR_finish (life.ctx);
      CHECK_INT (probe_alloc_finish (&life.data), 0);
      CHECK_INT (probe_code_alloc_finish (&life.code), 0);
    }
  }
}

int main (void) {
  TEST_RUN (compiles_each_opcode);
  TEST_RUN (loads_only_what_is_there);
  TEST_RUN (loads_from_a_packet_of_4_gib);
  TEST_RUN (ignores_upper_halves_of_arguments);
  TEST_RUN (jumps_any_distance);
  TEST_RUN (takes_the_shortest_jumps);
  TEST_RUN (reserves_scratch_memory_on_windows);
  TEST_RUN (agrees_with_interpreter_and_libpcap);
  TEST_RUN (gives_all_back_when_memory_is_refused);
  return tap_done ();
}
