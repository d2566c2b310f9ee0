/* Injects into a file or ejects from it: plan, write, check, replace.  */
#include "inject/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/crt.h"
#include "inject/edit/edit.h"
#include "inject/file.h"
#include "inject/list.h"
#include "inject/pe/imports.h"

/* One file that is edited.  inject_apply allocates it and frees all that it has.  */
struct job {
  struct report *report;
  const struct options *options;
  const char *path; /* as the user named it */
  struct edit_request request;
  char symbol[PE_NAME_MAX];
  char target[INJECT_PATH_MAX];
  char backup[INJECT_PATH_MAX]; /* "": none */
  int replaces;                 /* TARGET exists and may be replaced */
  struct inject_file file;
  struct pe pe;
  struct edit edit;
};

/* Choose the function to import: one that the DLL exports, if the DLL is beside the program;
   otherwise mi_version for DLLs that have it by name, else ordinal 1.  */
static void choose_symbol (struct job *job) {
  char found[INJECT_PATH_MAX];
  struct pe_error ignored = {0};
  struct inject_file file;
  struct pe dll;
  uint32_t rva;
  const char *name = job->options->dll_name;
  job->request.symbol = job->options->symbol;
  if (job->request.symbol != NULL) return;
  job->request.ordinal = 1;
  int is_ours = strncmp (name, "mir-ucrt", 8) == 0 || strncmp (name, "mimalloc", 8) == 0;
  if (is_ours) strcpy (job->symbol, "mi_version");
  if (inject_file_beside (job->path, name, found, sizeof (found)) == 0
      && inject_file_open (&file, found, &ignored) == 0) {
    if (pe_open (&dll, file.bytes, file.size, PE_FILE, &ignored) == 0
        && pe_find_export (&dll, "mi_version", &rva) != 0
        && pe_first_export (&dll, job->symbol, sizeof (job->symbol)) != 0)
      job->symbol[0] = 0;
    inject_file_close (&file);
  }
  if (job->symbol[0] != 0 && strlen (job->symbol) < 256) job->request.symbol = job->symbol;
}

/* Fail if the file, or the result, is the DLL to add: a DLL that imports itself does not load.  The
   name in the export table finds a DLL that was renamed.  0, or -1 with the reason in ERROR.  */
static int check_is_not_dll (const struct job *job, struct pe_error *error) {
  char exported[PE_NAME_MAX];
  const char *dll = job->options->dll_name;
  if (pe_name_is (inject_file_name_of (job->path), dll)
      || (pe_export_name (&job->pe, exported, sizeof (exported)) == 0 && pe_name_is (exported, dll))
      || (job->options->inplace && pe_name_is (inject_file_name_of (job->target), dll)))
    return pe_fail (error, "this is the DLL itself");
  if (pe_name_is (inject_file_name_of (job->target), dll))
    return pe_fail (error, "the result would have the name of the DLL: %s",
                    inject_file_shown (job->target));
  return 0;
}

/* Check the result N of snprintf into SIZE bytes.  0, or -1 with the reason in ERROR.  */
static int fits (int n, size_t size, struct pe_error *error) {
  if (n >= 0 && (size_t) n < size) return 0;
  return pe_fail (error, "the path is too long");
}

/* Set target and backup: NAME-mi.exe beside NAME.exe.  In place the target is known already.  */
static int choose_target (struct job *job, struct pe_error *error) {
  const struct options *options = job->options;
  if (options->inplace) {
    if (options->no_backup) return 0;
    return fits (snprintf (job->backup, sizeof (job->backup), "%s.bak", job->target),
                 sizeof (job->backup), error);
  }
  if (options->output != NULL)
    return fits (snprintf (job->target, sizeof (job->target), "%s", options->output),
                 sizeof (job->target), error);
  const char *name = inject_file_name_of (job->path), *dot = strrchr (name, '.');
  size_t stem = dot != NULL && dot != name ? (size_t) (dot - job->path) : strlen (job->path);
  return fits (snprintf (job->target, sizeof (job->target), "%.*s%s%s", (int) stem, job->path,
                         options->eject ? "-ejected" : "-mi", job->path + stem),
               sizeof (job->target), error);
}

/* Ask the user: 1 yes, 0 no, -1 standard input is no terminal.  */
static int ask (const char *question) {
  char answer[16];
  if (!inject_file_is_terminal ()) return -1;
  fputs (question, stderr);
  return fgets (answer, sizeof (answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Ask the user about files that would be overwritten; a file that appears later is never
   overwritten.  Returns 1: write; 0: the user said no; -1 with the reason in ERROR.  */
static int may_write (struct job *job, struct pe_error *error) {
  const char *in_the_way = NULL;
  char question[INJECT_PATH_MAX + 128];
  if (inject_file_is_special (job->target))
    return pe_fail (error, "not a file: %s", inject_file_shown (job->target));
  job->replaces = inject_file_exists (job->target);
  if (job->options->force || job->options->dry_run) return 1;
  if (!job->options->inplace && job->replaces) in_the_way = job->target;
  if (job->options->inplace && job->backup[0] != 0 && inject_file_exists (job->backup))
    in_the_way = job->backup;
  if (in_the_way == NULL) return 1;
  snprintf (question, sizeof (question), "'%s' exists. Overwrite it? [yN] ", in_the_way);
  int answer = job->report->json ? -1 : ask (question);
  if (answer < 0)
    pe_fail (error, "'%s' exists already (use --force)", inject_file_shown (in_the_way));
  return answer;
}

static void warn_of_appended (struct job *job) {
  const char *name = job->edit.appended, *why = job->edit.appended_why;
  if ((job->edit.notes & EDIT_TAIL_MOVED) != 0)
    report_warning (
        job->report,
        "'%.150s' has data behind the image, which now begins at another offset%s%s%s%s", job->path,
        name != NULL ? ": " : "", name != NULL ? name : "", name != NULL ? ", " : "",
        name != NULL ? why : "");
  if ((job->edit.notes & EDIT_TAIL_STAYED) != 0)
    report_detail (job->report, "%s behind the image stays in place: %s", name, why);
}

/* Ours takes over the UCRT.  A program of both runtimes has it at least for a part.  */
static void warn_of_runtime (struct job *job) {
  char name[PE_NAME_MAX], old[PE_NAME_MAX] = "";
  struct pe_descriptor d;
  if (strncmp (job->options->dll_name, "mir-ucrt", 8) != 0) return;
  for (unsigned i = 0; pe_import (&job->pe, i, &d, name) == 1; i++) {
    if (crt_is_old (name))
      memcpy (old, name, sizeof (old));
    else if (crt_is (name))
      return;
  }
  if (old[0] != 0)
    report_warning (
        job->report,
        "'%.150s' is linked with '%.60s', which '%.60s' only takes over if the variable "
        "MIR_UCRT_CRTS names it",
        job->path, old, job->options->dll_name);
}

/* Warn about what the user may not expect of the result.  */
static void warn (struct job *job) {
  static const struct {
    unsigned note;
    const char *text;
  } notes[] = {
      {.note = EDIT_CERTIFICATE_DROPPED,
       .text = "was signed: the signature is not valid for the result and was removed"},
      {.note = EDIT_SEARCH_WIDENED,
       .text = "took no DLLs from its own folder, and now looks there first"},
      {.note = EDIT_INTEGRITY_CLEARED,
       .text = "demanded that Windows checks its signature, and no longer does"},
      {.note = EDIT_BOUND_CLEARED, .text = "had bound imports, which were cleared"},
      {.note = EDIT_SECTION_LEFT,
       .text = "was changed since the DLL was injected: only its import table is restored, the "
               "section of the injection stays"},
  };
  for (size_t i = 0; i < sizeof (notes) / sizeof (notes[0]); i++)
    if ((job->edit.notes & notes[i].note) != 0)
      report_warning (job->report, "'%.150s' %s", job->path, notes[i].text);
  if (job->options->eject) return;
  warn_of_appended (job);
  warn_of_runtime (job);
  if (job->pe.machine == PE_ARM64EC || job->pe.machine == PE_ARM64X)
    report_warning (job->report, "'%.150s' has hybrid code (%s), for which this was never tested",
                    job->path, pe_machine_name (job->pe.machine));
  if (pe_directory (&job->pe, PE_CLR).rva != 0)
    report_warning (job->report,
                    "'%.150s' is a .NET program: its loader may not look at the import table",
                    job->path);
  if (job->file.names > 1 && job->options->inplace)
    report_warning (job->report, "'%.150s' has other hard links, which keep the old file",
                    job->path);
}

/* Plan the edit.  0, or -1 with the reason in ERROR.  */
static int plan (struct job *job, struct pe_error *error) {
  const struct options *options = job->options;
  if (options->eject) return edit_eject (&job->edit, &job->pe, &job->request, error);
  if (check_is_not_dll (job, error) != 0) return -1;
  choose_symbol (job);
  if (edit_inject (&job->edit, &job->pe, &job->request, error) != 0) return -1;
  if ((job->edit.notes & EDIT_ADDED) == 0)
    report_detail (job->report, "module '%s' is already imported", options->dll_name);
  else if (job->request.symbol != NULL)
    report_detail (job->report, "inject '%s' (function %s)", options->dll_name,
                   report_clean (job->request.symbol));
  else
    report_detail (job->report, "inject '%s' (function #%u)", options->dll_name,
                   job->request.ordinal);
  return 0;
}

/* Check the bytes of the result, before the new file gets its name.  */
static int check_result (struct job *job, const uint8_t *bytes, size_t size,
                         struct pe_error *error) {
  struct pe result;
  if (pe_open (&result, bytes, size, PE_FILE, error) != 0) return -1;
  if (job->edit.changed
      && edit_check (&job->pe, &result, &job->request, job->options->eject, error) != 0)
    return -1;
  if (!job->report->json && !job->report->verbose) return 0;
  struct report quiet = *job->report;
  quiet.verbose = 0; /* do not list functions */
  int status = inject_list_imports (
      &quiet, &result, job->edit.changed ? "new module order" : "module order unchanged", error);
  job->report->fields = quiet.fields;
  return status;
}

/* Check the result without a file.  0, or -1 with the reason in ERROR.  */
static int dry_run (struct job *job, struct pe_error *error) {
  uint8_t *bytes = edit_flatten (&job->edit);
  if (bytes == NULL) return pe_fail (error, "out of memory");
  int status = check_result (job, bytes, (size_t) job->edit.size, error);
  free (bytes);
  return status;
}

/* Write the result to a new file that does not have its final name yet, and check it.  Returns 0, or
   -1 with the new file removed.  */
static int write_checked (struct job *job, struct inject_file_new *written,
                          struct pe_error *error) {
  struct inject_file result;
  if (inject_file_write (written, job->target, &job->file, job->options->inplace, &job->edit, error)
      != 0)
    return -1;
  int status = inject_file_read_back (written, &result, error);
  if (status == 0) {
    status = check_result (job, result.bytes, result.size, error);
    inject_file_close (&result);
  }
  if (status != 0) inject_file_abandon (written);
  return status;
}

static int write_result (struct job *job, struct pe_error *error) {
  struct inject_file_new written;
  if (write_checked (job, &written, error) != 0) return -1;
  return inject_file_commit (&written, &job->file, job->replaces,
                             job->backup[0] != 0 ? job->backup : NULL, error);
}

/* Write the result or, in a dry run, only check it.  An ejection that fails because of a forged
   record is planned again without the record.  */
static int finish (struct job *job, int writes, struct pe_error *error) {
  int status = writes ? write_result (job, error) : dry_run (job, error);
  if (status == 0 || !job->options->eject || job->request.distrust || job->file.bytes == NULL)
    return status;
  report_detail (job->report, "%s: trying again without the record of the injection", error->text);
  job->request.distrust = 1;
  edit_free (&job->edit);
  *error = (struct pe_error) {0};
  if (edit_eject (&job->edit, &job->pe, &job->request, error) != 0) return -1;
  return writes ? write_result (job, error) : dry_run (job, error);
}

/* Without the DLL the result does not start, and few loaders name the DLL that they miss.  */
static void say_what_is_missing (const struct job *job) {
  char found[INJECT_PATH_MAX];
  const char *dll = job->options->dll_name;
  if (inject_file_beside (job->target, dll, found, sizeof (found)) != 0)
    report_line (job->report,
                 "put '%s' for %s beside it: without the DLL the program does not start", dll,
                 pe_machine_name (job->pe.machine));
}

/* Say what was written, or would be.  */
static void say_done (struct job *job, int written) {
  const struct options *options = job->options;
  report_bool (job->report, "changed", job->edit.changed);
  if (written) report_text (job->report, "wrote", job->target);
  if (written && job->backup[0] != 0) report_text (job->report, "backup", job->backup);
  if (!written && options->inplace && !job->edit.changed) {
    report_line (job->report, "no changes: '%s' stays as it is", job->path);
    return;
  }
  const char *verb = written ? "wrote" : "would write", *what = "with new import order";
  if (!job->edit.changed) what = "with the same import order";
  if (options->eject)
    what = job->edit.changed ? "without the module" : "unchanged: the module is not imported";
  report_line (job->report, "%s '%s' %s%s%s%s", verb, job->target, what,
               (job->edit.notes & EDIT_SAME_AS_BEFORE) != 0 ? ", identical to the original" : "",
               written && job->backup[0] != 0 ? "; the old file is kept as " : "",
               written && job->backup[0] != 0 ? job->backup : "");
  if (written && !options->eject) say_what_is_missing (job);
}

/* Do the whole job.  0, or -1 with the reason in ERROR.  */
static int run (struct job *job, struct pe_error *error) {
  if ((job->options->inplace ? inject_file_open_in_place (&job->file, job->path, job->target,
                                                          sizeof (job->target), error)
                             : inject_file_open (&job->file, job->path, error))
      != 0)
    return -1;
  if (pe_open (&job->pe, job->file.bytes, job->file.size, PE_FILE, error) != 0) return -1;
  report_detail (job->report, "target architecture: %s", pe_machine_name (job->pe.machine));
  report_text (job->report, "machine", pe_machine_name (job->pe.machine));
  if (choose_target (job, error) != 0 || plan (job, error) != 0) return -1;
  int writes = !job->options->dry_run && (job->edit.changed || !job->options->inplace);
  int answer = writes ? may_write (job, error) : 1;
  if (answer < 0) return -1;
  if (answer == 0) {
    report_line (job->report, "no changes: '%s' stays as it is", job->path);
    return 0;
  }
  warn (job);
  if (finish (job, writes, error) != 0) return -1;
  say_done (job, writes);
  return 0;
}

int inject_apply (struct report *report, const struct options *options, const char *path,
                  struct pe_error *error) {
  struct job *job = calloc (1, sizeof (*job));
  if (job == NULL) return pe_fail (error, "out of memory");
  job->report = report;
  job->options = options;
  job->path = path;
  job->request = options->request;
  int status = run (job, error);
  edit_free (&job->edit);
  inject_file_close (&job->file);
  free (job);
  return status;
}
