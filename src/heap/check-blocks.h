/* The blocks of a checking allocator: their layout, their fences, and a table by address.

   One thread at a time.  Nothing here reads memory at an address which a caller gave before it was
   found in the table.  */
#ifndef MIR_HEAP_CHECK_BLOCKS_H
#define MIR_HEAP_CHECK_BLOCKS_H

#include "heap/heap.h"

enum { MIR_FENCE = 32 }; /* bytes on either side */

/* [ check_block | fence | size bytes | fence ]  */
struct mir_check_block {
  struct mir_check_block *next;          /* in its bucket */
  struct mir_check_block *older, *newer; /* in its list */
  size_t size;
  uint64_t number;
  const char *label;
  size_t frames_num;
  void *frames[MIR_CHECK_MAX_FRAMES];
  int freed;
};

enum {
  MIR_CHECK_BEFORE =
      (sizeof (struct mir_check_block) + MIR_HEAP_ALIGN - 1) / MIR_HEAP_ALIGN * MIR_HEAP_ALIGN
      + MIR_FENCE,
  MIR_CHECK_AROUND = MIR_CHECK_BEFORE + MIR_FENCE
};

struct mir_check_list {
  struct mir_check_block *oldest, *newest;
  size_t num, bytes;
};

struct mir_check_table {
  struct mir_check_block **buckets;
  size_t buckets_num; /* a power of two */
  size_t num;         /* blocks */
};

static inline unsigned char *mir_check_start (const struct mir_check_block *block) {
  return (unsigned char *) block + MIR_CHECK_BEFORE;
}

/* Fill the fences of BLOCK, whose size is set.  */
void mir_check_build_fences (struct mir_check_block *block);
/* Whether the fence before, or behind, BLOCK is as it was built.  */
int mir_check_before_is_whole (const struct mir_check_block *block);
int mir_check_behind_is_whole (const struct mir_check_block *block);
/* Fill with 0xa5 what is at OFFSET and behind in BLOCK; fill a freed block with 0xdd, and whether
   it still is.  */
void mir_check_fill_fresh (struct mir_check_block *block, size_t offset);
void mir_check_fill_freed (struct mir_check_block *block);
int mir_check_is_freed (const struct mir_check_block *block);

void mir_check_list_add (struct mir_check_list *list, struct mir_check_block *block);
void mir_check_list_remove (struct mir_check_list *list, struct mir_check_block *block);

/* The link which points to the block that starts at PTR, or to NULL if there is none.  */
struct mir_check_block **mir_check_find (struct mir_check_table *table, const void *ptr);
void mir_check_table_add (struct mir_check_table *table, struct mir_check_block *block);
void mir_check_table_remove (struct mir_check_table *table, struct mir_check_block *block);
/* Whether the table should have more buckets.  */
int mir_check_table_is_full (const struct mir_check_table *table);
/* Use the NUM buckets NEW_BUCKETS, zeroed, instead of the ones which are returned.  */
struct mir_check_block **mir_check_table_grow (struct mir_check_table *table,
                                               struct mir_check_block **new_buckets, size_t num);

#endif /* MIR_HEAP_CHECK_BLOCKS_H */
