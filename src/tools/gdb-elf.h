/* The ELF object by which GDB learns about one mapping: its names, and its frames.  */
#ifndef MIR_TOOLS_GDB_ELF_H
#define MIR_TOOLS_GDB_ELF_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-alloc.h"

struct mir_gdb_symbol {
  const uint8_t *start;
  size_t size;      /* bytes */
  char *name;       /* the gdb tool's block; NULL: the piece at START was freed */
  size_t name_size; /* bytes, with the 0 */
  uint64_t order;   /* a later one about the same START replaces an earlier one */
};

/* For the LEN bytes at START with SYMBOLS, all with names; WITH_FRAMES: functions keep frame
   records.  A block from ALLOC of *SIZE bytes, or NULL.  */
uint8_t *mir_gdb_elf (MIR_alloc_t alloc, const uint8_t *start, size_t len,
                      const struct mir_gdb_symbol *symbols, size_t symbols_num, int with_frames,
                      size_t *size);

#endif /* MIR_TOOLS_GDB_ELF_H */
