/* A word for some addresses: an open-addressing table, since few pieces have a tag and none has
   room for one beside it.

   One thread at a time.  Memory is the caller's, who sees to it that there is room before he adds:
   removing needs none and leaves nothing behind.  */
#ifndef MIR_CODE_TAGS_H
#define MIR_CODE_TAGS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

struct mir_tag {
  uintptr_t addr; /* 0: an empty place */
  uint64_t value;
};

struct mir_tags {
  struct mir_tag *table;
  uint32_t capacity; /* 0 or a power of two, of which three quarters are filled at most */
  uint32_t num;
};

static inline int mir_tags_have_room (const struct mir_tags *tags) {
  return tags->num < tags->capacity / 4 * 3;
}

/* Move to MEMORY, which has room for CAPACITY tags, a power of two from 4 on and more than now;
   return the old memory.  */
void *mir_tags_move (struct mir_tags *tags, void *memory, uint32_t capacity);
/* ADDR, not 0, has no value yet, and there is room.  */
void mir_tags_add (struct mir_tags *tags, uintptr_t addr, uint64_t value);
/* The place of ADDR, if there are any tags; NULL: it has no value.  */
struct mir_tag *mir_tags_search (const struct mir_tags *tags, uintptr_t addr);
static inline struct mir_tag *mir_tags_find (const struct mir_tags *tags, uintptr_t addr) {
  return tags->num == 0 ? NULL : mir_tags_search (tags, addr);
}
/* Empty TAG, a place in use.  */
void mir_tags_remove (struct mir_tags *tags, struct mir_tag *tag);

#endif /* MIR_CODE_TAGS_H */
