/* Explains errors of Windows in words.  Built on every system, so that tests need no Windows.  Any
   thread.  */

#ifndef MIR_INJECT_PROCESS_REASON_H
#define MIR_INJECT_PROCESS_REASON_H

#include <stdint.h>

enum { REASON_MAX = 400 }; /* bytes of the text of a cause, with its 0 */

/* What prevents loading a DLL into a process; 0 also if it is not known.  */
struct process_facts {
  int is_protected;    /* an anti-malware, system or media process */
  int app_container;   /* a packaged (Store) app, or the sandbox of a browser */
  int microsoft_only;  /* loads only DLLs that Microsoft signed */
  int no_dynamic_code; /* arbitrary code guard (ACG): no page becomes executable */
};

/* Why a DLL cannot be loaded into a process with these facts; NULL if nothing forbids it.  */
const char *reason_of_facts (const struct process_facts *facts);

/* Why loading the DLL failed with ERROR; NULL if there is no better text than the number.  */
const char *reason_of_load_error (uint32_t error);

/* Why opening or creating a process failed with ERROR; NULL if there is no better text than the
   number.  */
const char *reason_of_open_error (uint32_t error);

/* Why the loader ended a process with STATUS at its start; NULL if STATUS is none of the
   loader's.  */
const char *reason_of_exit_status (uint32_t status);

#endif
