/* The made-up KERNEL32 and ntdll: as much as mir-ucrt.dll calls, on Linux.  */

#ifndef MIR_TESTS_UCRT_ARM64EC_SYSTEM_H
#define MIR_TESTS_UCRT_ARM64EC_SYSTEM_H

#include <stdint.h>

/* The function NAME, with the calling convention of Linux; NULL if it is not made up.  */
void *system_function (const char *name);

/* The same for code of ARM64EC, in loader.c; 0 if it is not made up.  */
uint64_t system_stub (const char *name);

/* Ends the process: a function was called that is not made up.  */
void system_lacks (void);

/* Whether ADDRESS is not in any memory allocated here, as the stubs are, or in memory allocated as
   ARM64EC code.  */
int system_is_code (uint64_t address);

/* The other thread is seen where it runs, then in a function that it called and that returns to
   there, by its link register, then in one that saved that address in its frame, then elsewhere:
   each time it was resumed it is one further.  */
enum { SYSTEM_STEPS = 3 };

/* What the functions saw, and how they are to fail.  */
struct system_notes {
  unsigned code_pages;    /* allocated as ARM64EC code and not released */
  unsigned both;          /* protections that were writable and executable at once */
  unsigned code_opened;   /* protections that made code writable */
  long heap_blocks;       /* allocated and not freed */
  unsigned heap_requests; /* of the process heap */
  unsigned resumed;       /* threads */
  int refuse_code;        /* 1: NtAllocateVirtualMemoryEx fails */
  int forget_code;        /* 1: RtlIsEcCode says no for allocated memory */
  uint64_t inside;        /* not 0: there is another thread, which is at this address at first */
};
extern struct system_notes system_notes;

#endif
