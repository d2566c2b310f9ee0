/* The command mir-report: reads a trace, and an older one if they are compared, and writes one
   picture.  One thread; options.h has the exit statuses.  */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mir-alloc-api.h"
#include "report/chrome.h"
#include "report/folded.h"
#include "report/html.h"
#include "report/options.h"
#include "report/output.h"
#include "report/picture-read.h"
#include "report/report-alloc.h"
#include "report/stats.h"
#include "text/utf8.h"

enum { LINE_BYTES = OUTPUT_PATH_MAX + 300 };

/* A trace, and what is in it.  */
struct input {
  FILE *stream;               /* NULL: not open */
  char name[OUTPUT_PATH_MAX]; /* for the user and for titles: clean UTF-8 */
  struct picture picture;
};

/* What the command works on.  */
struct job {
  const struct options *options;
  const struct input *old;    /* NULL: nothing is compared */
  char path[OUTPUT_PATH_MAX]; /* of the output; "-" is standard output */
  struct input trace;
};

/*---------------- Lines -----------------------------*/

/* Print one line, safe for a terminal, on standard error.  Returns STATUS_FAILED.  */
static int say (const char *format, ...) {
  char line[LINE_BYTES];
  va_list args;
  va_start (args, format);
  vsnprintf (line, sizeof (line), format, args);
  va_end (args);
  utf8_clean (line, sizeof (line));
  fprintf (stderr, "mir-report: %s\n", line);
  return STATUS_FAILED;
}

/* Close standard output after a line was printed there.  The exit status.  */
static int end_printing (void) {
  struct output output = {.path = "-", .stream = stdout};
  return output_close (&output) == 0 ? STATUS_DONE : say ("standard output: %s", strerror (errno));
}

static int print_help (void) {
  options_help ();
  return end_printing ();
}

static int print_version (void) {
  printf ("mir-report %s\n", MIR_ALLOC_VERSION_STRING);
  return end_printing ();
}

static int print_written (const char *path) {
  char line[OUTPUT_PATH_MAX];
  snprintf (line, sizeof (line), "%s", path);
  utf8_clean (line, sizeof (line));
  printf ("wrote %s\n", line);
  return end_printing ();
}

/*---------------- Reading -----------------------------*/

/* Open the trace PATH.  0, or the exit status after a line that says why not.  */
static int open_input (struct input *input, const char *path) {
  const char *why = "";
  snprintf (input->name, sizeof (input->name), "%s",
            strcmp (path, "-") == 0 ? "standard input" : path);
  utf8_clean (input->name, sizeof (input->name));
  input->stream = output_read (path, &why);
  return input->stream != NULL ? STATUS_DONE : say ("%s: %s", input->name, why);
}

/* Make the picture of INPUT, which is initialised.  A line says which damage PARTIAL has accepted.
   0, or the exit status after a line that says why not.  */
static int read_input (struct input *input, int partial) {
  const char *error = input->picture.reader.error;
  if (picture_read (&input->picture, input->stream, partial) != 0)
    return say ("%s: %s", input->name, error);
  if (input->picture.partial) say ("%s: %s; what is before is shown", input->name, error);
  return STATUS_DONE;
}

/*---------------- Writing -----------------------------*/

static struct output *unfinished; /* the output that is being written; NULL: there is none */

/* Leave nothing behind when memory runs out.  */
static void end_without_memory (void) {
  if (unfinished != NULL) output_drop (unfinished);
  exit (say ("out of memory"));
}

/* Write the picture.  Returns 0, or -1: the trace has changed.  */
static int write_format (const struct job *job, FILE *out) {
  const struct picture *picture = &job->trace.picture;
  switch (job->options->format) {
    case FORMAT_FOLDED:
      folded_write (out, picture);
      return 0;
    case FORMAT_CHROME:
      return chrome_write (out, picture, job->trace.stream);
    case FORMAT_STATS:
      stats_write_text (out, picture, job->trace.name);
      return 0;
    case FORMAT_JSON:
      stats_write_json (out, picture, job->trace.name);
      return 0;
    default:
      html_write (out, picture, NULL, job->trace.name, NULL);
      return 0;
  }
}

/* Write what has changed since the older trace.  */
static void write_comparison (const struct job *job, FILE *out) {
  const struct picture *picture = &job->trace.picture, *old = &job->old->picture;
  switch (job->options->format) {
    case FORMAT_FOLDED:
      folded_compare (out, picture, old);
      break;
    case FORMAT_STATS:
      stats_compare_text (out, picture, job->trace.name, old, job->old->name);
      break;
    case FORMAT_JSON:
      stats_compare_json (out, picture, job->trace.name, old, job->old->name);
      break;
    default:
      html_write (out, picture, old, job->trace.name, job->old->name);
      break;
  }
}

/* Open OUTPUT.  A page beside the trace is a file, whatever has its name.  Returns 0, or -1 with
   errno.  */
static int open_output (const struct job *job, struct output *output) {
  FILE *old = job->old != NULL ? job->old->stream : NULL;
  int is_named = job->options->output != NULL || strcmp (job->path, "-") == 0;
  return (is_named ? output_open : output_create) (output, job->path, job->trace.stream, old);
}

/* Write the output, and say so unless the output itself is standard output.  The exit status.  */
static int write_output (const struct job *job) {
  const char *shown = job->path;
  struct output output;
  int is_printed, is_changed = 0;
  if (open_output (job, &output) != 0) return say ("%s: %s", shown, strerror (errno));
  if (output.stream == stdout) shown = "standard output";
  is_printed = output_file_same (output.stream, stdout);
  unfinished = &output;
  if (job->old != NULL)
    write_comparison (job, output.stream);
  else
    is_changed = write_format (job, output.stream) != 0;
  unfinished = NULL;
  if (is_changed) {
    output_drop (&output);
    return say ("%s: the trace changed while it was being read", job->trace.name);
  }
  if (output_close (&output) != 0) return say ("%s: %s", shown, strerror (errno));
  return is_printed ? STATUS_DONE : print_written (job->path);
}

/*---------------- The work -----------------------------*/

/* Store the path of the output: what the user has named, else a page beside the trace.  0, or the
   exit status after a line that says why not.  */
static int choose_path (struct job *job) {
  const struct options *options = job->options;
  const char *path = options->output != NULL ? options->output : options->trace;
  const char *end = options->output != NULL || strcmp (path, "-") == 0 ? "" : ".html";
  int len = snprintf (job->path, sizeof (job->path), "%s%s", path, end);
  if (len >= 0 && (size_t) len < sizeof (job->path)) return STATUS_DONE;
  return say ("%s: %s", path, strerror (ENAMETOOLONG));
}

/* Refuse an output that would take the place of INPUT.  0, or the exit status after a line.  */
static int protect (const struct job *job, const struct input *input) {
  if (!output_is_file (job->path, input->stream)) return STATUS_DONE;
  return say ("%s: the output would replace the trace", input->name);
}

/* Read the older trace into OLD, NULL: there is none; then the other one; and write.  The exit
   status.  */
static int work (struct job *job, struct input *old) {
  int partial = job->options->partial, status = STATUS_DONE;
  if (old != NULL) status = protect (job, old);
  if (status == STATUS_DONE) status = protect (job, &job->trace);
  if (status == STATUS_DONE && old != NULL) status = read_input (old, partial);
  if (status == STATUS_DONE) status = read_input (&job->trace, partial);
  return status == STATUS_DONE ? write_output (job) : status;
}

/* The exit status.  */
static int report (const struct options *options) {
  static struct input old; /* too large for a stack */
  static struct job job;
  int status;
  job.options = options;
  if (options->old != NULL) job.old = &old;
  picture_init (&old.picture, report_alloc);
  picture_init (&job.trace.picture, report_alloc);
  status = choose_path (&job);
  if (status == STATUS_DONE && job.old != NULL) status = open_input (&old, options->old);
  if (status == STATUS_DONE) status = open_input (&job.trace, options->trace);
  if (status == STATUS_DONE) status = work (&job, job.old != NULL ? &old : NULL);
  if (job.trace.stream != NULL) fclose (job.trace.stream);
  if (old.stream != NULL) fclose (old.stream);
  picture_finish (&job.trace.picture);
  picture_finish (&old.picture);
  return status;
}

int main (int argc, char **argv) {
  struct options options;
  char error[ARGUMENTS_ERROR_MAX];
  (void) argc;
  output_file_begin ();
  report_at_no_memory (end_without_memory);
  if (options_read (&options, argv, error) != 0) {
    say ("%s (see --help)", error);
    return STATUS_USAGE;
  }
  if (options.help) return print_help ();
  if (options.version) return print_version ();
  return report (&options);
}
