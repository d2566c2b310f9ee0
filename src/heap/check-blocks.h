/* The blocks of a checking allocator: their layout, their fences, their lists, and a table of them
   by address.

   One thread at a time.  Nothing here reads memory at a caller's pointer before it has found the
   pointer in the table.  */
#ifndef MIR_HEAP_CHECK_BLOCKS_H
#define MIR_HEAP_CHECK_BLOCKS_H

#include "heap/heap.h"

enum { MIR_FENCE = 32 }; /* bytes on each side of a block */

/* [ check_block | frames of the allocation | of the free | fence | size bytes | fence ]  */
struct mir_check_block {
  struct mir_check_block *next;          /* in its bucket */
  struct mir_check_block *older, *newer; /* in its list */
  /* As in MIR_check_t.  */
  size_t size;
  uint64_t number;
  const char *label, *freed_label;
  uint8_t frames_num, freed_frames_num;
  uint8_t frames_max; /* room for so many frames of each of the two calls */
  uint8_t freed;      /* kept in quarantine */
  void *frames[];
};

_Static_assert (MIR_CHECK_MAX_FRAMES <= UINT8_MAX, "the number of frames fits");

/* The bytes before a block with room for FRAMES_MAX frames of each call, and those before and after
   it together.  */
static inline size_t mir_check_before (unsigned frames_max) {
  size_t head = offsetof (struct mir_check_block, frames) + 2 * frames_max * sizeof (void *);
  return (head + MIR_HEAP_ALIGN - 1) / MIR_HEAP_ALIGN * MIR_HEAP_ALIGN + MIR_FENCE;
}

static inline size_t mir_check_around (unsigned frames_max) {
  return mir_check_before (frames_max) + MIR_FENCE;
}

struct mir_check_list {
  struct mir_check_block *oldest, *newest; /* linked by `older` and `newer` */
  size_t num, bytes;                       /* blocks, and the sum of their sizes */
};

struct mir_check_table {
  struct mir_check_block **buckets;
  size_t buckets_num; /* a power of two */
  size_t num;         /* blocks */
};

/* The address that the caller knows.  */
static inline unsigned char *mir_check_start (const struct mir_check_block *block) {
  return (unsigned char *) block + mir_check_before (block->frames_max);
}

/* Note that CALL, which has at most `frames_max` frames, allocated or freed BLOCK.  */
void mir_check_note_made (struct mir_check_block *block, const MIR_check_call_t *call);
void mir_check_note_freed (struct mir_check_block *block, const MIR_check_call_t *call);
/* Describe BLOCK, and the calls that were noted, in *CHECK, which is zeroed.  */
void mir_check_describe (const struct mir_check_block *block, MIR_check_t *check);

/* Fill the fences of BLOCK; its size and `frames_max` must be set.  */
void mir_check_build_fences (struct mir_check_block *block);
/* Whether the fence before, or after, BLOCK is intact.  */
int mir_check_before_is_whole (const struct mir_check_block *block);
int mir_check_behind_is_whole (const struct mir_check_block *block);
/* Fill BLOCK from OFFSET to its end with 0xa5.  */
void mir_check_fill_fresh (struct mir_check_block *block, size_t offset);
/* Fill the freed BLOCK with 0xdd, and check whether it still holds only that.  */
void mir_check_fill_freed (struct mir_check_block *block);
int mir_check_is_freed (const struct mir_check_block *block);

/* BLOCK, whose size is set, is in no list; after removal it is in none.  */
void mir_check_list_add (struct mir_check_list *list, struct mir_check_block *block);
void mir_check_list_remove (struct mir_check_list *list, struct mir_check_block *block);

/* The link that points to the block starting at PTR; it holds NULL if there is no such block.  */
struct mir_check_block **mir_check_find (struct mir_check_table *table, const void *ptr);
/* Add BLOCK, whose address is not in the table; remove one that is.  */
void mir_check_table_add (struct mir_check_table *table, struct mir_check_block *block);
void mir_check_table_remove (struct mir_check_table *table, struct mir_check_block *block);
/* Whether the table should have more buckets.  */
int mir_check_table_is_full (const struct mir_check_table *table);
/* Move all blocks to the NUM zeroed buckets NEW_BUCKETS.  Returns the old buckets, which the caller
   frees.  */
struct mir_check_block **mir_check_table_grow (struct mir_check_table *table,
                                               struct mir_check_block **new_buckets, size_t num);

#endif /* MIR_HEAP_CHECK_BLOCKS_H */
