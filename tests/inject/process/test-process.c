/* The parts of run, attach and check that need no Windows.  */

#include "support/tap.h"

#include <stdlib.h>
#include <string.h>

#include "inject/process/command-line.h"
#include "inject/process/jump.h"
#include "inject/process/load-code.h"
#include "inject/process/process-options.h"
#include "inject/process/process.h"
#include "inject/process/reason.h"
#include "inject/process/status.h"
#include "text/utf8.h"

/* String literals as arguments, which are not written to.  */
#define ARGS(...) ((char **) (const char *[]) {__VA_ARGS__, NULL})

/*---------------- The command line -----------------------------*/

/* Split LINE as Microsoft's C runtime does, by its documentation: argument I from 1, at TO.  0:
   there is none.  */
static int argument_of (const char *line, int i, char *to) {
  const char *at = line;
  int quoted = 0, n = 0;
  for (; *at != 0 && (quoted || (*at != ' ' && *at != '\t'));
       at++) /* the name of the program only has quotes */
    if (*at == '"') quoted = !quoted;
  for (;;) {
    at += strspn (at, " \t");
    if (*at == 0) return 0;
    n++;
    char *out = to;
    for (quoted = 0; *at != 0 && (quoted || (*at != ' ' && *at != '\t'));) {
      size_t slashes = strspn (at, "\\");
      at += slashes;
      size_t kept = *at == '"' ? slashes / 2 : slashes;
      memset (out, '\\', kept);
      out += kept;
      if (*at != '"') {
        if (slashes == 0) *out++ = *at++;
      } else if (slashes % 2 != 0) {
        *out++ = *at++;
      } else {
        quoted = !quoted;
        at++;
      }
    }
    *out = 0;
    if (n == i) return 1;
  }
}

static void check_line (char **argv) {
  char found[256];
  int i;
  char *line = command_line_of (argv);
  REQUIRE (line != NULL);
  for (i = 1; argv[i] != NULL; i++) {
    CHECK (argument_of (line, i, found));
    CHECK_STR (found, argv[i]);
  }
  CHECK (!argument_of (line, i, found));
  free (line);
}

static void nasty_arguments_come_through (void) {
  check_line (ARGS ("p"));
  check_line (ARGS ("p", "", "a b", ""));
  check_line (ARGS ("c:\\a b\\p.exe", "x\\", "x y\\", "x y\\\\", "\\", "\\\\"));
  check_line (ARGS ("p", "\"", "\\\"", "\\\\\"", "a\"b c\\\"d", "\"\"", " \"", "\t"));
  check_line (ARGS ("p", "\xc3\xa4 \xe2\x82\xac", "%PATH%", "^&|<>", "*", "'a b'", "/x=\"y z\""));
}

static void random_arguments_come_through (void) {
  static const char letters[] = "\\\\\\\"\" \ta";
  for (size_t round = 0; round < tap_scaled (20000); round++) {
    char texts[3][12];
    for (int i = 0; i < 3; i++) {
      size_t len = tap_random () % 11;
      for (size_t k = 0; k < len; k++)
        texts[i][k] = letters[tap_random () % (sizeof (letters) - 1)];
      texts[i][len] = 0;
    }
    check_line (ARGS ("p", texts[0], texts[1], texts[2]));
  }
}

static void a_program_with_a_quote_is_refused (void) {
  CHECK_PTR (command_line_of (ARGS ("a\"b")), NULL);
}

static void only_what_needs_quotes_has_them (void) {
  char *line = command_line_of (ARGS ("c:\\p.exe", "-x=1", "a\\b\\"));
  CHECK_STR (line, "c:\\p.exe -x=1 a\\b\\");
  free (line);
}

/*---------------- Options and numbers -----------------------------*/

static void process_ids_are_read_strictly (void) {
  CHECK_INT (process_id_of ("1"), 1);
  CHECK_INT (process_id_of ("4294967295"), 4294967295);
  CHECK_INT (process_id_of ("0x1F"), 31);
  static const char *const wrong[] = {"",
                                      "0",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "0x",
                                      "0xg",
                                      "4294967296",
                                      "1.0",
                                      "one",
                                      "18446744073709551617"};
  for (size_t i = 0; i < sizeof (wrong) / sizeof (*wrong); i++)
    CHECK_INT (process_id_of (wrong[i]), 0);
}

static int main_of (char **argv) {
  int n = 0;
  while (argv[n] != NULL) n++;
  return process_main (n, argv);
}

static void wrong_usage_is_told_by_the_status (void) {
  CHECK_INT (main_of (ARGS ("run")), PROCESS_RUN_FAILED);
  CHECK_INT (main_of (ARGS ("run", "--")), PROCESS_RUN_FAILED);
  CHECK_INT (main_of (ARGS ("run", "--json", "x")), PROCESS_RUN_FAILED);
  CHECK_INT (main_of (ARGS ("run", "--via=magic", "x")), PROCESS_RUN_FAILED);
  CHECK_INT (main_of (ARGS ("check")), PROCESS_UNKNOWN);
  CHECK_INT (main_of (ARGS ("check", "1", "2")), PROCESS_UNKNOWN);
  CHECK_INT (main_of (ARGS ("check", "--require", "1")), PROCESS_UNKNOWN);
  CHECK_INT (main_of (ARGS ("attach", "x")), PROCESS_UNKNOWN);
  CHECK_INT (main_of (ARGS ("attach", "--timeout=x", "1")), PROCESS_UNKNOWN);
  CHECK_INT (main_of (ARGS ("attach", "1", "--timeout")), PROCESS_UNKNOWN);
  CHECK_INT (main_of (ARGS ("attach", "--dll=", "1")), PROCESS_UNKNOWN);
}

static void commands_are_known_by_name (void) {
  CHECK (process_is_command ("run") && process_is_command ("attach")
         && process_is_command ("check"));
  CHECK (!process_is_command ("runs") && !process_is_command ("")
         && !process_is_command ("run.exe"));
}

/*---------------- Jumps -----------------------------*/

#define MEMORY_BASE 0x10000u

static uint8_t memory[4096];

static int read_memory (void *user_data, uint64_t address, void *to, size_t n) {
  (void) user_data;
  if (address < MEMORY_BASE || address - MEMORY_BASE > sizeof (memory) - n) return -1;
  memcpy (to, memory + (address - MEMORY_BASE), n);
  return 0;
}

static void put (size_t at, const void *code, size_t n) {
  memcpy (memory + at, code, n);
}

static uint64_t follow (enum pe_machine machine, size_t at) {
  return jump_follow (machine, MEMORY_BASE + at, 0, 0, read_memory, NULL);
}

static void x64_jumps_are_followed (void) {
  memset (memory, 0x90, sizeof (memory));
  put (0, "\xe9\xfb\x00\x00\x00", 5); /* to 0x100 */
  put (0x100, "\xff\x25\x02\x00\x00\x00\x90\x90\x00\x02\x01\0\0\0\0",
       16);                   /* through 0x108 to 0x200 */
  put (0x200, "\xeb\xfc", 2); /* back, to 0x1fe */
  CHECK_INT (follow (PE_X64, 0), MEMORY_BASE + 0x1fe);
  CHECK_INT (follow (PE_X64, 0x300), MEMORY_BASE + 0x300); /* no jump */
  put (0x400, "\xeb\xfe", 2);                              /* to itself */
  CHECK_INT (follow (PE_X64, 0x400), MEMORY_BASE + 0x400);
  CHECK_INT (follow (PE_X64, sizeof (memory) - 1), 0); /* cannot be read */
  put (0x500, "\xe9\xff\xff\xff\x7f", 5);
  CHECK_INT (follow (PE_X64, 0x500), 0);
}

static void following_ends_inside_of_the_dll (void) {
  memset (memory, 0x90, sizeof (memory));
  put (0, "\xe9\xfb\x00\x00\x00", 5);     /* to 0x100, in the DLL, */
  put (0x100, "\xe9\xfb\x00\x00\x00", 5); /* which goes on to 0x200 */
  CHECK_INT (jump_follow (PE_X64, MEMORY_BASE, MEMORY_BASE + 0x100, 0x10, read_memory, NULL),
             MEMORY_BASE + 0x100);
  CHECK_INT (jump_follow (PE_X64, MEMORY_BASE, MEMORY_BASE + 0x110, 0x10, read_memory, NULL),
             MEMORY_BASE + 0x200);
}

static void x86_pointers_are_absolute (void) {
  memset (memory, 0x90, sizeof (memory));
  put (0, "\xff\x25\x40\x00\x01\x00", 6);
  put (0x40, "\x80\x00\x01\x00", 4);
  CHECK_INT (follow (PE_X86, 0), MEMORY_BASE + 0x80);
  put (0x100, "\xe9\xfb\xff\xfe\xff", 5); /* below 0: wraps at 32 bits */
  CHECK_INT (follow (PE_X86, 0x100), 0);
}

static void arm64_jumps_are_followed (void) {
  memset (memory, 0, sizeof (memory));
  put (0, "\x40\x00\x00\x14", 4); /* b 0x100 */
  put (0x100, "\x50\x00\x00\x58\x00\x02\x1f\xd6\x00\x02\x01\0\0\0\0",
       16);                           /* ldr x16, 0x108; br x16: 0x200 */
  put (0x200, "\xff\xff\xff\x17", 4); /* b 0x1fc */
  CHECK_INT (follow (PE_ARM64, 0), MEMORY_BASE + 0x1fc);
  put (0x300, "\x50\x00\x00\x58\x20\x02\x1f\xd6", 8); /* br x17 does not go with ldr x16 */
  CHECK_INT (follow (PE_ARM64, 0x300), MEMORY_BASE + 0x300);
}

/*---------------- Status -----------------------------*/

static MIR_ucrt_status_t good_status (void) {
  MIR_ucrt_status_t status = {.magic = MIR_UCRT_STATUS_MAGIC,
                              .version = MIR_UCRT_STATUS_VERSION,
                              .size = sizeof (status),
                              .state = MIR_UCRT_ACTIVE,
                              .bits = 64,
                              .crts_num = 1,
                              .functions_num = 2};
  strcpy (status.crts[0].name, "ucrtbase.dll");
  strcpy (status.functions[0].name, "malloc");
  strcpy (status.functions[1].name, "free");
  status.functions[0].state = MIR_UCRT_TAKEN;
  status.functions[1].state = MIR_UCRT_ALIAS;
  for (uint64_t i = 0; i < MIR_UCRT_STRIPES; i++) status.counters[i].kept = i;
  return status;
}

static MIR_ucrt_status_t accepted;
static struct status_view view = {.process = 7, .dll = "c:\\\"x\".dll", .copies = 1, .intact = {1}};

static void a_good_status_is_accepted (void) {
  MIR_ucrt_status_t status = good_status ();
  CHECK_STR (status_accept (&accepted, &status, sizeof (status)), NULL);
  CHECK_INT (status_verdict (&accepted, &view), PROCESS_TAKEN);
  CHECK_INT (status_counters (&accepted).kept, 28);
  CHECK_INT (status_functions_in (&accepted, MIR_UCRT_ALIAS), 1);
}

#define REFUSED(CHANGE)                                                  \
  do {                                                                   \
    MIR_ucrt_status_t status = good_status ();                           \
    CHANGE;                                                              \
    CHECK (status_accept (&accepted, &status, sizeof (status)) != NULL); \
  } while (0)

static void bad_numbers_are_refused (void) {
  REFUSED (status.magic = 0);
  REFUSED (status.magic ^= 1);
  REFUSED (status.version++);
  REFUSED (status.size--);
  REFUSED (status.size = 0);
  REFUSED (status.crts_num = MIR_UCRT_CRTS_MAX + 1);
  REFUSED (status.crts_num = 0);
  REFUSED (status.functions_num = MIR_UCRT_FUNCTIONS_MAX + 1);
  REFUSED (status.functions_num = UINT32_MAX);
  REFUSED (status.functions[1].crt = 1);
}

static void every_truncation_is_refused (void) {
  MIR_ucrt_status_t status = good_status ();
  for (size_t n = 0; n < sizeof (status); n++) {
    char *exact = malloc (n + 1); /* exact size, for sanitizers */
    REQUIRE (exact != NULL);
    memcpy (exact + 1, &status, n);
    if (status_accept (&accepted, exact + 1, n) == NULL) CHECK_INT (n, -1);
    free (exact);
  }
}

/* A status of random bytes behind a valid beginning is printed, and the text ends.  */
static void random_statuses_can_be_printed (void) {
  char *text = malloc (1 << 20);
  REQUIRE (text != NULL);
  for (size_t round = 0; round < tap_scaled (300); round++) {
    MIR_ucrt_status_t status = good_status ();
    unsigned char *bytes = (unsigned char *) &status;
    for (size_t i = offsetof (MIR_ucrt_status_t, state); i < sizeof (status); i++)
      bytes[i] = (unsigned char) tap_random ();
    status.crts_num = (uint32_t) (1 + tap_random () % MIR_UCRT_CRTS_MAX);
    status.functions_num = (uint32_t) (tap_random () % (MIR_UCRT_FUNCTIONS_MAX + 1));
    for (unsigned i = 0; i < MIR_UCRT_FUNCTIONS_MAX; i++)
      status.functions[i].crt %= status.crts_num;
    REQUIRE (status_accept (&accepted, &status, sizeof (status)) == NULL);
    FILE *out = tmpfile ();
    REQUIRE (out != NULL);
    status_print (out, &accepted, &view, 1);
    status_print_json (out, &accepted, &view);
    rewind (out);
    size_t n = fread (text, 1, (1 << 20) - 1, out);
    fclose (out);
    text[n] = 0;
    CHECK_INT (strlen (text), n);
    for (char *at = text; *at != 0; at += utf8_length (at)) {
      REQUIRE (utf8_length (at) != 0);
      CHECK (*at == '\n' || (unsigned char) *at >= ' ');
    }
  }
  free (text);
}

static void the_verdict_needs_everything (void) {
  MIR_ucrt_status_t status = good_status ();
  struct status_view lost = view;
  lost.intact[0] = 0;
  REQUIRE (status_accept (&accepted, &status, sizeof (status)) == NULL);
  CHECK_INT (status_verdict (&accepted, &lost), PROCESS_NOT_TAKEN);
  CHECK_INT (status_overwritten (&accepted, &lost), 1);
  accepted.functions[0].test = MIR_UCRT_WRONG;
  CHECK_INT (status_verdict (&accepted, &view), PROCESS_NOT_TAKEN);
  accepted.functions[0].test = MIR_UCRT_PASSED;
  accepted.state = MIR_UCRT_WAITING;
  CHECK_INT (status_verdict (&accepted, &view), PROCESS_NOT_TAKEN);
  accepted.state = MIR_UCRT_ACTIVE;
  accepted.functions[0].state = MIR_UCRT_LEFT;
  CHECK_INT (status_verdict (&accepted, &view), PROCESS_NOT_TAKEN); /* nothing is taken */
}

/*---------------- Texts -----------------------------*/

static void check_json (const char *text, const char *expected) {
  char found[256] = "";
  FILE *out = tmpfile ();
  REQUIRE (out != NULL);
  utf8_print_json (out, text);
  rewind (out);
  found[fread (found, 1, sizeof (found) - 1, out)] = 0;
  fclose (out);
  CHECK_STR (found, expected);
}

static void json_strings_are_escaped (void) {
  check_json ("", "\"\"");
  check_json ("a\"b\\c\n\x01", "\"a\\\"b\\\\c\\u000a\\u0001\"");
  check_json ("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
  check_json ("\xff\xc0\xaf\xed\xa0\x80\xe2\x82",
              "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"");
  check_json ("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""); /* above U+10FFFF */
}

static void terminals_get_no_controls (void) {
  char text[16] =
      "a\033[1m\xc2\x9b\xff"
      "b";
  utf8_clean (text, sizeof (text));
  CHECK_STR (text, "a?[1m???b");
  char full[4] = {'a', 'b', 'c', 'd'};
  utf8_clean (full, sizeof (full));
  CHECK_STR (full, "abc");
}

static void reasons_are_told (void) {
  CHECK (strstr (reason_of_load_error (126), "not there") != NULL);
  CHECK (strstr (reason_of_load_error (998), "exception") != NULL);
  CHECK (strstr (reason_of_load_error (193), "bitness") != NULL);
  CHECK_STR (reason_of_load_error (12345), NULL);
  CHECK (strstr (reason_of_open_error (5), "access is denied") != NULL);
  CHECK (strstr (reason_of_exit_status (0xc0000135), "not there") != NULL);
  CHECK_STR (reason_of_exit_status (1), NULL);
  CHECK_STR (reason_of_facts (&(struct process_facts) {0}), NULL);
  CHECK (
      strstr (reason_of_facts (&(struct process_facts) {.is_protected = 1, .no_dynamic_code = 1}),
              "protected")
      != NULL);
  CHECK (strstr (reason_of_facts (&(struct process_facts) {.app_container = 1}), "AppContainer")
         != NULL);
  CHECK (strstr (reason_of_facts (&(struct process_facts) {.microsoft_only = 1}), "signed")
         != NULL);
  CHECK (strstr (reason_of_facts (&(struct process_facts) {.no_dynamic_code = 1}), "ACG") != NULL);
}

static void there_is_code_for_three_machines (void) {
  size_t n;
  CHECK (load_code (PE_X64, &n) != NULL && n == 39);
  CHECK (load_code (PE_X86, &n) != NULL && n == 33);
  CHECK (load_code (PE_ARM64, &n) != NULL && n == 68);
  CHECK_PTR (load_code (PE_OTHER, &n), NULL);
}

int main (void) {
  TEST_RUN (nasty_arguments_come_through);
  TEST_RUN (random_arguments_come_through);
  TEST_RUN (a_program_with_a_quote_is_refused);
  TEST_RUN (only_what_needs_quotes_has_them);
  TEST_RUN (process_ids_are_read_strictly);
  TEST_RUN (wrong_usage_is_told_by_the_status);
  TEST_RUN (commands_are_known_by_name);
  TEST_RUN (x64_jumps_are_followed);
  TEST_RUN (following_ends_inside_of_the_dll);
  TEST_RUN (x86_pointers_are_absolute);
  TEST_RUN (arm64_jumps_are_followed);
  TEST_RUN (a_good_status_is_accepted);
  TEST_RUN (bad_numbers_are_refused);
  TEST_RUN (every_truncation_is_refused);
  TEST_RUN (random_statuses_can_be_printed);
  TEST_RUN (the_verdict_needs_everything);
  TEST_RUN (json_strings_are_escaped);
  TEST_RUN (terminals_get_no_controls);
  TEST_RUN (reasons_are_told);
  TEST_RUN (there_is_code_for_three_machines);
  return tap_done ();
}
