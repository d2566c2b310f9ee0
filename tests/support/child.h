/* A child process whose end is looked at.  Where there is no fork these leave the test as
   skipped.  */
#ifndef MIR_TESTS_SUPPORT_CHILD_H
#define MIR_TESTS_SUPPORT_CHILD_H

#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

struct child_end {
  int status; /* with which it has exited; -1: a signal ended it */
  int signal; /* 0: it has exited */
};

/* Run FUNC, whose result is its exit status, in a child with the system's own way of handling the
   signals of faults; what it prints to stderr in TEXT, unless that is NULL.  */
struct child_end run_child (int (*func) (void), char *text, size_t text_size);
/* Let this process have no more address space.  0, or -1 where that cannot be done.  */
int refuse_address_space (void);
/* Whether END is what a trap instruction does.  */
int is_trap (struct child_end end);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_CHILD_H */
