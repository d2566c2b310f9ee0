/* The open-addressing table of tags.  The lock of the pool is held.  */
#include "code/tags.h"

#include <string.h> /* memset */

/* Blocks start at multiples of 32; multiplying by 2^64 / golden ratio spreads the other bits (D. E.
   Knuth, The Art of Computer Programming, volume 3, 6.4).  */
static uint32_t home_place (const struct mir_tags *tags, uintptr_t addr) {
  return (uint32_t) ((uint64_t) addr * 0x9e3779b97f4a7c15u >> 32) & (tags->capacity - 1);
}

/* The place after I in a chain.  */
static uint32_t next_place (const struct mir_tags *tags, uint32_t i) {
  return (i + 1) & (tags->capacity - 1);
}

void mir_tags_add (struct mir_tags *tags, uintptr_t addr, uint64_t value) {
  uint32_t i = home_place (tags, addr);
  while (tags->table[i].addr != 0) i = next_place (tags, i);
  tags->table[i].addr = addr;
  tags->table[i].value = value;
  tags->num++;
}

void *mir_tags_move (struct mir_tags *tags, void *memory, uint32_t capacity) {
  struct mir_tags old = *tags;
  tags->table = (struct mir_tag *) memory;
  tags->capacity = capacity;
  tags->num = 0;
  memset (memory, 0, capacity * sizeof (struct mir_tag));
  for (uint32_t i = 0; i < old.capacity; i++)
    if (old.table[i].addr != 0) mir_tags_add (tags, old.table[i].addr, old.table[i].value);
  return old.table;
}

struct mir_tag *mir_tags_search (const struct mir_tags *tags, uintptr_t addr) {
  for (uint32_t i = home_place (tags, addr); tags->table[i].addr != 0; i = next_place (tags, i))
    if (tags->table[i].addr == addr) return &tags->table[i];
  return NULL;
}

/* The tags behind it in the chain move up, unless that would be before their home.  */
void mir_tags_remove (struct mir_tags *tags, struct mir_tag *tag) {
  uint32_t mask = tags->capacity - 1, empty = (uint32_t) (tag - tags->table);
  for (uint32_t i = next_place (tags, empty); tags->table[i].addr != 0; i = next_place (tags, i)) {
    uint32_t from_home = (i - home_place (tags, tags->table[i].addr)) & mask;
    if (from_home < ((i - empty) & mask)) continue;
    tags->table[empty] = tags->table[i];
    empty = i;
  }
  tags->table[empty].addr = 0;
  tags->num--;
}
