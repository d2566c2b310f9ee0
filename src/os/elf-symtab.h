/* The symbol table (.symtab) of an ELF file of this CPU's class and byte order.  Nothing in the file
   is trusted, and it may change meanwhile: it is read, never mapped.  ELF: System V ABI, chapters 4
   and 5.  */
#ifndef MIR_OS_ELF_SYMTAB_H
#define MIR_OS_ELF_SYMTAB_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "os/symbols.h"

/* A file, the bytes that were last read from it, and its tables.  */
struct mir_elf_file {
  int fd;
  uint64_t offset; /* of BYTES */
  size_t len;      /* of BYTES */
  uint8_t bytes[4096];
  /* Where the symbols and their names are; set by mir_elf_find_functions.  */
  uint64_t symbols, names;
  size_t symbols_num;
  uint64_t names_size;
  uintptr_t code_mask; /* the bits of a symbol's value that are an address */
};

/* FD is borrowed; its position does not matter and stays.  */
void mir_elf_open (struct mir_elf_file *file, int fd);
/* Set *ADDRESS to the address (p_vaddr) at which the file wants the code at OFFSET.  0, or -1 if it
   is no program and no library for this CPU's class and byte order, or has no code there.  */
int mir_elf_address_of (struct mir_elf_file *file, uint64_t offset, uintptr_t *address);
/* Find the innermost function that contains `in_file`, for each of the NUM LOOKUPS, which ascend.
   Sets `rank` to 0 if there is none, and in all of them if the file contradicts itself.  */
void mir_elf_find_functions (struct mir_elf_file *file, struct mir_os_lookup *lookups, size_t num);
/* Set the name of FUNCTION to that of the function found for LOOKUP.  0, or -1 if it has none.  */
int mir_elf_read_name (struct mir_elf_file *file, const struct mir_os_lookup *lookup,
                       struct mir_os_function *function);

#endif /* MIR_OS_ELF_SYMTAB_H */
