/* Blocks of a checking allocator: fences, fillings, lists, and the table by address.  The caller
   holds the lock that guards lists and table.  */
#include "heap/check-blocks.h"

/* What fills fences, new blocks and freed blocks: no likely text, number or address.  */
enum { FENCE_BYTE = 0xfb, FRESH_BYTE = 0xa5, FREED_BYTE = 0xdd };

static int are_all (const unsigned char *bytes, size_t len, unsigned char byte) {
  for (size_t i = 0; i < len; i++)
    if (bytes[i] != byte) return 0;
  return 1;
}

void mir_check_note_made (struct mir_check_block *block, const MIR_check_call_t *call) {
  block->label = call->label;
  block->frames_num = (uint8_t) call->frames_num;
  memcpy (block->frames, call->frames, call->frames_num * sizeof (call->frames[0]));
}

void mir_check_note_freed (struct mir_check_block *block, const MIR_check_call_t *call) {
  block->freed = 1;
  block->freed_label = call->label;
  block->freed_frames_num = (uint8_t) call->frames_num;
  memcpy (block->frames + block->frames_max, call->frames,
          call->frames_num * sizeof (call->frames[0]));
}

void mir_check_describe (const struct mir_check_block *block, MIR_check_t *check) {
  check->size = block->size;
  check->number = block->number;
  check->label = block->label;
  check->frames_num = block->frames_num;
  memcpy (check->frames, block->frames, block->frames_num * sizeof (block->frames[0]));
  check->freed.label = block->freed_label;
  check->freed.frames_num = block->freed_frames_num;
  memcpy (check->freed.frames, block->frames + block->frames_max,
          block->freed_frames_num * sizeof (block->frames[0]));
}

void mir_check_build_fences (struct mir_check_block *block) {
  memset (mir_check_start (block) - MIR_FENCE, FENCE_BYTE, MIR_FENCE);
  memset (mir_check_start (block) + block->size, FENCE_BYTE, MIR_FENCE);
}

int mir_check_before_is_whole (const struct mir_check_block *block) {
  return are_all (mir_check_start (block) - MIR_FENCE, MIR_FENCE, FENCE_BYTE);
}

int mir_check_behind_is_whole (const struct mir_check_block *block) {
  return are_all (mir_check_start (block) + block->size, MIR_FENCE, FENCE_BYTE);
}

void mir_check_fill_fresh (struct mir_check_block *block, size_t offset) {
  if (offset < block->size)
    memset (mir_check_start (block) + offset, FRESH_BYTE, block->size - offset);
}

void mir_check_fill_freed (struct mir_check_block *block) {
  memset (mir_check_start (block), FREED_BYTE, block->size);
}

int mir_check_is_freed (const struct mir_check_block *block) {
  return are_all (mir_check_start (block), block->size, FREED_BYTE);
}

void mir_check_list_add (struct mir_check_list *list, struct mir_check_block *block) {
  block->older = list->newest;
  block->newer = NULL;
  if (list->newest != NULL)
    list->newest->newer = block;
  else
    list->oldest = block;
  list->newest = block;
  list->num++;
  list->bytes += block->size;
}

void mir_check_list_remove (struct mir_check_list *list, struct mir_check_block *block) {
  if (block->older != NULL)
    block->older->newer = block->newer;
  else
    list->oldest = block->newer;
  if (block->newer != NULL)
    block->newer->older = block->older;
  else
    list->newest = block->older;
  list->num--;
  list->bytes -= block->size;
}

/* The bucket for PTR among NUM, a power of two: multiplicative hashing.  */
static struct mir_check_block **bucket_of (struct mir_check_block **buckets, size_t num,
                                           const void *ptr) {
  uint64_t spread = (uint64_t) (uintptr_t) ptr * 0x9e3779b97f4a7c15u;
  return &buckets[(size_t) (spread >> 32) & (num - 1)];
}

struct mir_check_block **mir_check_find (struct mir_check_table *table, const void *ptr) {
  struct mir_check_block **link = bucket_of (table->buckets, table->buckets_num, ptr);
  while (*link != NULL && mir_check_start (*link) != ptr) link = &(*link)->next;
  return link;
}

static void put_in_bucket (struct mir_check_block **buckets, size_t num,
                           struct mir_check_block *block) {
  struct mir_check_block **bucket = bucket_of (buckets, num, mir_check_start (block));
  block->next = *bucket;
  *bucket = block;
}

void mir_check_table_add (struct mir_check_table *table, struct mir_check_block *block) {
  put_in_bucket (table->buckets, table->buckets_num, block);
  table->num++;
}

void mir_check_table_remove (struct mir_check_table *table, struct mir_check_block *block) {
  *mir_check_find (table, mir_check_start (block)) = block->next;
  table->num--;
}

int mir_check_table_is_full (const struct mir_check_table *table) {
  return table->num / 2 > table->buckets_num;
}

struct mir_check_block **mir_check_table_grow (struct mir_check_table *table,
                                               struct mir_check_block **new_buckets, size_t num) {
  struct mir_check_block **old = table->buckets;
  for (size_t i = 0; i < table->buckets_num; i++)
    for (struct mir_check_block *block = old[i], *next; block != NULL; block = next) {
      next = block->next;
      put_in_bucket (new_buckets, num, block);
    }
  table->buckets = new_buckets;
  table->buckets_num = num;
  return old;
}
