/* Finds mir-ucrt.dll in the target and reads its status.  Windows only.  The status is not trusted;
   threads as in remote.h.  */

#ifndef MIR_INJECT_PROCESS_PRESENCE_H
#define MIR_INJECT_PROCESS_PRESENCE_H

#include "inject/process/remote.h"
#include "inject/process/status.h"

enum dll_presence {
  DLL_ABSENT,     /* no image has the status section; WRONG says why, as far as that is known */
  DLL_UNSEEN,     /* none was found, but not all images could be examined, for the reason WRONG */
  DLL_UNREADABLE, /* an image has the section, but its status is not valid, for the reason WRONG */
  DLL_PRESENT
};

struct presence {
  MIR_ucrt_status_t status; /* valid if DLL_PRESENT */
  struct status_view view;
  const char *wrong; /* a static text; NULL: nothing */
  char file[1024];   /* view.dll */
};

/* Look for the section in every image.  Of several copies the active one counts, else the first
   readable one.  Follows the entries of the functions to fill view.intact.  */
enum dll_presence presence_look (const struct remote *remote, struct presence *presence);

/* As presence_look, for the image at BASE alone.  */
enum dll_presence presence_at (const struct remote *remote, uint64_t base,
                               struct presence *presence);

/* The exit status of `check` for these results.  FOUND is not DLL_UNSEEN, which callers report as a
   failure.  */
int presence_verdict (enum dll_presence found, const struct presence *presence);

/* Print the result on standard output; ALL: with every function.  */
void presence_print (const struct remote *remote, enum dll_presence found,
                     const struct presence *presence, int json, int all);

/* Print the JSON object for a process that could not be examined or did not get the DLL.  */
void presence_print_failure (unsigned long id, const char *cause);

/* Log "cannot VERB process ID: CAUSE" and, if JSON, print the object.  Returns PROCESS_UNKNOWN.  */
int presence_fail (int json, const char *verb, unsigned long id, const char *cause);

#endif
