/* The names of functions that a module does not export: static ones, and all of a program's.  They
   are in the module's file, if it was not stripped of them.  The build picks the file.

   Any thread, also while others load and unload modules, and in a child of fork.  Nothing is
   allocated, no lock is held while a file is read, and errno stays.  Takes some 10 KiB of stack.  */
#ifndef MIR_OS_SYMBOLS_H
#define MIR_OS_SYMBOLS_H

#include <stdint.h> /* uintptr_t */

enum { MIR_OS_NAME_SIZE = 1024 }; /* bytes of a name with its final 0; a longer one is cut */

struct mir_os_function {
  uintptr_t start;             /* its first instruction */
  char name[MIR_OS_NAME_SIZE]; /* as the linker knows it; without control characters */
};

/* Set *FUNCTION to the one which ADDRESS is in.  Reads the list of mappings and the whole symbol
   table: some 50 microseconds for a small program, milliseconds for a large one.  Returns 1, or 0
   if nothing is known: no module is there; its file is gone, replaced, stripped or makes no sense;
   there is no /proc; this system's files are not read.  Debug information in a file of its own
   (/usr/lib/debug) is not looked for.  */
int mir_os_function (const void *address, struct mir_os_function *function);

#endif /* MIR_OS_SYMBOLS_H */
