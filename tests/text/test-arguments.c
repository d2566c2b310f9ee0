/* Tests the reader of command lines.  */
#include "text/arguments.h"

#include <string.h>

#include "support/tap.h"

static int verbose, force, help;
static const char *output, *order;
static const struct arguments_option table[] = {
    {.name = "verbose", .letter = 'v', .flag = &verbose},
    {.name = "force", .flag = &force},
    {.name = "help", .letter = 'h', .flag = &help, .ends = 1},
    {.name = "output", .letter = 'o', .value = &output},
    {.name = "order", .value = &order},
    {0}};

static char error[ARGUMENTS_ERROR_MAX];
static char *args[10];

/* Read WORDS, which blanks separate, behind the name of a program.  */
static int read_words (const char *words) {
  static char text[200];
  size_t num = 0;
  verbose = force = help = 0;
  output = order = NULL;
  strcpy (text, words);
  args[num++] = (char *) "program";
  for (char *word = strtok (text, " "); word != NULL; word = strtok (NULL, " ")) args[num++] = word;
  args[num] = NULL;
  return arguments_read (table, args, error);
}

static void fails (const char *words, const char *reason) {
  CHECK_INT (read_words (words), -1);
  CHECK_STR (error, reason);
}

static void takes_every_form (void) {
  CHECK_INT (read_words (""), 0);
  CHECK_INT (read_words ("a --verbose b --output=x --order y c"), 3);
  CHECK (verbose && !force && !help);
  CHECK_STR (output, "x");
  CHECK_STR (order, "y");
  CHECK (strcmp (args[0], "a") == 0 && strcmp (args[1], "b") == 0 && strcmp (args[2], "c") == 0);
  CHECK_INT (read_words ("-vox a"), 1);
  CHECK_STR (output, "x");
  CHECK_INT (read_words ("-vo x --verbose"), 0);
  CHECK_STR (output, "x");
}

static void a_dash_is_an_operand_and_a_value (void) {
  CHECK_INT (read_words ("- --output -"), 1);
  CHECK_STR (args[0], "-");
  CHECK_STR (output, "-");
  CHECK_INT (read_words ("-- --force -v"), 2);
  CHECK (!force && !verbose);
  CHECK_STR (args[0], "--force");
}

static void a_value_may_begin_with_a_dash_behind_equals (void) {
  CHECK_INT (read_words ("--output=-x --order==y"), 0);
  CHECK_STR (output, "-x");
  CHECK_STR (order, "=y");
}

static void nothing_is_read_behind_help (void) {
  CHECK_INT (read_words ("a --help --none"), 1);
  CHECK (help);
  CHECK_INT (read_words ("-hx"), 0);
  CHECK (help);
}

static void says_what_is_wrong (void) {
  fails ("--none", "unknown option '--none'");
  fails ("--forc", "unknown option '--forc'");
  fails ("--forceful=1", "unknown option '--forceful=1'");
  fails ("-vx", "unknown option '-x'");
  fails ("--force=1", "--force takes no value");
  fails ("--output", "--output needs a value");
  fails ("--output=", "--output needs a value");
  fails ("--output --force", "--output needs a value");
  fails ("-o", "--output needs a value");
  fails ("-ox --output=y", "--output is given twice");
}

static void takes_no_program (void) {
  char *none[] = {NULL};
  CHECK_INT (arguments_read (table, none, error), 0);
}

int main (void) {
  TEST_RUN (takes_every_form);
  TEST_RUN (a_dash_is_an_operand_and_a_value);
  TEST_RUN (a_value_may_begin_with_a_dash_behind_equals);
  TEST_RUN (nothing_is_read_behind_help);
  TEST_RUN (says_what_is_wrong);
  TEST_RUN (takes_no_program);
  return tap_done ();
}
