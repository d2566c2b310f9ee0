/* Runs a function in a child process and reports how the child ended.  Without fork these functions
   skip the running test.  */
#ifndef MIR_TESTS_SUPPORT_CHILD_H
#define MIR_TESTS_SUPPORT_CHILD_H

#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

struct child_end {
  int status; /* exit status; -1: a signal ended the child */
  int signal; /* the signal; 0: the child exited */
};

/* Run FUNC in a child with default handlers for fault signals; its result is the exit status.
   TEXT, unless NULL, receives what the child prints to stderr, at most TEXT_SIZE - 1 bytes and a
   final 0.  */
struct child_end run_child (int (*func) (void), char *text, size_t text_size);
/* Allow this process no more address space.  0 on success, -1 on failure or where the system has no
   such limit.  */
int refuse_address_space (void);
/* Whether END is the effect of a trap instruction.  */
int is_trap (struct child_end end);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_CHILD_H */
