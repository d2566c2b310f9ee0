/* What the library needs of the operating system.  One file per system implements it, os-SYSTEM.c;
   one file per CPU makes new code visible, icache-CPU.c.  The build picks the files.

   clean        make stores to code reach the place from which a CPU fetches instructions
   prefetched   instructions that a core has fetched already, and would execute although the code at
                their address has changed
   sync         make every core of this process drop what it has prefetched
   translation  what a program like valgrind runs in place of code (translations.h)
   reserve      take addresses without memory (reserve.h); commit gives memory to a part of them
   placeholder  Windows: reserved addresses that a view can replace in one step (views-windows.h)
   view         Windows: a mapping of a section
   stack        the return addresses of a thread, innermost first (stack.h)
   own file     a file to which only this process appends (file.h)

   Any thread may call any of these functions; none of them allocates.  */
#ifndef MIR_OS_OS_H
#define MIR_OS_OS_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint64_t */

/* mir_os_lock_t, MIR_OS_LOCK_INITIALIZER, mir_os_lock and mir_os_unlock; on POSIX
   systems mir_os_try_lock.  */
#if defined(_WIN32)
#include "os/lock-windows.h"
#elif defined(__linux__)
#include "os/lock-linux.h"
#else
#include "os/lock-pthread.h"
#endif

/* The error of the last refused call in this thread: errno, or GetLastError ().  */
int mir_os_error (void);
void mir_os_set_error (int error);

/* Bytes; a power of two.  */
size_t mir_os_page_size (void);

/* Ensure that the instructions written to [START, BOUND) are the ones that a CPU fetches there from
   now on: mir_os_clean_icache (START, BOUND).  */
#if (defined(__x86_64__) || defined(__i386__)) && !defined(_WIN32)
#include "os/icache-x86-posix.h"
#else
void mir_os_clean_icache (void *start, void *bound);
#endif
/* Make every core that runs a thread of this process drop its prefetched instructions before it
   executes another one, and see all earlier stores.  One call is enough for any number of cleanings
   before it.  The first call in a process with several threads may take some 10 ms (Linux:
   membarrier(2) registers the process).  */
void mir_os_sync_cores (void);
/* As mir_os_sync_cores, for code at addresses that were never executed before: does nothing on CPUs
   that cannot have prefetched from such addresses.  */
void mir_os_sync_cores_for_new (void);

/* Reserve LEN bytes of address space, whole pages, without access and without memory, for back ends
   to map into.  If NEAR_ADDR is not NULL, every byte of the range is less than REACH bytes away
   from NEAR_ADDR.  NULL if there is no such range; the caller owns it until mir_os_unreserve.  */
void *mir_os_reserve (size_t len, const void *near_addr, size_t reach);
/* Release a whole range with the data committed in it.  What back ends have mapped there must be
   unmapped before.  */
void mir_os_unreserve (void *start, size_t len);
/* Make [START, START + LEN), whole pages in a reserved range, readable and writable zeroed memory.
   Returns 0, or -1 on failure.  */
int mir_os_commit_data (void *start, size_t len);

/* Whether it is certain that a store to each of the LEN > 0 bytes at START is no fault: they are
   mapped, writable, and have memory.  For the state after a refused change of protections.  */
int mir_os_is_writable (void *start, size_t len);

/* Milliseconds, and nanoseconds, of a clock that never goes back.  */
uint64_t mir_os_now (void);
uint64_t mir_os_nanoseconds (void);
/* The ID of this process.  */
long mir_os_process (void);
/* A number that no other living thread of this process has; not 0.  The thread of a forked child
   has the number of the one that forked.  */
uintptr_t mir_os_thread (void);

/* A lock is taken by mir_os_lock and left by mir_os_unlock; it is not recursive.  0, or -1 if the
   system has no resources for one.  */
int mir_os_lock_init (mir_os_lock_t *lock);
/* No thread may hold LOCK.  */
void mir_os_lock_destroy (mir_os_lock_t *lock);

/* POSIX: as mir_os_lock, but wait at most MILLISECONDS; whether this thread has LOCK now.  */
int mir_os_lock_within (mir_os_lock_t *lock, unsigned milliseconds);

/* From now on, call BEFORE in a thread that forks, then IN_PARENT in that thread and IN_CHILD in the
   child.  This cannot be undone.  Returns 0, or -1 if there is no memory for it.  */
int mir_os_at_fork (void (*before) (void), void (*in_parent) (void), void (*in_child) (void));

#endif /* MIR_OS_OS_H */
