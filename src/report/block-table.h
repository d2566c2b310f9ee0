/* The live blocks of a picture by address: one array in which a block is at, or closely behind,
   the place that its address hashes to.  Most events find a block, of hundreds of thousands that
   are used in no order, so what counts is that each takes one access to memory.  Out of memory
   ends the program.  One thread.  */
#ifndef MIR_REPORT_BLOCK_TABLE_H
#define MIR_REPORT_BLOCK_TABLE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "report/containers.h"

typedef struct block {
  uint64_t address, size;
  /* In the first reading the time of the first allocation, which a realloc does not change; in the
     second one the slice in which the block was born.  */
  uint64_t since;
  uint32_t stack, thread; /* indices */
} block_t;

DEF_VARR (block_t)

struct block_table {
  size_t num;             /* blocks */
  unsigned shift;         /* the places are 2^(64 - SHIFT) */
  VARR (block_t) *places; /* a free one has the size UINT64_MAX, which no block has */
};

void block_table_init (struct block_table *table, MIR_alloc_t alloc);
/* TABLE may have been finished before.  */
void block_table_finish (struct block_table *table);
/* Remove all blocks.  */
void block_table_clear (struct block_table *table);
/* Add BLOCK.  0: there is another one at its address, and nothing has happened.  */
int block_table_put (struct block_table *table, const struct block *block);
/* Begin to load what the functions below will look at.  */
void block_table_expect (const struct block_table *table, uint64_t address);
/* Move the block at ADDRESS to BLOCK.  0: there is none.  */
int block_table_take (struct block_table *table, uint64_t address, struct block *block);

static inline int block_table_is_free (const struct block *place) {
  return place->size == UINT64_MAX;
}

#endif /* MIR_REPORT_BLOCK_TABLE_H */
