/* The described code blocks of a slab: which have frames, and what the unwinder knows of them.

   described   of a code block: its embedder has given frames for it (MIR_code_add_frames)
   region      32 KiB of a slab, or what is left at its end; where an unwinder takes tables, one
               stands for each region with a described block.  A region is small enough for all of its
               vector to be copied at each change, and there are few of them
   hidden      of a described block: the unwinder does not know it any more

   The vector of a region has the descriptions of all blocks that reach into it: unwinders look in one
   region alone.  Each region has two vectors, the second one to build the next: so adding needs
   memory, and removing never does.  A slab's regions, once there, stay until it is unmapped.

   The lock of the slab's pool is held for all functions, except where a comment says otherwise.  */
#ifndef MIR_CODE_FRAME_REGIONS_H
#define MIR_CODE_FRAME_REGIONS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-alloc.h"
#include "code/granules.h"
#include "code/unwinder.h"

struct mir_slab;
struct mir_frame_part; /* frame-parts.h */

enum {
  MIR_REGION = 32 * 1024, /* bytes */
  MIR_REGION_GRANULES = MIR_REGION / MIR_GRANULE,
  MIR_REGION_CHAINS = 32
};

/* A described code block.  */
struct mir_described {
  struct mir_described *next;        /* in its chain, or in a list to be freed */
  uint32_t first;                    /* granule of the block */
  uint32_t first_region, end_region; /* those that it reaches into */
  uint32_t num;                      /* descriptions, at least one */
  int hidden;
  const void *section;
  size_t section_len;
  int is_in_parts;              /* the section is not registered, but its parts are */
  struct mir_frame_part *parts; /* the newest one first */
  uintptr_t *own;               /* for an unwinder that takes sections: behind the frames */
  struct mir_frame frames[];    /* ascending; none overlaps another */
};

struct mir_frame_region {
  struct mir_frame_table table;
  int is_open;
  uint32_t capacity; /* descriptions, of each vector; 0: no vectors */
  /* In one block of memory, each followed by the first granule of each description's block.  */
  struct mir_frame_vector *vector, *spare;
  void *memory;
  struct mir_described *chains[MIR_REGION_CHAINS]; /* by first granule */
};

struct mir_frame_regions {
  uint32_t num;
  size_t bytes;                       /* of this structure and all behind it */
  struct mir_frame_region *regions[]; /* NULL: none of its blocks was ever described */
};

/* The bytes of a described block with NUM descriptions.  No lock is needed.  */
size_t mir_described_size (size_t num);
/* Initialise BLOCK, in memory of that size, but for its frames and its place.  */
void mir_described_init (struct mir_described *block, const struct mir_frame_section *section,
                         size_t num);
/* Free BLOCK, with its parts.  No lock is held.  */
void mir_described_free (MIR_alloc_t alloc, struct mir_described *block);

/* What a slab lacks for one more described block.  */
enum mir_frames_part {
  MIR_FRAMES_NOTHING,
  MIR_FRAMES_REGIONS,
  MIR_FRAMES_REGION,
  MIR_FRAMES_VECTORS,
  MIR_FRAMES_PART /* of the block, which has been added already */
};

struct mir_frames_need {
  enum mir_frames_part part;
  uint32_t region;   /* whose, but for MIR_FRAMES_REGIONS: their number */
  uint32_t capacity; /* of the vectors */
  size_t size;       /* bytes */
};

/* What SLAB lacks for BLOCK.  */
struct mir_frames_need mir_frames_need (const struct mir_slab *slab,
                                        const struct mir_described *block);
/* Let SLAB, or BLOCK in it, have MEMORY, which NEED asked for.  Returns the memory to be freed instead,
   MEMORY itself if it is not needed any more, or NULL.  */
void *mir_frames_give (struct mir_slab *slab, struct mir_described *block,
                       const struct mir_frames_need *need, void *memory);

/* The described block at the granule FIRST of SLAB, or NULL.  */
struct mir_described *mir_frames_find (const struct mir_slab *slab, uint32_t first);
/* What the added BLOCK lacks to be found by the unwinder.  */
struct mir_frames_need mir_frames_lost (struct mir_described *block);
/* Add BLOCK to SLAB, which lacks nothing for it, and let the unwinder know it.  Returns 0, or -1 if
   the unwinder has no memory; then it is not added.  */
int mir_frames_add (struct mir_slab *slab, struct mir_described *block);
/* Let the unwinder know the block at FIRST no more, if it is described; or again.  */
void mir_frames_hide (struct mir_slab *slab, uint32_t first);
void mir_frames_show (struct mir_slab *slab, uint32_t first);
/* Hide the block at FIRST and remove it from SLAB.  Returns it, for the caller to free, or NULL if it
   is not described.  */
struct mir_described *mir_frames_remove (struct mir_slab *slab, uint32_t first);

/* Let the unwinder forget all about SLAB, which is to be unmapped.  */
void mir_frames_close (struct mir_slab *slab);
/* Free what SLAB has.  No lock is held; mir_frames_close has been called.  */
void mir_frames_free (struct mir_slab *slab);
/* The bytes of the general allocator.  */
size_t mir_frames_bytes (const struct mir_slab *slab);
/* Whether all described blocks are blocks of SLAB, and the vectors have theirs.  */
int mir_frames_check (const struct mir_slab *slab);

#endif /* MIR_CODE_FRAME_REGIONS_H */
