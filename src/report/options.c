/* Reads the command line of mir-report, and has its help.  */
#include "report/options.h"

#include <stdio.h>
#include <string.h>

void options_help (void) {
  fputs (
      "usage: mir-report [OPTION...] TRACE\n"
      "\n"
      "Make a picture of TRACE, a file that MIR_trace has written; - is standard input.\n"
      "Unless an option names another format, the picture is the page TRACE.html.\n"
      "\n"
      "      --html=FILE    a page for a browser, in one file: live bytes over time, who\n"
      "                     allocated, stacks, sizes, lifetimes, the code map, threads\n"
      "      --folded=FILE  stacks for flame graphs, by bytes allocated\n"
      "      --chrome=FILE  events for chrome://tracing and ui.perfetto.dev\n"
      "      --stats        print the numbers\n"
      "      --json         print the numbers as JSON\n"
      "\n"
      "      --diff=OLD     compare TRACE with the older trace OLD; not with --chrome\n"
      "      --partial      show what is before the damage, if a trace is damaged or ends\n"
      "                     too early, as when the program died\n"
      "  -h, --help         show this help\n"
      "  -V, --version      show the version\n"
      "\n"
      "FILE may be - for standard output.  It appears when it is whole, and nobody can read\n"
      "it who cannot read TRACE.  The exit status is 0, 1 if a file failed, or 2 if the\n"
      "arguments are wrong.\n",
      stdout);
}

/* Set ERROR.  -1.  */
static int fail (char error[ARGUMENTS_ERROR_MAX], const char *reason) {
  snprintf (error, ARGUMENTS_ERROR_MAX, "%s", reason);
  return -1;
}

/* What the options say about the output.  */
struct formats {
  const char *html, *folded, *chrome; /* where to; NULL: not wanted */
  int stats, json;
};

/* Set the format and the output.  0, or -1 with ERROR.  */
static int choose (struct options *options, const struct formats *wanted,
                   char error[ARGUMENTS_ERROR_MAX]) {
  const struct {
    enum format format;
    const char *output;
  } formats[] = {{FORMAT_HTML, wanted->html},
                 {FORMAT_FOLDED, wanted->folded},
                 {FORMAT_CHROME, wanted->chrome},
                 {FORMAT_STATS, wanted->stats ? "-" : NULL},
                 {FORMAT_JSON, wanted->json ? "-" : NULL}};
  for (size_t i = 0; i < sizeof (formats) / sizeof (*formats); i++) {
    if (formats[i].output == NULL) continue;
    if (options->format != FORMAT_NONE)
      return fail (error, "only one format can be written at a time");
    options->format = formats[i].format;
    options->output = formats[i].output;
  }
  return 0;
}

/* Check that the options fit together.  */
static int check (const struct options *options, char error[ARGUMENTS_ERROR_MAX]) {
  if (options->trace == NULL) return fail (error, "no trace is named");
  if (options->old == NULL) return 0;
  if (options->format == FORMAT_CHROME)
    return fail (error, "--chrome shows one trace: --diff is not allowed with it");
  if (strcmp (options->trace, "-") == 0 && strcmp (options->old, "-") == 0)
    return fail (error, "only one of the two traces can be standard input");
  return 0;
}

int options_read (struct options *o, char **argv, char error[ARGUMENTS_ERROR_MAX]) {
  struct formats wanted = {0};
  const struct arguments_option table[] = {
      {.name = "html", .value = &wanted.html},
      {.name = "folded", .value = &wanted.folded},
      {.name = "chrome", .value = &wanted.chrome},
      {.name = "stats", .flag = &wanted.stats},
      {.name = "json", .flag = &wanted.json},
      {.name = "diff", .value = &o->old},
      {.name = "partial", .flag = &o->partial},
      {.name = "help", .letter = 'h', .flag = &o->help, .ends = 1},
      {.name = "version", .letter = 'V', .flag = &o->version, .ends = 1},
      {0}};
  *o = (struct options) {0};
  int traces = arguments_read (table, argv, error);
  if (traces < 0) return -1;
  if (o->help || o->version) return 0;
  if (traces > 1) return fail (error, "only one trace can be read at a time");
  if (traces == 1) o->trace = argv[0];
  return choose (o, &wanted, error) == 0 ? check (o, error) : -1;
}
