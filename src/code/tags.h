/* Tags: a word for each of some addresses, in an open-addressing table.  Few code blocks have a
   tag, and none has space for it beside the code.

   One thread at a time.  The caller owns the memory and ensures that there is room before adding;
   removing needs no memory and leaves no tombstone.  */
#ifndef MIR_CODE_TAGS_H
#define MIR_CODE_TAGS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

struct mir_tag {
  uintptr_t addr; /* 0: empty */
  uint64_t value; /* the user's tag, or the address of a thunk's cell */
};

struct mir_tags {
  struct mir_tag *table;
  uint32_t capacity; /* 0 or a power of two; at most three quarters are filled */
  uint32_t num;      /* tags */
};

/* Whether one more tag fits.  */
static inline int mir_tags_have_room (const struct mir_tags *tags) {
  return tags->num < tags->capacity / 4 * 3;
}

/* Move to MEMORY, which has room for CAPACITY tags, a power of two, at least 4 and more than now.
   Returns the old memory.  */
void *mir_tags_move (struct mir_tags *tags, void *memory, uint32_t capacity);
/* Add VALUE for ADDR, which is not 0 and has no value yet.  There is room.  */
void mir_tags_add (struct mir_tags *tags, uintptr_t addr, uint64_t value);
/* The tag of ADDR, or NULL.  mir_tags_search needs at least one tag in the table.  */
struct mir_tag *mir_tags_search (const struct mir_tags *tags, uintptr_t addr);
static inline struct mir_tag *mir_tags_find (const struct mir_tags *tags, uintptr_t addr) {
  return tags->num == 0 ? NULL : mir_tags_search (tags, addr);
}
/* Remove TAG, a result of mir_tags_find.  */
void mir_tags_remove (struct mir_tags *tags, struct mir_tag *tag);

#endif /* MIR_CODE_TAGS_H */
