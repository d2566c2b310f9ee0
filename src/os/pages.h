/* What the default heap asks of the pages of its memory: pages-SYSTEM.c.  START and LEN are multiples
   of the page size.  Any thread; nothing here allocates.  */
#ifndef MIR_OS_PAGES_H
#define MIR_OS_PAGES_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint64_t */

/* Bytes of a huge page: the unit in which the system gives them.  A power of two.  */
enum { MIR_OS_HUGE_PAGE = 2 * 1024 * 1024 };

/* Give the memory of [START, START + LEN) back; what is read there next is zero.  0, or -1 on
   failure: the pages may have been locked in memory.  */
int mir_os_discard (void *start, size_t len);
/* Take memory for [START, START + LEN) now, without a page fault for each page.  Contents stay.  0,
   or -1 if the system cannot, or not for all of it.  */
int mir_os_populate (void *start, size_t len);
/* Ask for huge pages in [START, START + LEN) from now on, or for small ones: a hint.  */
void mir_os_want_huge (void *start, size_t len, int huge);
/* Whether each page of [START, START + LEN), at most a huge page, has memory.  */
int mir_os_has_memory (void *start, size_t len);

/* Move the memory of [FROM, FROM + LEN) to [TO, TO + LEN), which do not overlap, without copying; TO's
   own is lost, and FROM reads zero.  0; -1 with everything as before: the system cannot, or FROM is
   locked in memory and what takes its place would not be; -2: FROM is as before, but TO is not this
   process's memory any more, or another thread's.  */
int mir_os_move (void *from, void *to, size_t len);

/* Nanoseconds of CPU that this thread has used.  */
uint64_t mir_os_cpu_nanoseconds (void);
/* The bytes of address space that this process may have; SIZE_MAX: no limit.  */
size_t mir_os_address_limit (void);

#endif /* MIR_OS_PAGES_H */
