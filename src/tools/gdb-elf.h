/* The ELF object that tells GDB about one mapping: its names, and its frames.  The lock of all
   tools is held (tool.h).  */
#ifndef MIR_TOOLS_GDB_ELF_H
#define MIR_TOOLS_GDB_ELF_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-alloc.h"

struct mir_gdb_symbol {
  const uint8_t *start;
  size_t size;      /* bytes */
  char *name;       /* owned by the gdb tool; NULL: the code block at START was freed */
  size_t name_size; /* bytes, with the 0 */
  uint64_t order;   /* of two changes with the same START the higher one is newer */
};

/* Make an object for the LEN bytes at START with SYMBOLS, each of which has a name.  WITH_FRAMES:
   its functions keep frame records.  Returns a block of *SIZE bytes from ALLOC, which the caller
   frees; NULL on failure.  */
uint8_t *mir_gdb_elf (MIR_alloc_t alloc, const uint8_t *start, size_t len,
                      const struct mir_gdb_symbol *symbols, size_t symbols_num, int with_frames,
                      size_t *size);

#endif /* MIR_TOOLS_GDB_ELF_H */
