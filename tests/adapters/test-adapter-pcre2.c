/* The PCRE2 adapter: PCRE2 on a MIR_alloc.  */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "adapters/mir-pcre2.h"

#include <string.h>

#include "adapters/adapter-fixture.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

enum { NO_MEMORY, FOUND, WRONG };

static int match (pcre2_general_context *general, pcre2_code *code) {
  static const char subject[] = "at 2026-11-21, and then 1999-01-02";
  pcre2_match_data *data = pcre2_match_data_create_from_pattern (code, general);
  PCRE2_UCHAR *day = NULL;
  PCRE2_SIZE len;
  if (data == NULL) return NO_MEMORY;
  int num = pcre2_match (code, (PCRE2_SPTR) subject, PCRE2_ZERO_TERMINATED, 0, 0, data, NULL);
  int res = num == PCRE2_ERROR_NOMEMORY ? NO_MEMORY : WRONG;
  if (num == 4) {
    int got = pcre2_substring_get_byname (data, (PCRE2_SPTR) "day", &day, &len);
    res = got == PCRE2_ERROR_NOMEMORY                    ? NO_MEMORY
          : got == 0 && strcmp ((char *) day, "21") == 0 ? FOUND
                                                         : WRONG;
    pcre2_substring_free (day);
  }
  pcre2_match_data_free (data);
  return res;
}

static int compile_and_match (MIR_alloc_t alloc) {
  static const char pattern[] = "(?<year>\\d{4})-(?<month>\\d\\d)-(?<day>\\d\\d)";
  int error, res = NO_MEMORY;
  PCRE2_SIZE offset;
  pcre2_general_context *general = MIR_pcre2_context (alloc);
  pcre2_compile_context *compile = general == NULL ? NULL : pcre2_compile_context_create (general);
  if (compile != NULL) {
    pcre2_code *code =
        pcre2_compile ((PCRE2_SPTR) pattern, PCRE2_ZERO_TERMINATED, 0, &error, &offset, compile);
    if (code != NULL)
      res = match (general, code);
    else if (error != PCRE2_ERROR_HEAP_FAILED)
      res = WRONG;
    pcre2_code_free (code);
  }
  pcre2_compile_context_free (compile);
  pcre2_general_context_free (general);
  return res;
}

static void pattern_matches_and_nothing_is_left (void) {
  struct probe_alloc probe;
  check_nothing_is_left (compile_and_match, FOUND, &probe);
  CHECK (probe.calls > 4);
}

static void every_refusal_is_survived (void) {
  check_every_refusal (compile_and_match, FOUND, NO_MEMORY);
}

int main (void) {
  TEST_RUN (pattern_matches_and_nothing_is_left);
  TEST_RUN (every_refusal_is_survived);
  return tap_done ();
}
