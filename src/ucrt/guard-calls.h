/* The system's heap functions, for blocks of ours and for others.  Any thread; each keeps the
   contract of the function that it stands for.  */

#ifndef MIR_UCRT_GUARD_CALLS_H
#define MIR_UCRT_GUARD_CALLS_H

#include <stddef.h> /* size_t, wchar_t */

/* One function of one DLL.  */
struct ucrt_guarded {
  const wchar_t *dll;
  const char *name;
  void *guard;     /* the function that takes both kinds of blocks */
  void **original; /* where the guard keeps the address it calls; NULL: it is an import of ours */
};

extern const struct ucrt_guarded ucrt_guarded[];
extern const size_t ucrt_guarded_num;

#endif
