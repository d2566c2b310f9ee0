/* Prints, in one line, the back end that the library takes on this system at each level of protection, and where there is
   none, what it says of the last one that it tried.  */
#include "mir-code.h"

#include <stdio.h>

static const struct {
  const char *name;
  MIR_code_protection_t protection;
} levels[] = {
    {"open alias", MIR_CODE_OPEN_ALIAS},
    {"closed alias", MIR_CODE_CLOSED_ALIAS},
    {"no alias", MIR_CODE_NO_ALIAS},
    {"sealed", MIR_CODE_SEALED},
};

int main (void) {
  int has_default = 0;
  for (size_t i = 0; i < sizeof (levels) / sizeof (levels[0]); i++) {
    MIR_code_options_t options = {.size = sizeof (options), .protection = levels[i].protection};
    MIR_code_report_t report = {.size = sizeof (report)};
    MIR_code_status_t status = MIR_code_probe (&options, &report);
    printf ("%s%s %s", i == 0 ? "" : ", ", levels[i].name,
            status == MIR_CODE_OK ? report.backend : "none");
    if (i == 0) has_default = status == MIR_CODE_OK;
    for (size_t v = report.verdicts_num; status != MIR_CODE_OK && v-- > 0;) {
      if (report.verdicts[v].error == 0) continue;
      printf (" (%s: %s)", report.verdicts[v].backend, report.verdicts[v].reason);
      break;
    }
  }
  puts ("");
  return !has_default;
}
