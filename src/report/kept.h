/* Which nodes of the tree have numbers of their own in the matrix of slices, and where all others
   are counted (types.h).

   A node counts as much as its largest share of any of five amounts, its own and those below it:
   made bytes and blocks, live bytes at the peak, bytes left, temporary blocks.  So no node counts
   more than its parent, and the nodes that count most are a tree.

   A stack that is given up still has its innermost frame, the function that allocated: a leaf below
   the nearest node that stays stands for all stacks there whose innermost frames have the same name.
   Where there are too many of these, those that count least are one leaf for others.  So all that is
   in a node and below it is counted there, and no frame has what another one allocated:

     main - parse - expr - node      main - parse - (node)     far: expr is left out
                  \ stmt - node                   \ (others)   if there is no room for more

   Out of memory ends the program.  One thread.  */
#ifndef MIR_REPORT_KEPT_H
#define MIR_REPORT_KEPT_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "report/containers.h"
#include "report/sum.h"

struct picture;

enum { KEPT_MAX = 4000 };

enum kept_kind {
  KEPT_NODE,  /* a node of the tree */
  KEPT_NEAR,  /* a leaf for children of the parent that have the same name */
  KEPT_FAR,   /* the same, but frames between some of them and the parent are left out */
  KEPT_OTHERS /* a leaf for stacks below the parent, whatever their frames */
};

/* A name that can be compared: names are the same if both members are.  */
struct kept_name {
  uint64_t key; /* a number of picture->names, or an address that has no name */
  uint8_t form; /* enum node_kind; another value for addresses that have no name */
};

/* What is counted of blocks in a node, without those of its children.  */
struct kept_sums {
  struct sum made, left, temporary, peak;
};

typedef struct kept_node {
  struct kept_name name;
  uint32_t node;   /* in the tree; of a leaf one of those that it stands for */
  uint32_t weight; /* how much it counts: its largest share in units of 2^-32 */
  uint32_t stacks; /* how many are counted in it */
  uint16_t parent; /* in `nodes`, a KEPT_NODE; the root's is 0 */
  uint8_t kind;    /* enum kept_kind */
  struct kept_sums sums;
} kept_node_t;

DEF_VARR (kept_node_t)
DEF_VARR (uint16_t)

struct kept {
  VARR (kept_node_t) *nodes; /* parents come first; 0: the root */
  /* Where each stack of the tree is counted: an index of `nodes`.  NULL in a copy.  */
  VARR (uint16_t) *places;
};

/* Initialise KEPT with the most important nodes of PICTURE, whose first reading is over.  NAME tells
   the names of nodes.  */
void kept_choose (struct kept *kept, const struct picture *picture,
                  struct kept_name (*name) (const struct picture *, uint32_t node));
/* Initialise COPY as a copy of KEPT that has no `places`.  */
void kept_copy (struct kept *copy, const struct kept *kept);
/* KEPT may also be all zeros.  */
void kept_finish (struct kept *kept);

/* Make do with the most important NUM nodes, NUM > 1: the root, and a leaf for all others.  Set
   PLACES, of KEPT_MAX elements, to where each node is counted now.  */
void kept_reduce (struct kept *kept, size_t num, uint16_t *places);

static inline size_t kept_num (const struct kept *kept) {
  return VARR_LENGTH (kept_node_t, kept->nodes);
}

/* The index in `nodes` of the node that has the numbers of STACK.  */
static inline uint16_t kept_place (const struct kept *kept, uint32_t stack) {
  return VARR_ADDR (uint16_t, kept->places)[stack];
}

#endif /* MIR_REPORT_KEPT_H */
