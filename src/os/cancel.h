/* Holds thread cancellation off where a thread may not be left: while it has a lock, a descriptor,
   or memory that nothing else knows.  A pending request acts later, at the next cancellation point
   of the program.  Any thread.  Deferred cancellation only: a thread that can be cancelled
   asynchronously may not call this library (POSIX.1-2017, 2.9.5.4).  */
#ifndef MIR_OS_CANCEL_H
#define MIR_OS_CANCEL_H

/* Hold cancellation off until mir_os_let_cancel is called with the result.  Nests.  Costs a few
   instructions, no system call; errno stays.  */
int mir_os_hold_cancel (void);
void mir_os_let_cancel (int held);

#endif /* MIR_OS_CANCEL_H */
