/* Where the running functions will return to, and what is at an address.  The build picks the file.

   Any thread may call these; neither allocates nor changes errno.  */
#ifndef MIR_OS_STACK_H
#define MIR_OS_STACK_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uintptr_t */

/* What is at an address.  The strings are the loader's: valid as long as the module is loaded.  */
struct mir_os_symbol {
  const char *module;
  const char *name; /* of a function that the module exports; NULL: none is known */
  uintptr_t base;   /* where NAME, or else the module, starts */
};

/* Set ADDRESSES to at most MAX return addresses of this thread, innermost first: from CALLER on if
   it is among them, otherwise, or if it is NULL, from the function that calls this one on.  Their
   number; 0 on systems where this is not known.  */
size_t mir_os_stack (void **addresses, size_t max, const void *caller);
/* 1, or 0 and nothing is known about ADDRESS.  */
int mir_os_symbol (const void *address, struct mir_os_symbol *symbol);

#endif /* MIR_OS_STACK_H */
