/* The command mir-inject: puts a DLL into the import table of a program, or into a process.  One
   thread; options.h has the exit statuses.  */
#include <stdio.h>
#include <string.h>

#include "mir-alloc-api.h"
#include "inject/apply.h"
#include "inject/file.h"
#include "inject/list.h"
#include "inject/process/commands.h"
#include "inject/process/process-options.h"
#include "inject/verify.h"

/* List or verify the file at PATH.  An exit status, or -1 with the reason in ERROR.  */
static int look (struct report *report, const struct options *options, const char *path,
                 struct pe_error *error) {
  struct inject_file file;
  struct pe pe;
  if (inject_file_open (&file, path, error) != 0) return -1;
  int status = pe_open (&pe, file.bytes, file.size, PE_FILE, error);
  if (status == 0) {
    report_detail (report, "target architecture: %s", pe_machine_name (pe.machine));
    report_text (report, "machine", pe_machine_name (pe.machine));
    report_text (report, "format", pe.plus ? "PE32+" : "PE32");
    status = options->verify
                 ? inject_verify (report, &pe, path, options)
                 : inject_list_imports (report, &pe, "original imported modules", error);
  }
  inject_file_close (&file);
  return status;
}

/* Do what OPTIONS say with the file at PATH.  An exit status.  */
static int do_file (struct report *report, const struct options *options, const char *path) {
  struct pe_error error = {0}, shown = {0};
  report_file (report, path);
  report_detail (report, "reading '%s'", path);
  if (options->list && options->files_num > 1) report_line (report, "%s:", path);
  int status = options->list || options->verify ? look (report, options, path, &error)
                                                : inject_apply (report, options, path, &error);
  if (status < 0 && !error.names_file)
    pe_fail (&shown, "%s: %s", inject_file_shown (path),
             error.text[0] != 0 ? error.text : "failed");
  else
    shown = error;
  report_file_end (report, &shown);
  return status < 0 ? STATUS_FAILED : status;
}

static int do_files (const struct options *options) {
  struct report report;
  int status = STATUS_DONE;
  report_begin (&report, options->json, options->verbose);
  for (int i = 0; i < options->files_num; i++) {
    int one = do_file (&report, options, options->files[i]);
    if (one == STATUS_FAILED || status == STATUS_DONE) status = one;
  }
  report_end (&report);
  return status;
}

/* Look for --json before options_read, whose failure must print valid JSON too.  */
static int wants_json (int argc, char **argv) {
  for (int i = 1; i < argc && strcmp (argv[i], "--") != 0; i++)
    if (strcmp (argv[i], "--json") == 0) return 1;
  return 0;
}

int main (int argc, char **argv) {
  struct options options;
  struct pe_error error;
  argv = process_arguments (&argc, argv);
  if (argc > 1 && process_is_command (argv[1])) return process_main (argc - 1, argv + 1);
  if (argc > 1 && strcmp (argv[1], "inject") == 0) {
    argc--;
    argv++;
  }
  int status = STATUS_FAILED, json = wants_json (argc, argv); /* before ARGV is reordered */
  if (options_read (&options, argv, &error) != 0) {
    if (json) puts ("[]");
    fflush (stdout);
    fprintf (stderr, "mir-inject: %s (see --help)\n", report_clean (error.text));
    status = STATUS_USAGE;
  } else if (options.help) {
    options_help ();
    status = STATUS_DONE;
  } else if (options.version) {
    printf ("mir-inject %s\n", MIR_ALLOC_VERSION_STRING);
    status = STATUS_DONE;
  } else {
    status = do_files (&options);
  }
  options_free (&options);
  if (fflush (stdout) != 0 || ferror (stdout)) {
    fprintf (stderr, "mir-inject: unable to write to standard output\n");
    return STATUS_FAILED;
  }
  return status;
}
