/* Calls of Windows which fail on demand, or meet another thread which is faster.

   A program reaches kernel32 through pointers that its linker makes, __imp_NAME for each function;
   one that defines them itself decides what they lead to.  Only what is linked to the test
   statically calls through these: the library and mimalloc.

   One thread at a time.  */
#ifndef MIR_TESTS_SUPPORT_IMPORTS_WINDOWS_H
#define MIR_TESTS_SUPPORT_IMPORTS_WINDOWS_H

#include <stddef.h> /* size_t */

struct imports {
  /* So many more calls which may be refused succeed, then one fails; < 0: none fails.  They are:
     CreateFileMappingW, MapViewOfFileEx, VirtualProtect and VirtualAlloc.  */
  long fail_in;
  int failed;      /* whether it has */
  int no_sections; /* CreateFileMappingW fails */
  /* And so does whatever makes memory executable, as ProcessDynamicCodePolicy wants it (Microsoft
     Learn).  */
  int no_executable;
  int no_growable; /* RtlAddGrowableFunctionTable is not found: Windows 7 */
  /* As soon as an address is free, another thread's data is there: the next UnmapViewOfFile, or
     VirtualFree of a reservation, of this address.  NULL: no such thread.  */
  void *wanted;
  int got; /* it is there */
  size_t sections, handles_closed;
};

enum { DYNAMIC_CODE_BLOCKED = 1655, OTHERS_LEN = 64 * 1024 /* of the other thread's data */ };

extern struct imports imports;

/* Nothing fails until told to.  */
void imports_reset (void);

#endif /* MIR_TESTS_SUPPORT_IMPORTS_WINDOWS_H */
