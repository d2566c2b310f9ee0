/* In which folders the loader searches for the DLLs that an image imports.  edit.h has the words.

   load flags  DependentLoadFlags of the load configuration, which the linker's /DEPENDENTLOADFLAG
               sets: those of LoadLibraryEx, for the image's own imports  */

#ifndef MIR_INJECT_EDIT_SEARCH_H
#define MIR_INJECT_EDIT_SEARCH_H

#include "inject/edit/plan.h"

/* Whether the folder of the program is among them.  Reads only; any thread.  */
int edit_searches_folder (const struct pe *pe);
/* Add the folder of the program to the load flags, if they leave it out, as a patch of PLAN: an
   import beside the program would not be found, and the program not start.  Returns 1 if there is a
   patch, 0 if it needs none, -1 if it does not fit.  */
int edit_widen_search (struct plan *plan, const struct pe *pe);

#endif
