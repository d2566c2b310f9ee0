/* Keeps a tree whose nodes are found by parent and name.  */
#include "report/joined.h"

#include "report/hash.h"

/* A node by what distinguishes it from all others.  */
typedef struct joined_key {
  uint32_t parent, name, node;
} joined_key_t;

#define HASH_JOINED(KEY, ARG) ((void) (ARG), hash_bits ((uint64_t) (KEY).parent << 32 | (KEY).name))
#define SAME_JOINED(A, B, ARG) ((A).parent == (B).parent && (A).name == (B).name)

DEF_HTAB_BOUND (joined_key_t, HASH_JOINED, SAME_JOINED)

void joined_init (struct joined *joined, MIR_alloc_t alloc) {
  names_init (&joined->names, alloc);
  VARR_CREATE (joined_node_t, joined->nodes, alloc, 64);
  HTAB_CREATE_BOUND (joined_key_t, joined->keys, alloc, 64, NULL, NULL);
  VARR_PUSH (joined_node_t, joined->nodes, ((struct joined_node) {0}));
}

void joined_finish (struct joined *joined) {
  HTAB_DESTROY (joined_key_t, joined->keys);
  VARR_DESTROY (joined_node_t, joined->nodes);
  names_finish (&joined->names);
}

uint32_t joined_child (struct joined *joined, uint32_t parent, const char *text, size_t len) {
  struct joined_key key = {.parent = parent, .name = names_add (&joined->names, text, len)}, found;
  key.node = (uint32_t) joined_num (joined);
  if (HTAB_DO (joined_key_t, joined->keys, key, HTAB_INSERT, found)) return found.node;
  VARR_PUSH (joined_node_t, joined->nodes,
             ((struct joined_node) {.parent = parent, .name = key.name}));
  return key.node;
}
