/* What a driver says of its library, and does with it: one small program a library.

   guest     a library that takes its memory from its host
   driver    ordinary work with it, by which observe.c sees what it asks for, and the tests whether
             its adapter serves it  */
#ifndef MIR_ADAPTERS_GUESTS_GUEST_H
#define MIR_ADAPTERS_GUESTS_GUEST_H

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

enum guest_result {
  GUEST_RIGHT,     /* the work is done, the results are right, everything was freed */
  GUEST_NO_MEMORY, /* the library said that there is no memory, or less exactly that it failed */
  GUEST_WRONG      /* anything else */
};

/* What becomes of the library when it is refused memory once, at any point of the work.  */
enum guest_refusals {
  GUEST_FAILS_CLEANLY, /* an error each time, nothing lost, nothing wrong */
  GUEST_RECOVERS,      /* an error, or the work is done all the same: garbage was collected, say */
  GUEST_GOES_ON,    /* it survives, but may report nothing, leave something out or lose a block */
  GUEST_NOT_ALWAYS, /* some points it does not survive, or loses blocks at */
  GUEST_ENDS        /* its manual says that it ends the process */
};

struct guest {
  const char *name; /* and what it does, if that matters: "zstd, level 3" */
  /* Do the work on ALLOC by the library's adapter; ALLOC NULL: on the recorder's own functions.
     Runs once in a process.  */
  enum guest_result (*run) (MIR_alloc_t alloc);
  enum guest_refusals refusals;
  unsigned points;     /* at which it is refused memory, if not 300: its work takes long */
  int keeps_blocks;    /* some are live after everything was ended: CPython */
  unsigned own_blocks; /* that the adapter takes for itself: one of a sized's */
  int varies; /* the number of its calls is not the same in each run: threads, time, random keys,
                 settings of the system */
};

/* The driver's own: the version of the library that runs, and its work, ended by a NULL name.  */
extern const char *guest_version (void); /* "": it does not tell */
extern const struct guest guests[];

#ifdef __cplusplus
}
#endif

#endif /* MIR_ADAPTERS_GUESTS_GUEST_H */
