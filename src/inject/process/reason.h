/* Why something could not be done to a process, in words.  The same on every system, so that it can
   be tested on any.  Any thread.  */

#ifndef MIR_INJECT_PROCESS_REASON_H
#define MIR_INJECT_PROCESS_REASON_H

#include <stdint.h>

enum { REASON_MAX = 400 }; /* bytes of a text, with its 0 */

/* What is known of a process before anything is done to it; 0 where it is not known.  */
struct process_facts {
  int is_protected;    /* anti-malware, system or media process */
  int app_container;   /* a packaged (Store) app or a browser's sandbox */
  int microsoft_only;  /* loads only DLLs which Microsoft signed */
  int no_dynamic_code; /* arbitrary code guard: no page becomes executable */
};

/* Why the DLL cannot be loaded into a process like this; NULL if nothing speaks against it.  */
const char *reason_of_facts (const struct process_facts *facts);

/* The Windows error ERROR of an attempt to load DLL, in a phrase; NULL for those that say nothing
   to anyone.  */
const char *reason_of_load_error (uint32_t error);

/* The Windows error ERROR of opening or creating a process.  NULL as above.  */
const char *reason_of_open_error (uint32_t error);

/* What an exit status of a process says of its start, where it is one of the loader's; NULL
   otherwise.  */
const char *reason_of_exit_status (uint32_t status);

#endif
