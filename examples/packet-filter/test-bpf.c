/* Reading, verifying and interpreting filters.  */
#include <stdio.h>
#include <string.h>

#include "bpf.h"
#include "opcode-cases.h"
#include "support/probe-alloc.h"
#include "random-program.h"
#include "support/tap.h"

/*---------------- Helpers -----------------------------*/

/* A filter file that is being read into a program.  */
struct loading {
  MIR_alloc_t alloc;
  const char *text;
  size_t len;
  struct program program;
};

static void load (void *arg) {
  struct loading *loading = (struct loading *) arg;
  loading->program.path = "f.bpf";
  VARR_CREATE (insn_t, loading->program.insns, loading->alloc, 1);
  program_parse (&loading->program, loading->text, loading->len);
  program_verify (&loading->program);
}

static void unload (struct loading *loading) {
  if (loading->program.insns != NULL) VARR_DESTROY (insn_t, loading->program.insns);
}

/* The message with which TEXT is refused; "" if it is accepted.  Checks that no block is
   leaked.  */
static const char *refusal_of (const char *text, size_t len) {
  static struct failure failure;
  struct probe_alloc probe;
  struct loading loading = {.alloc = &probe.alloc, .text = text, .len = len};
  probe_alloc_init (&probe);
  failure.message[0] = '\0';
  if (catch_failure (&failure, load, &loading) != 0) CHECK (failure.message[0] != '\0');
  unload (&loading);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  return failure.message;
}

struct refusal {
  const char *text, *message;
};

#define CHECK_REFUSALS(REFUSALS)                                        \
  for (size_t i = 0; i < sizeof (REFUSALS) / sizeof (*(REFUSALS)); i++) \
  CHECK_STR (refusal_of ((REFUSALS)[i].text, strlen ((REFUSALS)[i].text)), (REFUSALS)[i].message)

/*---------------- Reading -----------------------------*/

static void reads_what_tcpdump_prints (void) {
  static const char text[] =
      "# tcp\n#  in other words\n3\n40 0 0 12\n21 0 0 4294967295\n6 0 0 262144\n";
  struct failure failure;
  struct probe_alloc probe;
  struct loading loading = {.alloc = &probe.alloc, .text = text, .len = sizeof (text) - 1};
  struct insn insn;
  probe_alloc_init (&probe);
  REQUIRE (catch_failure (&failure, load, &loading) == 0);
  CHECK_INT (VARR_LENGTH (insn_t, loading.program.insns), 3);
  CHECK_INT (loading.program.first_line, 4);
  insn = VARR_GET (insn_t, loading.program.insns, 1);
  CHECK_INT (insn.code, JEQ_K);
  CHECK_INT (insn.k, 4294967295);
  unload (&loading);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void reads_other_ends_of_lines (void) {
  static const struct refusal none[] = {{"1\r\n6 0 0 0\r\n", ""},
                                        {"1\n6 0 0 0", ""},
                                        {"1 \n  6\t0 0   0 \n\n \n", ""},
                                        {"#\n#\n1\n6 0 0 0\n", ""}};
  CHECK_REFUSALS (none);
}

static void refuses_text_which_is_no_program (void) {
  static const struct refusal refusals[] = {
      {"", "f.bpf:1: the number of instructions is missing"},
      {"# only a comment", "f.bpf:1: the number of instructions is missing"},
      {"# only a comment\n", "f.bpf:2: the number of instructions is missing"},
      {"\n1\n6 0 0 0\n", "f.bpf:1: the number of instructions is missing"},
      {"tcp\n", "f.bpf:1: the number of instructions 'tcp' is not a decimal number"},
      {"0x1\n6 0 0 0\n", "f.bpf:1: the number of instructions '0x1' is not a decimal number"},
      {"-1\n6 0 0 0\n", "f.bpf:1: the number of instructions '-1' is not a decimal number"},
      {"0\n", "f.bpf:1: a program has at least one instruction"},
      {"4097\n", "f.bpf:1: the number of instructions '4097' is too large, the limit is 4096"},
      {"18446744073709551617\n6 0 0 0\n",
       "f.bpf:1: the number of instructions '18446744073709551...' is too large, the limit is "
       "4096"},
      {"1 6\n", "f.bpf:1: '6' after the end of the line"},
      {"1\n", "f.bpf:2: the file ends after 0 of 1 instructions"},
      {"3\n0 0 0 0\n6 0 0 0\n", "f.bpf:4: the file ends after 2 of 3 instructions"},
      {"1\n\n6 0 0 0\n", "f.bpf:2: the opcode is missing"},
      {"1\n# no comments here\n6 0 0 0\n", "f.bpf:2: the opcode '#' is not a decimal number"},
      {"1\n6\n", "f.bpf:2: the jump if true is missing"},
      {"1\n6 0\n", "f.bpf:2: the jump if false is missing"},
      {"1\n6 0 0\n", "f.bpf:2: the constant is missing"},
      {"1\n6 0 0 0 0\n", "f.bpf:2: '0' after the end of the line"},
      {"1\n6 0 0 0 # accept\n", "f.bpf:2: '#' after the end of the line"},
      {"1\n6 0 0 0\n6 0 0 0\n", "f.bpf:3: '6' after the last of 1 instructions"},
      {"1\n6 0 0 0\n\n\nthe end\n", "f.bpf:5: 'the' after the last of 1 instructions"},
      {"1\n65536 0 0 0\n", "f.bpf:2: the opcode '65536' is too large, the limit is 65535"},
      {"1\n6 256 0 0\n", "f.bpf:2: the jump if true '256' is too large, the limit is 255"},
      {"1\n6 0 999999999999999999999 0\n",
       "f.bpf:2: the jump if false '99999999999999999...' is too large, the limit is 255"},
      {"1\n6 0 0 4294967296\n",
       "f.bpf:2: the constant '4294967296' is too large, the limit is 4294967295"},
      {"1\n6 0 0 -1\n", "f.bpf:2: the constant '-1' is not a decimal number"},
      {"1\n6 0 0 1e3\n", "f.bpf:2: the constant '1e3' is not a decimal number"},
      {"1\n6 0 0 \x1b[2J\xff\n", "f.bpf:2: the constant '?[2J?' is not a decimal number"}};
  CHECK_REFUSALS (refusals);
  CHECK_STR (refusal_of ("1\n6 0 0 \0\n", 10), "f.bpf:2: the constant '?' is not a decimal number");
}

/* Any bytes give a program or a message of one line.  */
static void survives_damaged_text (void) {
  static const char good[] =
      "# x\n6\n40 0 0 12\n21 0 3 2048\n2 0 0 3\n96 0 0 3\n21 0 0 7\n6 0 0 9\n";
  char text[sizeof (good)];
  for (size_t n = tap_scaled (20000); n > 0; n--) {
    memcpy (text, good, sizeof (good));
    for (uint64_t damages = tap_random () % 4; damages > 0; damages--)
      text[tap_random () % (sizeof (good) - 1)] = (char) (tap_random () >> 8);
    CHECK (strchr (refusal_of (text, (size_t) (tap_random () % sizeof (good))), '\n') == NULL);
  }
}

/*---------------- Verifying -----------------------------*/

static void refuses_what_cannot_be_run (void) {
  static const struct refusal refusals[] = {
      {"1\n255 0 0 0\n", "f.bpf:2: instruction 0: unknown opcode 255"},
      {"1\n262 0 0 0\n", "f.bpf:2: instruction 0: unknown opcode 262"},
      {"2\n65535 0 0 0\n6 0 0 0\n", "f.bpf:2: instruction 0: unknown opcode 65535"},
      {"1\n14 0 0 0\n", "f.bpf:2: instruction 0: unknown opcode 14"}, /* ret x */
      {"1\n0 0 0 0\n", "f.bpf:2: instruction 0: the last instruction is not a ret"},
      {"2\n6 0 0 0\n21 0 0 1\n", "f.bpf:3: instruction 1: jump to 2 of 2 instructions"},
      {"# x\n3\n21 2 0 1\n6 0 0 0\n6 0 0 0\n",
       "f.bpf:3: instruction 0: jump to 3 of 3 instructions"},
      {"2\n21 0 255 1\n6 0 0 0\n", "f.bpf:2: instruction 0: jump to 256 of 2 instructions"},
      {"2\n5 0 0 1\n6 0 0 0\n", "f.bpf:2: instruction 0: jump to 2 of 2 instructions"},
      {"2\n5 0 0 4294967295\n6 0 0 0\n",
       "f.bpf:2: instruction 0: jump to 4294967296 of 2 instructions"}, /* -1: backwards */
      {"2\n2 0 0 16\n6 0 0 0\n",
       "f.bpf:2: instruction 0: M[16] does not exist, the last one is M[15]"},
      {"2\n3 0 0 4294967295\n6 0 0 0\n",
       "f.bpf:2: instruction 0: M[4294967295] does not exist, the last one is M[15]"},
      {"2\n96 0 0 16\n6 0 0 0\n",
       "f.bpf:2: instruction 0: M[16] does not exist, the last one is M[15]"},
      {"2\n97 0 0 16\n6 0 0 0\n",
       "f.bpf:2: instruction 0: M[16] does not exist, the last one is M[15]"},
      {"2\n52 0 0 0\n6 0 0 0\n", "f.bpf:2: instruction 0: division by the constant 0"},
      {"2\n148 0 0 0\n6 0 0 0\n", "f.bpf:2: instruction 0: division by the constant 0"},
      {"2\n100 0 0 32\n6 0 0 0\n", "f.bpf:2: instruction 0: shift by the constant 32, above 31"},
      {"2\n116 0 0 32\n6 0 0 0\n", "f.bpf:2: instruction 0: shift by the constant 32, above 31"}};
  CHECK_REFUSALS (refusals);
}

static void refuses_to_read_unwritten_scratch_memory (void) {
  static const struct refusal refusals[] = {
      {"2\n96 0 0 3\n22 0 0 0\n", "f.bpf:2: instruction 0: M[3] may be read before it is written"},
      {"3\n2 0 0 2\n97 0 0 3\n22 0 0 0\n",
       "f.bpf:3: instruction 1: M[3] may be read before it is written"},
      /* written on one of two paths */
      {"4\n21 0 1 5\n2 0 0 3\n96 0 0 3\n22 0 0 0\n",
       "f.bpf:4: instruction 2: M[3] may be read before it is written"},
      {"4\n5 0 0 1\n2 0 0 3\n96 0 0 3\n22 0 0 0\n",
       "f.bpf:4: instruction 2: M[3] may be read before it is written"},
      /* a third path around both writes */
      {"7\n21 0 2 5\n21 0 3 6\n5 0 0 0\n2 0 0 3\n5 0 0 0\n96 0 0 3\n22 0 0 0\n",
       "f.bpf:7: instruction 5: M[3] may be read before it is written"}};
  CHECK_REFUSALS (refusals);
}

static void accepts_scratch_memory_written_on_all_ways (void) {
  static const struct refusal none[] = {
      {"3\n2 0 0 3\n96 0 0 3\n22 0 0 0\n", ""},
      {"6\n21 0 2 5\n2 0 0 3\n5 0 0 1\n3 0 0 3\n97 0 0 3\n22 0 0 0\n", ""},
      /* unreachable */
      {"3\n5 0 0 1\n96 0 0 3\n22 0 0 0\n", ""}};
  CHECK_REFUSALS (none);
}

static void accepts_the_longest_program (void) {
  static char text[BPF_INSNS_MAX * 10 + 10];
  size_t len = (size_t) sprintf (text, "%d\n5 0 0 %d\n", BPF_INSNS_MAX, BPF_INSNS_MAX - 2);
  for (int i = 1; i < BPF_INSNS_MAX; i++) len += (size_t) sprintf (text + len, "6 0 0 0\n");
  CHECK_STR (refusal_of (text, len), "");
}

/*---------------- Interpreting -----------------------------*/

static void interprets_each_opcode (void) {
  for (size_t i = 0; i < opcode_cases_num; i++) {
    const struct opcode_case *c = &opcode_cases[i];
    uint32_t result =
        program_interpret (c->insns, opcode_packet, OPCODE_PACKET_LEN, OPCODE_PACKET_WIRELEN);
    tap_check_int (result, c->expected, __FILE__, __LINE__, c->name);
  }
}

/*---------------- Memory -----------------------------*/

static void gives_all_back_when_memory_is_refused (void) {
  static const char text[] = "4\n40 0 0 12\n21 0 1 2048\n6 0 0 1\n6 0 0 0\n";
  int failed = 1;
  for (long n = 0; failed; n++) {
    struct failure failure;
    struct probe_alloc probe;
    struct loading loading = {.alloc = &probe.alloc, .text = text, .len = sizeof (text) - 1};
    probe_alloc_init (&probe);
    probe_alloc_fail_after (&probe, n, 0);
    failed = catch_failure (&failure, load, &loading);
    if (failed) CHECK_INT (failure.type, MIR_alloc_error);
    if (failed) CHECK (probe.failed > 0);
    unload (&loading);
    CHECK_INT (probe_alloc_finish (&probe), 0);
  }
}

int main (void) {
  TEST_RUN (reads_what_tcpdump_prints);
  TEST_RUN (reads_other_ends_of_lines);
  TEST_RUN (refuses_text_which_is_no_program);
  TEST_RUN (survives_damaged_text);
  TEST_RUN (refuses_what_cannot_be_run);
  TEST_RUN (refuses_to_read_unwritten_scratch_memory);
  TEST_RUN (accepts_scratch_memory_written_on_all_ways);
  TEST_RUN (accepts_the_longest_program);
  TEST_RUN (interprets_each_opcode);
  TEST_RUN (gives_all_back_when_memory_is_refused);
  return tap_done ();
}
