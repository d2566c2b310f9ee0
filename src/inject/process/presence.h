/* mir-ucrt.dll in another process: which copy counts, and what it says.  Windows only.  */

#ifndef MIR_INJECT_PROCESS_PRESENCE_H
#define MIR_INJECT_PROCESS_PRESENCE_H

#include "inject/process/remote.h"
#include "inject/process/status.h"

enum dll_presence {
  DLL_ABSENT,     /* no image has its section */
  DLL_UNSEEN,     /* not all could be looked at, for the reason WRONG; none of the others has */
  DLL_UNREADABLE, /* one has, and WRONG says what is the matter with its status */
  DLL_PRESENT
};

struct presence {
  MIR_ucrt_status_t status; /* accepted, if DLL_PRESENT */
  struct status_view view;
  const char *wrong;
  char file[1024]; /* view.dll */
};

/* Look for the section in every image; of several copies the one that is active, else the first
   that can be read.  The entries of the functions are followed.  */
enum dll_presence presence_look (const struct remote *remote, struct presence *presence);

/* The same for the one image at BASE.  */
enum dll_presence presence_at (const struct remote *remote, uint64_t base,
                               struct presence *presence);

/* The two as exit statuses of `check`.  */
int presence_verdict (enum dll_presence found, const struct presence *presence);

/* Say it on standard output.  ALL: with every function.  */
void presence_print (const struct remote *remote, enum dll_presence found,
                     const struct presence *presence, int json, int all);

/* The object for a process that could not be looked at, or did not get the DLL, as JSON.  */
void presence_print_failure (unsigned long id, const char *cause);

#endif
