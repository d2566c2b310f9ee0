/* The options, read from the environment variables.  */

#include "ucrt/environment.h"

#include <windows.h>

#include "ucrt/log.h"

struct ucrt_options ucrt_options;

/* Read the variable NAME into the SIZE bytes at VALUE; "" if it is unset or does not fit.  This is
   Windows' copy of the environment: no CRT has one yet.  */
static const char *variable (const char *name, char *value, size_t size) {
  DWORD length = GetEnvironmentVariableA (name, value, (DWORD) size);
  if (length == 0 || length >= size) value[0] = 0;
  return value;
}

static char lower (char c) {
  return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* Whether TEXT is WORD, ignoring case; WORD is lower case.  */
static int is_word (const char *text, const char *word) {
  while (*word != 0 && lower (*text) == *word) {
    text++;
    word++;
  }
  return *text == 0 && *word == 0;
}

/* The words that mimalloc takes for yes.  */
static int is_yes (const char *text) {
  return is_word (text, "1") || is_word (text, "true") || is_word (text, "yes")
         || is_word (text, "on");
}

static int is_on (const char *name) {
  char value[16];
  return is_yes (variable (name, value, sizeof (value)));
}

/* The value of the variable NAME: a digit, or 1 for yes and 0 for no; WITHOUT if it is unset or
   anything else.  */
static int level (const char *name, int without) {
  char value[16];
  variable (name, value, sizeof (value));
  if (value[0] >= '0' && value[0] <= '9' && value[1] == 0) return value[0] - '0';
  if (is_yes (value)) return 1;
  if (is_word (value, "false") || is_word (value, "no") || is_word (value, "off")) return 0;
  return without;
}

void ucrt_read_options (void) {
  char value[16];
  struct ucrt_options *o = &ucrt_options;
  o->disable = is_on ("MIR_UCRT_DISABLE") || is_on ("MIMALLOC_DISABLE_REDIRECT")
               || is_on ("MIMALLOC_DISABLE_OVERRIDE");
  o->verbose = level ("MIR_UCRT_VERBOSE", level ("MIMALLOC_VERBOSE", 0));
  o->refuse_late = is_word (variable ("MIR_UCRT_LATE", value, sizeof (value)), "refuse");
  o->counting = is_on ("MIR_UCRT_COUNT");
  o->guard = is_on ("MIR_UCRT_GUARD");
  variable ("MIR_UCRT_CRTS", o->crts, sizeof (o->crts));
  for (char *c = o->crts; *c != 0; c++) *c = lower (*c);
  if (o->crts[0] == 0) ucrt_format (o->crts, sizeof (o->crts), "ucrtbase,ucrtbased");
}
