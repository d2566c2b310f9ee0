/* The names of functions that a module does not export: static ones, and all of a program's.  They
   are in the module's file, if it was not stripped of them.  The build picks the file.

   Any thread, also while others load and unload modules, and in a child of fork.  Nothing is
   allocated, no lock is held while a file is read, and errno stays.  Takes some 10 KiB of stack.  */
#ifndef MIR_OS_SYMBOLS_H
#define MIR_OS_SYMBOLS_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uintptr_t */

enum { MIR_OS_NAME_SIZE = 1024 }; /* bytes of a name with its final 0; a longer one is cut */

struct mir_os_function {
  uintptr_t start;             /* its first instruction */
  char name[MIR_OS_NAME_SIZE]; /* as the linker knows it; without control characters */
};

/* An address whose function is wanted.  The caller sets ADDRESS; the rest is for the file that reads
   symbols.  */
struct mir_os_lookup {
  uintptr_t address;
  uintptr_t in_file; /* ADDRESS as the linker knows it */
  uintptr_t start;   /* of the function, in the same terms */
  uint32_t name;     /* its offset */
  uint8_t rank;      /* 0: none found; a larger one is better */
};

/* Gets the FUNCTION which ADDRESS is in.  */
typedef void (*mir_os_function_func_t) (void *user_data, uintptr_t address,
                                        const struct mir_os_function *function);

/* Call FUNC for those of the NUM addresses of LOOKUPS, in ascending order, whose functions are
   known.  Reads the list of mappings, and the symbol table of each module once: some 100
   microseconds for a small program, 10 milliseconds for a large one.  Nothing is known of an address
   where no module is; if the module's file is gone, replaced, stripped or makes no sense; without
   /proc; on systems whose files are not read.  Debug information in a file of its own
   (/usr/lib/debug) is not looked for.  */
void mir_os_each_function (struct mir_os_lookup *lookups, size_t num, mir_os_function_func_t func,
                           void *user_data);
/* Set *FUNCTION to the one which ADDRESS is in.  Returns 1, or 0 if it is not known.  */
int mir_os_function (const void *address, struct mir_os_function *function);

#endif /* MIR_OS_SYMBOLS_H */
