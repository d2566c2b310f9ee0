/* Grows the tree of a picture and names its nodes.  */
#include "report/tree.h"

#include "report/hash.h"

/* A node by what distinguishes it from the other children of PARENT.  */
typedef struct child {
  uint32_t parent, node;
  enum node_kind kind;
  uint64_t key; /* name or address */
} child_t;

typedef struct symbol {
  uint64_t address;
  uint32_t name;
} symbol_t;

#define HASH_CHILD(C, ARG) \
  ((void) (ARG), hash_bits ((C).key * 31 + (C).parent * 4 + (uint64_t) (C).kind))
#define SAME_CHILD(A, B, ARG) \
  ((A).parent == (B).parent && (A).kind == (B).kind && (A).key == (B).key)

DEF_HTAB_BOUND (child_t, HASH_CHILD, SAME_CHILD)
DEF_HTAB_BOUND (symbol_t, HASH_ADDRESS, SAME_ADDRESS)

void tree_init (struct picture *picture) {
  VARR_CREATE (node_t, picture->nodes, picture->alloc, 64);
  HTAB_CREATE_BOUND (child_t, picture->children, picture->alloc, 64, NULL, NULL);
  HTAB_CREATE_BOUND (symbol_t, picture->symbols, picture->alloc, 64, NULL, NULL);
  VARR_PUSH (node_t, picture->nodes, ((struct node) {.kind = NODE_ROOT}));
}

void tree_finish (struct picture *picture) {
  HTAB_DESTROY (symbol_t, picture->symbols);
  HTAB_DESTROY (child_t, picture->children);
  VARR_DESTROY (node_t, picture->nodes);
}

uint32_t tree_child (struct picture *picture, uint32_t parent, enum node_kind kind, uint64_t key) {
  uint32_t number = (uint32_t) VARR_LENGTH (node_t, picture->nodes);
  /* In the order of the members: parent, node, kind, key.  */
  struct child child = {parent, number, kind, key}, found;
  struct node node = {
      .kind = kind, .parent = parent, .depth = tree_node (picture, parent)->depth + 1};
  if (HTAB_DO (child_t, picture->children, child, HTAB_INSERT, found)) return found.node;
  node.name = kind == NODE_ADDRESS ? 0 : (uint32_t) key;
  node.address = kind == NODE_ADDRESS ? key : 0;
  node.scope = kind == NODE_SCOPE ? number : tree_node (picture, parent)->scope;
  VARR_PUSH (node_t, picture->nodes, node);
  return number;
}

/* A return address can lie just behind the last byte of the calling function's code, so look up the
   byte before it.  */
uint32_t tree_caller (struct picture *picture, uint32_t scope, const struct record *record) {
  uint32_t node = scope;
  for (size_t i = record->stack_num; i-- > 0;) {
    const struct extent *piece = code_map_find (&picture->code, record->stack[i] - 1);
    node = piece != NULL ? tree_child (picture, node, NODE_CODE, piece->name)
                         : tree_child (picture, node, NODE_ADDRESS, record->stack[i]);
  }
  return node;
}

void tree_add_symbol (struct picture *picture, uint64_t address, uint32_t name) {
  struct symbol symbol = {address, name};
  HTAB_DO (symbol_t, picture->symbols, symbol, HTAB_REPLACE, symbol);
}

const char *tree_node_name (const struct picture *picture, const struct node *node,
                            char buffer[TREE_NAME_MAX]) {
  struct symbol symbol = {node->address, 0};
  if (node->kind == NODE_ROOT) return "(no scope)";
  if (node->kind == NODE_ADDRESS) {
    if (HTAB_DO (symbol_t, picture->symbols, symbol, HTAB_FIND, symbol))
      return names_text (&picture->names, symbol.name);
    snprintf (buffer, TREE_NAME_MAX, "0x%llx", (unsigned long long) node->address);
    return buffer;
  }
  return names_text_or (&picture->names, node->name, "(no name)");
}
