/* Windows functions that fail on demand, or lose a race for an address to another thread.

   A program calls kernel32 through pointers that its linker makes, __imp_NAME for each function; a
   program that defines these pointers itself decides what is called.  Only code linked statically
   to the test goes through them: the library and mimalloc.

   One thread at a time.  */
#ifndef MIR_TESTS_SUPPORT_IMPORTS_WINDOWS_H
#define MIR_TESTS_SUPPORT_IMPORTS_WINDOWS_H

#include <stddef.h> /* size_t */

struct imports {
  /* The number of refusable calls that still succeed before one fails; < 0: none fails.  Refusable
     are CreateFileMappingW, MapViewOfFileEx, VirtualProtect and VirtualAlloc.  */
  long fail_in;
  int failed;      /* whether that call has failed */
  int no_sections; /* CreateFileMappingW fails */
  /* Every call that makes memory executable fails, as under ProcessDynamicCodePolicy (Microsoft
     Learn).  */
  int no_executable;
  int no_growable; /* RtlAddGrowableFunctionTable is not found: Windows 7 */
  /* Another thread maps its data at this address as soon as it is free: after the next
     UnmapViewOfFile, or VirtualFree of a reservation, at it.  NULL: no such thread.  */
  void *wanted;
  int got; /* that data is mapped */
  size_t sections, handles_closed;
};

enum { DYNAMIC_CODE_BLOCKED = 1655, OTHERS_LEN = 64 * 1024 /* of the other thread's data */ };

extern struct imports imports;

/* Reset all members: nothing fails.  */
void imports_reset (void);

#endif /* MIR_TESTS_SUPPORT_IMPORTS_WINDOWS_H */
