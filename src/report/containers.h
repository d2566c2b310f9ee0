/* The typed containers of mir-report.  If memory runs out, the program ends as it ends for anything
   else that fails: report-alloc.h.

   In each source file the hooks must be defined before the first include of the containers.  So
   every file of this folder includes this header instead of mir-varr.h and mir-htab.h.  */
#ifndef MIR_REPORT_CONTAINERS_H
#define MIR_REPORT_CONTAINERS_H

#include "report/report-alloc.h"

#define MIR_VARR_ERROR(MESSAGE) ((void) (MESSAGE), report_no_memory ())
#define MIR_HTAB_ERROR(MESSAGE) ((void) (MESSAGE), report_no_memory ())
#include "mir-htab.h"
#include "mir-varr.h"

#endif /* MIR_REPORT_CONTAINERS_H */
