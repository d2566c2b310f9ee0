/* The symbol table (.symtab) of an ELF file of this CPU's class and byte order.  Nothing in the file
   is trusted, and it may change meanwhile: it is read, never mapped.  ELF: System V ABI, chapters 4
   and 5.  */
#ifndef MIR_OS_ELF_SYMTAB_H
#define MIR_OS_ELF_SYMTAB_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "os/symbols.h"

/* A file, and the bytes that were last read from it.  */
struct mir_elf_file {
  int fd;
  uint64_t offset; /* of BYTES */
  size_t len;      /* of BYTES */
  uint8_t bytes[4096];
};

/* FD is borrowed; its position does not matter and stays.  */
void mir_elf_open (struct mir_elf_file *file, int fd);
/* Set *ADDRESS to the address (p_vaddr) at which the file wants the code at OFFSET.  0, or -1 if it
   is no program and no library for this CPU's class and byte order, or has no code there.  */
int mir_elf_address_of (struct mir_elf_file *file, uint64_t offset, uintptr_t *address);
/* Set *FUNCTION to the innermost one that contains ADDRESS, one of the file's.  1, or
   0 if there is none or the file contradicts itself.  */
int mir_elf_find_function (struct mir_elf_file *file, uintptr_t address,
                           struct mir_os_function *function);

#endif /* MIR_OS_ELF_SYMTAB_H */
