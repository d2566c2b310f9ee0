/* The command line of mir-report, and its help.

   A format is one way to show a picture; a run writes one.  One thread.  */
#ifndef MIR_REPORT_OPTIONS_H
#define MIR_REPORT_OPTIONS_H

#include "text/arguments.h"

/* Exit statuses.  */
enum {
  STATUS_DONE = 0,
  STATUS_FAILED = 1, /* a trace or an output failed */
  STATUS_USAGE = 2   /* the arguments are wrong */
};

enum format {
  FORMAT_NONE, /* the user has named no format: a page beside the trace */
  FORMAT_HTML,
  FORMAT_FOLDED,
  FORMAT_CHROME,
  FORMAT_STATS,
  FORMAT_JSON
};

/* The texts are those of ARGV, which outlives this.  */
struct options {
  int help, version, partial;
  enum format format;
  const char *output; /* "-": standard output; NULL for FORMAT_NONE */
  const char *trace;  /* "-": standard input */
  const char *old;    /* the older trace, "-" too; NULL: nothing is compared */
};

/* Read the arguments behind ARGV[0], up to the first one that asks for help or the version; changes ARGV.  Returns
   0; or -1 with the reason in ERROR, which may have any bytes of an argument in it.  */
int options_read (struct options *options, char **argv, char error[ARGUMENTS_ERROR_MAX]);
/* Print the help on standard output.  */
void options_help (void);

#endif /* MIR_REPORT_OPTIONS_H */
