/* The program: from a trace to what people and other programs look at.  */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/chrome.h"
#include "report/folded.h"
#include "report/html.h"
#include "report/picture-read.h"
#include "report/report-alloc.h"
#include "report/stats.h"

struct options {
  const char *trace, *html, *folded, *chrome;
  const char *page; /* TRACE.html where the user names no output */
  int stats, json, partial;
};

/*---------------- Arguments -----------------------------*/

static const char help[] =
    "usage: mir-report [OPTION...] TRACE\n"
    "\n"
    "Make a picture of what MIR_trace has written to the file TRACE.  Without an option for one "
    "of\n"
    "the others: the page TRACE.html.\n"
    "\n"
    "  --html FILE    a page for a browser, all in one file: live bytes over time, what was live "
    "at\n"
    "                 the peak, who allocated, sizes, lifetimes, the code map, threads\n"
    "  --folded FILE  stacks for flame graphs, by bytes allocated\n"
    "  --chrome FILE  events for chrome://tracing and ui.perfetto.dev\n"
    "  --stats        print the numbers\n"
    "  --json         print the numbers as JSON\n"
    "  --partial      take a trace which ends too early, of a program that died for example\n"
    "  --help         show this text\n"
    "\n"
    "FILE may be - for standard output.  A FILE is there when it is whole.  The exit status is 0, "
    "or\n"
    "1 with a line on standard error.\n";

static int say (const char *what, const char *which, const char *why) {
  fprintf (stderr, "mir-report: %s%s%s%s\n", what, which, why[0] != '\0' ? ": " : "", why);
  return 1;
}

/* For the options which take a file.  0 if ARGUMENT is none of them.  */
static const char **file_option (struct options *options, const char *argument) {
  if (strcmp (argument, "--html") == 0) return &options->html;
  if (strcmp (argument, "--folded") == 0) return &options->folded;
  if (strcmp (argument, "--chrome") == 0) return &options->chrome;
  return NULL;
}

/* 0, or the exit status + 1.  */
static int parse (struct options *options, char **argv) {
  const char **file;

  for (argv++; *argv != NULL; argv++) {
    if (strcmp (*argv, "--help") == 0) {
      fputs (help, stdout);
      return 1 + (fflush (stdout) != 0);
    } else if ((file = file_option (options, *argv)) != NULL) {
      if (argv[1] == NULL) return 1 + say (*argv, " needs a file, see --help", "");
      *file = *++argv;
    } else if (strcmp (*argv, "--stats") == 0) {
      options->stats = 1;
    } else if (strcmp (*argv, "--json") == 0) {
      options->json = 1;
    } else if (strcmp (*argv, "--partial") == 0) {
      options->partial = 1;
    } else if (strncmp (*argv, "--", 2) == 0) {
      return 1 + say ("unknown option, see --help: ", *argv, "");
    } else if (options->trace != NULL) {
      return 1 + say ("one trace at a time, see --help", "", "");
    } else {
      options->trace = *argv;
    }
  }
  return options->trace != NULL ? 0 : 1 + say ("a trace is needed, see --help", "", "");
}

/*---------------- The work -----------------------------*/

enum kind { HTML, FOLDED, CHROME, STATS, JSON };

static int write_kind (enum kind kind, struct output *output, const struct picture *picture,
                       const char *name, FILE *stream) {
  switch (kind) {
    case HTML:
      html_write (output, picture, name);
      return 0;
    case FOLDED:
      folded_write (output, picture);
      return 0;
    case CHROME:
      return fseek (stream, 0, SEEK_SET) == 0 ? chrome_write (output, picture, stream) : -1;
    case STATS:
      stats_write_text (output, picture, name);
      return 0;
    default:
      stats_write_json (output, picture, name);
      return 0;
  }
}

/* PATH NULL: nothing is asked for.  0, or 1 with a line.  */
static int write_file (enum kind kind, const char *path, const struct picture *picture,
                       const struct options *options, FILE *stream) {
  const char *name = options->trace;
  struct output output;
  int status;

  if (path == NULL) return 0;
  status = path == options->page ? output_create (&output, path, stream)
                                 : output_open (&output, path, stream);
  if (status != 0) return say (path, "", strerror (errno));
  if (write_kind (kind, &output, picture, name, stream) != 0) {
    output_drop (&output);
    return say (name, "", "the trace has changed meanwhile");
  }
  return output_close (&output) == 0 ? 0 : say (path, "", strerror (errno));
}

static int write_all (const struct options *options, const struct picture *picture, FILE *stream) {
  return write_file (HTML, options->page, picture, options, stream)
         || write_file (HTML, options->html, picture, options, stream)
         || write_file (FOLDED, options->folded, picture, options, stream)
         || write_file (CHROME, options->chrome, picture, options, stream)
         || write_file (STATS, options->stats ? "-" : NULL, picture, options, stream)
         || write_file (JSON, options->json ? "-" : NULL, picture, options, stream);
}

static int report (const struct options *options, FILE *stream) {
  struct picture picture;
  int status;

  picture_init (&picture, report_alloc);
  if (picture_read (&picture, stream, options->partial) != 0)
    status = say (options->trace, "", picture.reader.error);
  else
    status = write_all (options, &picture, stream);
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
  if (options.html == NULL && options.folded == NULL && options.chrome == NULL && !options.stats
      && !options.json) {
    if (strlen (options.trace) + sizeof (".html") > sizeof (page))
      return say (options.trace, "", strerror (ENAMETOOLONG));
    snprintf (page, sizeof (page), "%s.html", options.trace);
    options.page = page;
  }
  stream = output_file_read (options.trace, &why);
  if (stream == NULL) return say (options.trace, "", why);
  status = report (&options, stream);
  fclose (stream);
  return status;
}
