/* The tree of a picture: scopes, and below them the callers of allocations.  A node is an index, 0
   the root; types.h has the words.  One thread.  */
#ifndef MIR_REPORT_TREE_H
#define MIR_REPORT_TREE_H

#include "report/types.h"

enum { TREE_NAME_MAX = 24 /* bytes */ };

/* Make and free the nodes and their tables.  */
void tree_init (struct picture *picture);
void tree_finish (struct picture *picture);
/* Free what finds nodes: the tree is complete.  */
void tree_settle (struct picture *picture);

/* The child of the node PARENT that has KEY, a name or for NODE_ADDRESS an address; a new one if
   there is none.  */
uint32_t tree_child (struct picture *picture, uint32_t parent, enum node_kind kind, uint64_t key);
/* The node below the node SCOPE for the stack of RECORD; SCOPE itself if RECORD has no stack.  */
uint32_t tree_caller (struct picture *picture, uint32_t scope, const struct record *record);
/* Begin to load what tree_caller will look at.  */
void tree_expect (struct picture *picture, uint32_t scope, const struct record *record);
/* The index of the stack of the node NODE; a new one if there is none.  */
uint32_t tree_stack (struct picture *picture, uint32_t node);
/* Set `peak` of all stacks.  */
void tree_keep_peak (struct picture *picture);
/* Name a return address.  */
void tree_add_symbol (struct picture *picture, uint64_t address, uint32_t name);
/* What names the node NODE.  */
struct kept_name tree_name (const struct picture *picture, uint32_t node);
/* The text that names NODE.  It is in BUFFER, or valid until the next name is added.  */
const char *tree_node_name (const struct picture *picture, const struct node *node,
                            char buffer[TREE_NAME_MAX]);

#endif /* MIR_REPORT_TREE_H */
