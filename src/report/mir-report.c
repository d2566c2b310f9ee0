/* The command mir-report: reads a trace and writes the outputs that the user has named.  One
   thread; the exit status is 0, or 1 after one line on standard error.  */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/chrome.h"
#include "report/folded.h"
#include "report/html.h"
#include "report/output.h"
#include "report/picture-read.h"
#include "report/report-alloc.h"
#include "report/stats.h"

enum kind {
  PAGE, /* TRACE.html, if the user has named no output */
  HTML,
  FOLDED,
  CHROME,
  STATS,
  JSON,
  KINDS /* how many; also: none of them */
};

/* The command line; the texts are those of ARGV.  */
struct options {
  const char *trace;
  const char *paths[KINDS]; /* NULL: this output is not wanted */
  int partial;
};

/*---------------- Arguments -----------------------------*/

static const char help[] =
    "usage: mir-report [OPTION...] TRACE\n"
    "\n"
    "Make a picture of TRACE, a file that MIR_trace has written.  Unless an option names\n"
    "another output, it is the page TRACE.html.\n"
    "\n"
    "  --html FILE    a page for a browser, in one file: live bytes over time, what was\n"
    "                 live at the peak, who allocated, sizes, lifetimes, the code map,\n"
    "                 threads\n"
    "  --folded FILE  stacks for flame graphs, by bytes allocated\n"
    "  --chrome FILE  events for chrome://tracing and ui.perfetto.dev\n"
    "  --stats        print the numbers\n"
    "  --json         print the numbers as JSON\n"
    "  --partial      accept a trace that ends too early, as when the program died\n"
    "  --help         show this text\n"
    "\n"
    "FILE may be - for standard output.  A FILE appears when it is whole, and nobody can\n"
    "read it who cannot read TRACE.  The exit status is 0, or 1 with a line on standard\n"
    "error.\n";

/* One line on standard error.  Returns the exit status.  */
static int say (const char *what, const char *which, const char *why) {
  fprintf (stderr, "mir-report: %s%s%s%s\n", what, which, why[0] != '\0' ? ": " : "", why);
  return 1;
}

/* The output that the option ARGUMENT asks for, or KINDS.  */
static enum kind kind_of (const char *argument) {
  static const char *const names[KINDS] = {[HTML] = "--html",
                                           [FOLDED] = "--folded",
                                           [CHROME] = "--chrome",
                                           [STATS] = "--stats",
                                           [JSON] = "--json"};
  int kind = HTML;
  while (kind < KINDS && strcmp (argument, names[kind]) != 0) kind++;
  return (enum kind) kind;
}

/* 0 if the program should go on, else the exit status + 1.  */
static int parse (struct options *options, char **argv) {
  for (argv++; *argv != NULL; argv++) {
    enum kind kind = kind_of (*argv);
    if (strcmp (*argv, "--help") == 0) {
      fputs (help, stdout);
      return 1 + (fflush (stdout) != 0);
    } else if (kind == STATS || kind == JSON) {
      options->paths[kind] = "-";
    } else if (kind != KINDS) {
      if (argv[1] == NULL) return 1 + say (*argv, " needs the name of a file (see --help)", "");
      options->paths[kind] = *++argv;
    } else if (strcmp (*argv, "--partial") == 0) {
      options->partial = 1;
    } else if (strncmp (*argv, "--", 2) == 0) {
      return 1 + say ("unknown option (see --help): ", *argv, "");
    } else if (options->trace != NULL) {
      return 1 + say ("only one trace can be read at a time (see --help)", "", "");
    } else {
      options->trace = *argv;
    }
  }
  return options->trace != NULL ? 0 : 1 + say ("no trace is named (see --help)", "", "");
}

/* Choose the page, with its path in PAGE, if the user has named no output.  Returns 0, or -1 if
   that path is too long.  */
static int choose_page (struct options *options, char page[OUTPUT_PATH_MAX]) {
  int len;
  for (int kind = HTML; kind < KINDS; kind++)
    if (options->paths[kind] != NULL) return 0;
  options->paths[PAGE] = page;
  len = snprintf (page, OUTPUT_PATH_MAX, "%s.html", options->trace);
  return len >= 0 && len < OUTPUT_PATH_MAX ? 0 : -1;
}

/*---------------- The work -----------------------------*/

/* Write the output KIND.  Returns 0, or -1: the trace has changed.  */
static int write_kind (enum kind kind, FILE *out, const struct picture *picture, const char *name,
                       FILE *stream) {
  if (kind == CHROME)
    return fseek (stream, 0, SEEK_SET) == 0 ? chrome_write (out, picture, stream) : -1;
  if (kind == FOLDED)
    folded_write (out, picture);
  else if (kind == STATS)
    stats_write_text (out, picture, name);
  else if (kind == JSON)
    stats_write_json (out, picture, name);
  else
    html_write (out, picture, name);
  return 0;
}

/* Write one output.  0, or the exit status after a line that says why.  */
static int write_file (enum kind kind, const struct options *options, const struct picture *picture,
                       FILE *stream) {
  const char *path = options->paths[kind];
  struct output output;
  if ((kind == PAGE ? output_create : output_open) (&output, path, stream) != 0)
    return say (path, "", strerror (errno));
  if (write_kind (kind, output.stream, picture, options->trace, stream) != 0) {
    output_drop (&output);
    return say (options->trace, "", "the trace changed while it was being read");
  }
  return output_close (&output) == 0 ? 0 : say (path, "", strerror (errno));
}

/* Read STREAM and write all outputs.  The exit status.  */
static int report (const struct options *options, FILE *stream) {
  struct picture picture;
  int status = 0;
  picture_init (&picture, report_alloc);
  if (picture_read (&picture, stream, options->partial) != 0)
    status = say (options->trace, "", picture.reader.error);
  for (int kind = 0; kind < KINDS && status == 0; kind++)
    if (options->paths[kind] != NULL)
      status = write_file ((enum kind) kind, options, &picture, stream);
  picture_finish (&picture);
  return status;
}

int main (int argc, char **argv) {
  struct options options = {0};
  char page[OUTPUT_PATH_MAX];
  const char *why = "";
  FILE *stream;
  int status;
  (void) argc;
  status = parse (&options, argv);
  if (status != 0) return status - 1;
  if (choose_page (&options, page) != 0) return say (options.trace, "", strerror (ENAMETOOLONG));
  stream = output_file_read (options.trace, &why);
  if (stream == NULL) return say (options.trace, "", why);
  status = report (&options, stream);
  fclose (stream);
  return status;
}
