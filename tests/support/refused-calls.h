/* The system calls of the library, counted, followed and refused on demand: Linux only.

   A test that is linked with the option --wrap of ld(1) for each name in tests/code/meson.build gets
   the functions of refused-calls.c in place of the C library's.  While refusals are armed each call
   has a number, from 1 on.  All the time the mappings, descriptors and locks that the calls leave
   are followed, so that a leak shows without a look at /proc.  One thread at a time.  */
#ifndef MIR_TESTS_SUPPORT_REFUSED_CALLS_H
#define MIR_TESTS_SUPPORT_REFUSED_CALLS_H

#include <stddef.h> /* size_t */

/* What is refused.  */
struct refusal {
  long at;     /* the number of the call; 0: none */
  int forever; /* and all calls after it */
  int error;   /* errno */
  /* A call that can stop in the middle has done half of its work before it fails, or says so: a
     place is unmapped, half of the pages changed, half of the bytes written.  */
  int half;
};

/* Refuse calls from now on, and count from 0.  */
void calls_arm (const struct refusal *refusal);
/* Refuse and count nothing from now on.  */
void calls_disarm (void);
/* Go on with the last refusal and the last count.  */
void calls_rearm (void);
/* Since the last calls_arm: the calls, the refused ones, and the name of the first of these.  */
long calls_made (void);
long calls_refused (void);
const char *calls_first_refused (void);
/* Whether a call of NAME was ever made in this process, and not refused.  */
int calls_reached (const char *name);

/* What the library has now: mappings, but for sealed ones and those whose unmapping was refused each
   time; descriptors, locks.  */
size_t calls_live_mappings (void);
long calls_live_descriptors (void);
long calls_live_locks (void);
/* Forget all mappings: the next ones belong to a new space.  Forget also which calls were
   reached.  */
void calls_forget_mappings (void);
void calls_begin (void);
/* The mappings that are writable and executable; those that are shared and writable.  */
size_t calls_open_mappings (void);
size_t calls_writable_aliases (void);
/* Print the mappings that are counted as live.  */
void calls_print_mappings (void);

#endif /* MIR_TESTS_SUPPORT_REFUSED_CALLS_H */
