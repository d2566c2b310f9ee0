/* A described code block in parts, for an unwinder that loses what is registered as a whole.

   libgcc 13 and 14 keep the ranges of registered sections in a B-tree.  Until GCC bug 119151 was fixed
   (GCC 15; not in 14.2, which Debian 13 has), a boundary between two of its nodes stays where a range once
   began, though that is gone.  If a new range comes to lie across it, nothing behind the boundary is
   found: 1 to 2 % of what is registered where code comes and goes.  So what cannot be found is
   registered in parts, which end at such boundaries.  A part has a copy of the description, since a
   section says itself what range it has: while the part is registered or deregistered the copy describes the
   part alone, and at other times the whole function, so that the unwinder finds the truth.  */
#ifndef MIR_CODE_FRAME_PARTS_H
#define MIR_CODE_FRAME_PARTS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "code/frame-regions.h"

/* A part of a function.  */
struct mir_frame_part {
  struct mir_frame_part *next; /* of the block */
  size_t size;                 /* bytes of this structure and all behind it */
  uintptr_t start, bound;
  const struct mir_frame *function;
  uintptr_t *range; /* in the copy: start and size */
  const void *fde;  /* the copy */
  uintptr_t own[MIR_SECTION_WORDS];
  uint64_t section[]; /* with the copy */
};

/* The lock of the slab's pool is held for all functions.  */

/* The bytes that are needed for one more part of BLOCK, which has been shown; 0: all of it is
   found.  */
size_t mir_frame_parts_need (struct mir_described *block);
/* Let BLOCK have a part in MEMORY of that size.  */
void mir_frame_parts_give (struct mir_described *block, void *memory);
/* Let the unwinder know all parts of BLOCK; or no more.  */
void mir_frame_parts_show (struct mir_described *block);
void mir_frame_parts_hide (struct mir_described *block);

#endif /* MIR_CODE_FRAME_PARTS_H */
