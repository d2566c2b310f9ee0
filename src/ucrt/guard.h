/* Blocks of ours which other modules hand to the system's own heap functions.

   With the UCRT a block of malloc is a block of the process's heap, and some programs know: they
   free it with HeapFree or LocalFree (Windows 11's own shell32 did for a time).  With
   MIR_UCRT_GUARD=1 the imports of those functions, in every module but this one, lead to functions
   which look whose block it is.  What a module finds with GetProcAddress, or loads with a delay,
   goes past them.  */

#ifndef MIR_UCRT_GUARD_H
#define MIR_UCRT_GUARD_H

#include <stddef.h>

/* Lead all modules which are loaded, and those which are loaded later, to the functions.  */
void ucrt_guard (void);

struct ucrt_guarded {
  const wchar_t *dll;
  const char *name;
  void *guard;
  void **original; /* where the guard has it, if it is not our own import; else NULL */
};

extern const struct ucrt_guarded ucrt_guarded[];
extern const size_t ucrt_guarded_num;

#endif
