/* Prints import tables as text and as JSON.  */
#include "inject/list.h"

#include "inject/pe/imports.h"

/* Print the functions of descriptor D.  0, or -1 with the reason in ERROR.  */
static int list_functions (struct report *report, const struct pe *pe,
                           const struct pe_descriptor *d, struct pe_error *error) {
  uint32_t table = pe_lookup_table (pe, d);
  struct pe_function function;
  int found = 1;
  report_open (report, "names", '[');
  for (unsigned i = 0; (found = pe_function (pe, table, i, &function)) == 1; i++) {
    if (function.by_ordinal) {
      report_line (report, "        #%u", function.ordinal);
      report_number (report, NULL, function.ordinal);
    } else {
      report_line (report, "        %s", report_clean (function.name));
      report_text (report, NULL, function.name);
    }
  }
  report_close (report, ']');
  if (found < 0) pe_fail (error, "damaged import table (names of functions)");
  return found;
}

/* Print the table that GET reads, as FIELD of the JSON.  0, or -1 with the reason in ERROR.  */
static int list_table (struct report *report, const struct pe *pe, const char *field,
                       int (*get) (const struct pe *, unsigned, struct pe_descriptor *),
                       struct pe_error *error) {
  struct pe_descriptor d;
  char name[PE_NAME_MAX];
  int found, status = 0;
  long total = 0;
  report_open (report, field, '[');
  for (unsigned i = 0; status == 0 && (found = get (pe, i, &d)) != 0; i++) {
    long functions = -1;
    if (found == 1 && pe_string (pe, d.name, name, sizeof (name)) == 0)
      functions = pe_functions_num (pe, pe_lookup_table (pe, &d));
    if (functions < 0 || (total += functions) > PE_FUNCTIONS_MAX) {
      status = pe_fail (error, "damaged import table (module %u)", i);
      break;
    }
    report_line (report, " %3u: %s", i, report_clean (name));
    report_open (report, NULL, '{');
    report_text (report, "name", name);
    report_number (report, "functions", functions);
    if (report->verbose) status = list_functions (report, pe, &d, error);
    report_close (report, '}');
  }
  report_close (report, ']');
  return status;
}

/* The number of delay-loaded DLLs; -1 if their table is damaged.  */
static int delayed_num (const struct pe *pe) {
  struct pe_descriptor d;
  int found, n = 0;
  while ((found = pe_delay_descriptor (pe, (unsigned) n, &d)) == 1) n++;
  return found == 0 ? n : -1;
}

int inject_list_imports (struct report *report, const struct pe *pe, const char *title,
                         struct pe_error *error) {
  int n = pe_imports_num (pe), delayed = delayed_num (pe);
  if (n < 0 || delayed < 0)
    return pe_fail (error, "damaged import table%s", n < 0 ? "" : " (of delayed modules)");
  report_line (report, "%s (%d):", title, n);
  if (list_table (report, pe, "imports", pe_descriptor, error) != 0) return -1;
  if (delayed > 0) report_line (report, "delayed modules (%d):", delayed);
  if (list_table (report, pe, "delay_imports", pe_delay_descriptor, error) != 0) return -1;
  report_line (report, "%s", "");
  return 0;
}
