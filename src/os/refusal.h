/* Why the system refused a mapping: which limit of the process is in the way.  Any thread.  */
#ifndef MIR_OS_REFUSAL_H
#define MIR_OS_REFUSAL_H

#include <stddef.h> /* size_t */

enum mir_refusal {
  MIR_REFUSED_OTHERWISE, /* none of these: the error says why */
  MIR_REFUSED_ADDRESSES, /* a limit on address space, or none is free */
  MIR_REFUSED_LOCKING,   /* new memory must be locked, and no more may be */
  MIR_REFUSED_MAPPINGS,  /* no more mappings */
  MIR_REFUSED_BY_SELINUX /* Linux: its policy forbids executable memory, so it seems */
};

/* The cause of the last refused call in this thread, whose error mir_os_error returns, if that call
   wanted LEN bytes of addresses or to change the protection of some.  To be called at once: it tries
   what the limits forbid, and other threads may use or free something meanwhile.  A limit is named
   only if it is reached, so an error that is not of that call does little harm.  The error stays as
   it was.  */
enum mir_refusal mir_os_refusal (size_t len);
/* Whether ERROR will be the answer again: the system has no such call or forbids it.  0: something
   was used up, and may come back.  */
int mir_os_is_lasting (int error);

#endif /* MIR_OS_REFUSAL_H */
