/* The calling thread's return addresses, and the names of what is at an address.  The build picks
   the file.

   Any thread may call these functions; neither allocates nor changes errno, but the first call of
   mir_os_stack may load an unwinder (os/unwind-functions.h).  */
#ifndef MIR_OS_STACK_H
#define MIR_OS_STACK_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uintptr_t */

/* What is at an address.  The loader owns the strings; they are valid while the module is
   loaded.  */
struct mir_os_symbol {
  const char *module;
  const char *name; /* of a function that the module exports; NULL: unknown */
  uintptr_t base;   /* the start of NAME, or of the module if NAME is NULL */
};

/* Set ADDRESSES to at most MAX return addresses of this thread, innermost first.  They start with
   CALLER if it is among them; otherwise, or if CALLER is NULL, in the function that calls this one.
   Returns their number; 0 where there is no unwinder.  */
size_t mir_os_stack (void **addresses, size_t max, const void *caller);
/* Describe ADDRESS.  Returns 1, or 0 if nothing is known about it.  */
int mir_os_symbol (const void *address, struct mir_os_symbol *symbol);

#endif /* MIR_OS_STACK_H */
