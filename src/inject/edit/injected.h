/* Which DLL an earlier injection imports.  edit.h has the words.  Reads only; any thread.  */

#ifndef MIR_INJECT_EDIT_INJECTED_H
#define MIR_INJECT_EDIT_INJECTED_H

#include "inject/pe/imports.h" /* PE_NAME_MAX */

/* Set NAME to the name of the DLL whose thunks lie in EDIT_SECTION, with '?' for bytes that are not
   printable.  Returns 0, or -1 if there is none: NAME is then empty.  */
int edit_injected (const struct pe *pe, char name[PE_NAME_MAX]);

#endif
