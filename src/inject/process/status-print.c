/* Prints a status as text and as JSON.  */
#include "inject/process/status.h"

#include <inttypes.h>

#include "text/utf8.h"

/* What a state means, to be printed behind its name.  */
static const char *meaning_of (uint32_t state) {
  static const char *const meanings[] = {
      [MIR_UCRT_STARTING] = ": the start-up of the DLL has not finished",
      [MIR_UCRT_ACTIVE] = "",
      [MIR_UCRT_WAITING] =
          ": no C runtime to take over yet; one that is loaded later will be taken over",
      [MIR_UCRT_DISABLED] = " by the environment",
      [MIR_UCRT_REFUSED] = ": nothing was changed",
      [MIR_UCRT_FAILED] = ": everything that was changed is undone"};
  return state < sizeof (meanings) / sizeof (*meanings) ? meanings[state] : "";
}

/* Names by MIR_ucrt_function_state_t, then by MIR_ucrt_test_t; a newer DLL may have others.  */
static const char *function_state_of (uint32_t state) {
  static const char *const names[] = {"absent", "taken", "alias", "reached", "left"};
  return state < sizeof (names) / sizeof (*names) ? names[state] : "unknown";
}

static const char *test_name_of (uint32_t test) {
  static const char *const names[] = {"untested", "passed", "wrong"};
  return test < sizeof (names) / sizeof (*names) ? names[test] : "unknown";
}

static void print_crts (FILE *out, const MIR_ucrt_status_t *status) {
  for (uint32_t i = 0; i < status->crts_num; i++) {
    const MIR_ucrt_crt_t *crt = &status->crts[i];
    fprintf (out, "C runtime    %s at 0x%" PRIx64 ", %s", crt->name, crt->base,
             status_state_name (crt->state));
    if (crt->state == MIR_UCRT_ACTIVE)
      fputs (crt->late ? ", taken over late" : ", from its start", out);
    if (crt->retries != 0)
      fprintf (out, " at try %" PRIu32, crt->retries + (crt->retries < UINT32_MAX));
    if (crt->reason[0] != 0) fprintf (out, ": %s", crt->reason);
    fputc ('\n', out);
  }
}

/* With ALL a line for each function; otherwise only what is wrong.  */
static void print_functions (FILE *out, const MIR_ucrt_status_t *status,
                             const struct status_view *view, int all) {
  if (all && status->functions_num != 0)
    fprintf (out, "\n%-32s %-10s %-12s %-9s %20s\n", "function", "state", "entry", "test", "calls");
  for (uint32_t i = 0; i < status->functions_num; i++) {
    const MIR_ucrt_function_t *function = &status->functions[i];
    int taken = function->state == MIR_UCRT_TAKEN, lost = taken && !view->intact[i];
    if (all) {
      fprintf (out, "%-32s %-10s %-12s %-9s ", function->name, function_state_of (function->state),
               !taken ? "-"
               : lost ? "OVERWRITTEN"
                      : "intact",
               taken ? test_name_of (function->test) : "-");
      if (status->counting && taken)
        fprintf (out, "%20" PRIu64 "\n", function->calls);
      else
        fprintf (out, "%20s\n", "-");
    } else if (lost || function->test == MIR_UCRT_WRONG) {
      fprintf (out, "%s %s\n", lost ? "overwritten " : "wrong result", function->name);
    }
  }
}

static void print_sums (FILE *out, const MIR_ucrt_status_t *status,
                        const struct status_view *view) {
  MIR_ucrt_counters_t sum = status_counters (status);
  uint64_t calls = 0;
  unsigned tested = 0, taken = status_functions_in (status, MIR_UCRT_TAKEN);
  for (uint32_t i = 0; i < status->functions_num; i++) {
    calls += status->functions[i].calls;
    tested += status->functions[i].test != MIR_UCRT_UNTESTED;
  }
  fprintf (out,
           "functions    %u taken over, %u aliases, %u reached through others, %u left alone, %u "
           "absent\n",
           taken, status_functions_in (status, MIR_UCRT_ALIAS),
           status_functions_in (status, MIR_UCRT_REACHED),
           status_functions_in (status, MIR_UCRT_LEFT),
           status_functions_in (status, MIR_UCRT_ABSENT));
  fprintf (out, "entries      %u of %u intact\n", taken - status_overwritten (status, view), taken);
  fprintf (out, "tests        %u of %u right\n", tested - status_wrong (status), tested);
  if (status->counting) fprintf (out, "calls        %" PRIu64 "\n", calls);
  fprintf (out,
           "foreign      %" PRIu64 " migrated (%" PRIu64 " bytes), %" PRIu64 " freed, %" PRIu64
           " sized, %" PRIu64 " kept in place\n",
           sum.migrated, sum.migrated_bytes, sum.foreign_freed, sum.foreign_sized, sum.kept);
}

void status_print (FILE *out, const MIR_ucrt_status_t *status, const struct status_view *view,
                   int all) {
  fprintf (out, "process      %" PRIu32 ", %" PRIu32 " bits\n", view->process, status->bits);
  fprintf (out, "DLL          %s at 0x%" PRIx64 ", mimalloc %" PRIu32, view->dll, view->base,
           status->mimalloc_version);
  fputs (status->exact ? ", exact sizes\n" : "\n", out);
  fprintf (out, "state        %s%s", status_state_name (status->state), meaning_of (status->state));
  if (status->reason[0] != 0) fprintf (out, ": %s", status->reason);
  fputc ('\n', out);
  if (view->copies > 1 || status->loaded_twice != 0)
    fprintf (out, "copies       %" PRIu32 " in the process, %" PRIu32 " stood back\n", view->copies,
             status->loaded_twice);
  print_crts (out, status);
  if (status->crts_num != 0) print_sums (out, status, view);
  print_functions (out, status, view, all);
}

/* One member of the object, an array.  */
static void json_crts (FILE *out, const MIR_ucrt_status_t *status) {
  fputs ("  \"crts\": [", out);
  for (uint32_t i = 0; i < status->crts_num; i++) {
    const MIR_ucrt_crt_t *crt = &status->crts[i];
    fputs (i == 0 ? "\n    {\"name\": " : ",\n    {\"name\": ", out);
    utf8_print_json (out, crt->name);
    fprintf (out,
             ", \"base\": \"0x%" PRIx64 "\", \"heap\": \"0x%" PRIx64 "\", \"size\": %" PRIu32
             ", \"state\": \"%s\", \"late\": %s, \"retries\": %" PRIu32 ", \"reason\": ",
             crt->base, crt->heap, crt->size, status_state_name (crt->state),
             crt->late ? "true" : "false", crt->retries);
    utf8_print_json (out, crt->reason);
    fputc ('}', out);
  }
  fputs ("],\n", out);
}

static void json_functions (FILE *out, const MIR_ucrt_status_t *status,
                            const struct status_view *view) {
  fputs ("  \"functions\": [", out);
  for (uint32_t i = 0; i < status->functions_num; i++) {
    const MIR_ucrt_function_t *function = &status->functions[i];
    fputs (i == 0 ? "\n    {\"name\": " : ",\n    {\"name\": ", out);
    utf8_print_json (out, function->name);
    fprintf (out,
             ", \"crt\": %" PRIu32 ", \"state\": \"%s\", \"address\": \"0x%" PRIx64
             "\", \"target\": \"0x%" PRIx64
             "\", \"intact\": %s, \"test\": \"%s\", \"calls\": %" PRIu64 "}",
             function->crt, function_state_of (function->state), function->address,
             function->target, view->intact[i] ? "true" : "false", test_name_of (function->test),
             function->calls);
  }
  fputs ("]\n", out);
}

void status_print_json (FILE *out, const MIR_ucrt_status_t *status,
                        const struct status_view *view) {
  MIR_ucrt_counters_t sum = status_counters (status);
  fprintf (out,
           "{\n  \"process\": %" PRIu32 ",\n  \"bits\": %" PRIu32 ",\n  \"dll\": ", view->process,
           status->bits);
  utf8_print_json (out, view->dll);
  fprintf (out,
           ",\n  \"base\": \"0x%" PRIx64 "\",\n  \"state\": \"%s\",\n  \"reason\": ", view->base,
           status_state_name (status->state));
  utf8_print_json (out, status->reason);
  fprintf (out,
           ",\n  \"ok\": %s,\n  \"mimalloc_version\": %" PRIu32
           ",\n  \"counting\": %s,\n  \"exact\": %s,\n  \"copies\": %" PRIu32
           ",\n  \"loaded_twice\": %" PRIu32 ",\n",
           status_verdict (status, view) == 0 ? "true" : "false", status->mimalloc_version,
           status->counting ? "true" : "false", status->exact ? "true" : "false", view->copies,
           status->loaded_twice);
  fprintf (out,
           "  \"migrated\": %" PRIu64 ",\n  \"migrated_bytes\": %" PRIu64
           ",\n  \"foreign_freed\": %" PRIu64 ",\n  \"foreign_sized\": %" PRIu64
           ",\n  \"kept\": %" PRIu64 ",\n",
           sum.migrated, sum.migrated_bytes, sum.foreign_freed, sum.foreign_sized, sum.kept);
  json_crts (out, status);
  json_functions (out, status, view);
  fputs ("}\n", out);
}
