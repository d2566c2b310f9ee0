/* Drives PCRE2: patterns with captures over a text, by the JIT compiler and by the interpreter.  */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "adapters/mir-pcre2.h"

#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"
#include "guests/text.h"

enum { LEN = 20000 };

static char text[LEN];

static enum guest_result result_of (int code) {
  return code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAPLIMIT ? GUEST_NO_MEMORY
                                                                       : GUEST_WRONG;
}

/* Count the matches of CODE in the text.  */
static int count_matches (const pcre2_code *code, pcre2_match_data *data,
                          pcre2_match_context *context) {
  PCRE2_SIZE at = 0;
  int num = 0;
  for (;; num++) {
    int res = pcre2_match (code, (PCRE2_SPTR) text, LEN, at, 0, data, context);
    if (res == PCRE2_ERROR_NOMATCH) return num;
    if (res < 0) return res;
    at = pcre2_get_ovector_pointer (data)[1];
  }
}

/* The words "memory" of the text.  */
static int right_count (void) {
  int num = 0;
  for (size_t i = 0; i + 6 < LEN; i++) num += memcmp (text + i, "memory ", 7) == 0;
  return num;
}

static enum guest_result match (pcre2_general_context *general, pcre2_code *code, int has_jit) {
  pcre2_jit_stack *stack = NULL;
  pcre2_match_data *data = pcre2_match_data_create_from_pattern (code, general);
  pcre2_match_context *context = pcre2_match_context_create (general);
  if (has_jit && context != NULL) stack = pcre2_jit_stack_create (32 * 1024, 1 << 20, general);
  enum guest_result res = GUEST_NO_MEMORY;
  if (data != NULL && context != NULL && (stack != NULL || !has_jit)) {
    if (has_jit) pcre2_jit_stack_assign (context, NULL, stack);
    int num = count_matches (code, data, context);
    res = num == right_count () ? GUEST_RIGHT : result_of (num);
  }
  pcre2_jit_stack_free (stack);
  pcre2_match_context_free (context);
  pcre2_match_data_free (data);
  return res;
}

static enum guest_result compile_and_match (MIR_alloc_t alloc, int has_jit) {
  static const char pattern[] = "(?:(m)(e)(m)|x+y+)(?<rest>(?:o|r|y)+)(?= )";
  int error;
  PCRE2_SIZE where;
  guest_text (text, LEN);
  pcre2_general_context *general =
      alloc != NULL ? MIR_pcre2_context (alloc)
                    : pcre2_general_context_create (record_last_malloc, record_last_free, NULL);
  if (general == NULL) return GUEST_NO_MEMORY;
  enum guest_result res = GUEST_NO_MEMORY;
  pcre2_compile_context *context = pcre2_compile_context_create (general);
  if (context != NULL) {
    pcre2_code *code =
        pcre2_compile ((PCRE2_SPTR) pattern, PCRE2_ZERO_TERMINATED, 0, &error, &where, context);
    int jit = code == NULL || !has_jit ? 0 : pcre2_jit_compile (code, PCRE2_JIT_COMPLETE);
    if (code == NULL)
      res = error == PCRE2_ERROR_HEAP_FAILED ? GUEST_NO_MEMORY : GUEST_WRONG;
    else
      res = jit != 0 ? result_of (jit) : match (general, code, has_jit);
    pcre2_code_free (code);
    pcre2_compile_context_free (context);
  }
  pcre2_general_context_free (general);
  return res;
}

static enum guest_result by_jit (MIR_alloc_t alloc) {
  return compile_and_match (alloc, 1);
}

static enum guest_result by_interpreter (MIR_alloc_t alloc) {
  return compile_and_match (alloc, 0);
}

const char *guest_version (void) {
  static char version[64]; /* 10.42 2022-12-11 */
  pcre2_config (PCRE2_CONFIG_VERSION, version);
  version[strcspn (version, " ")] = 0;
  return version;
}

const struct guest guests[] = {
    {.name = "PCRE2, JIT", .run = by_jit, .refusals = GUEST_FAILS_CLEANLY},
    {.name = "PCRE2, interpreter", .run = by_interpreter, .refusals = GUEST_FAILS_CLEANLY},
    {.name = NULL},
};
