/* mir-ucrt.dll in another process: which copy counts, and what it says.  Windows only.  */

#ifndef INJECT_PRESENCE_H
#define INJECT_PRESENCE_H

#include "inject/process/remote.h"
#include "inject/process/status.h"

typedef enum {
  DLL_ABSENT,     /* no image has its section */
  DLL_UNSEEN,     /* not all could be looked at, for the reason WRONG; none of the others has */
  DLL_UNREADABLE, /* one has, and WRONG says what is the matter with its status */
  DLL_PRESENT
} dll_presence_t;

typedef struct {
  MIR_ucrt_status_t status; /* accepted, if DLL_PRESENT */
  status_view_t view;
  const char *wrong;
  char file[1024]; /* view.dll */
} presence_t;

/* Look for the section in every image; of several copies the one that is active, else the first
   that can be read.  The entries of the functions are followed.  */
dll_presence_t presence_look (const remote_t *remote, presence_t *presence);

/* The same for the one image at BASE.  */
dll_presence_t presence_at (const remote_t *remote, uint64_t base, presence_t *presence);

/* The two as exit statuses of `check`.  */
int presence_verdict (dll_presence_t found, const presence_t *presence);

/* Say it on standard output.  ALL: with every function.  */
void presence_print (const remote_t *remote, dll_presence_t found, const presence_t *presence,
                     int json, int all);

/* The object for a process that could not be looked at, or did not get the DLL, as JSON.  */
void presence_print_failure (unsigned long id, const char *cause);

#endif
