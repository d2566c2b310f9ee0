/* The tree of a picture: scopes, and below them the callers of allocations.  A node is an index, 0
   the root; types.h has the words.  One thread.  */
#ifndef MIR_REPORT_TREE_H
#define MIR_REPORT_TREE_H

#include "report/types.h"

enum { TREE_NAME_MAX = 24 /* bytes */ };

/* Make and free the nodes and their tables.  */
void tree_init (struct picture *picture);
void tree_finish (struct picture *picture);

/* The child of the node PARENT that has KEY, a name or for NODE_ADDRESS an address; a new one if
   there is none.  */
uint32_t tree_child (struct picture *picture, uint32_t parent, enum node_kind kind, uint64_t key);
/* The node below the node SCOPE for the stack of RECORD; SCOPE itself if RECORD has no stack.  */
uint32_t tree_caller (struct picture *picture, uint32_t scope, const struct record *record);
/* Name a return address.  */
void tree_add_symbol (struct picture *picture, uint64_t address, uint32_t name);
/* The text that names NODE.  It is in BUFFER, or valid until the next name is added.  */
const char *tree_node_name (const struct picture *picture, const struct node *node,
                            char buffer[TREE_NAME_MAX]);

/* Valid until a node is added.  */
static inline struct node *tree_node (struct picture *picture, uint32_t node) {
  return &VARR_ADDR (node_t, picture->nodes)[node];
}

#endif /* MIR_REPORT_TREE_H */
