/* Grows the tree of a picture and names its nodes.  */
#include "report/tree.h"

#include "report/hash.h"

/* A node by what distinguishes it from the other children of its parent; kept as its number.  */
typedef struct child {
  uint32_t node;
} child_t;

typedef struct symbol {
  uint64_t address;
  uint32_t name;
} symbol_t;

/* The nodes of stacks that occurred lately, by a hash of the scope and the addresses, so that
   most stacks need not be followed from node to node.  A set is what fits in a cache line.  What
   was found here is compared as a whole, and so nothing need be removed when an address comes to
   belong to another piece.  */
typedef struct stack_ref {
  uint32_t hash, node; /* NODE 0: there is none */
} stack_ref_t;

DEF_VARR (stack_ref_t)

enum { CACHE_SETS = 16384, CACHE_WAYS = 8 };

static inline htab_hash_t hash_child (struct child child, void *arg) {
  const struct node *node = picture_node ((const struct picture *) arg, child.node);
  return hash_bits (node->key * 31 + node->parent * 4 + node->kind);
}

static inline int same_child (struct child a, struct child b, void *arg) {
  const struct node *x = picture_node ((const struct picture *) arg, a.node);
  const struct node *y = picture_node ((const struct picture *) arg, b.node);
  return x->parent == y->parent && x->kind == y->kind && x->key == y->key;
}

DEF_HTAB_BOUND (child_t, hash_child, same_child)
DEF_HTAB_BOUND (symbol_t, HASH_ADDRESS, SAME_ADDRESS)

void tree_init (struct picture *picture) {
  VARR_CREATE (node_t, picture->nodes, picture->alloc, 64);
  HTAB_CREATE_BOUND (child_t, picture->children, picture->alloc, 64, NULL, picture);
  HTAB_CREATE_BOUND (symbol_t, picture->symbols, picture->alloc, 64, NULL, NULL);
  VARR_CREATE (stack_ref_t, picture->cache, picture->alloc, CACHE_SETS * CACHE_WAYS);
  for (size_t i = 0; i < CACHE_SETS * CACHE_WAYS; i++)
    VARR_PUSH (stack_ref_t, picture->cache, ((struct stack_ref) {0, 0}));
  VARR_CREATE (scope_t, picture->scopes, picture->alloc, 16);
  VARR_CREATE (call_stack_t, picture->stacks, picture->alloc, 64);
  VARR_PUSH (node_t, picture->nodes, ((struct node) {.kind = NODE_ROOT}));
  VARR_PUSH (scope_t, picture->scopes, ((struct scope) {.node = 0}));
  VARR_PUSH (call_stack_t, picture->stacks, ((struct call_stack) {.node = 0}));
}

void tree_settle (struct picture *picture) {
  if (picture->children == NULL) return;
  HTAB_DESTROY (child_t, picture->children);
  VARR_DESTROY (stack_ref_t, picture->cache);
}

void tree_finish (struct picture *picture) {
  tree_settle (picture);
  HTAB_DESTROY (symbol_t, picture->symbols);
  VARR_DESTROY (scope_t, picture->scopes);
  VARR_DESTROY (call_stack_t, picture->stacks);
  VARR_DESTROY (node_t, picture->nodes);
}

static void add_scope (struct picture *picture, uint32_t node) {
  VARR_ADDR (node_t, picture->nodes)
  [node].scope = (uint32_t) VARR_LENGTH (scope_t, picture->scopes);
  VARR_PUSH (scope_t, picture->scopes, ((struct scope) {.node = node}));
}

/* The table compares nodes in `nodes`, so the node is added first and removed if it is there
   already.  In the second reading there is nothing to add, unless the file has changed.  */
uint32_t tree_child (struct picture *picture, uint32_t parent, enum node_kind kind, uint64_t key) {
  uint32_t number = (uint32_t) VARR_LENGTH (node_t, picture->nodes);
  struct child child = {number}, found = {parent};
  struct node node = {.key = key,
                      .parent = parent,
                      .scope = picture_node (picture, parent)->scope,
                      .kind = (uint8_t) kind,
                      .depth = (uint8_t) (picture_node (picture, parent)->depth + 1)};
  int known = picture->second;
  VARR_PUSH (node_t, picture->nodes, node);
  if (known)
    HTAB_DO (child_t, picture->children, child, HTAB_FIND, found);
  else
    known = HTAB_DO (child_t, picture->children, child, HTAB_INSERT, found);
  if (known)
    VARR_TRUNC (node_t, picture->nodes, number);
  else if (kind == NODE_SCOPE)
    add_scope (picture, number);
  return found.node;
}

uint32_t tree_stack (struct picture *picture, uint32_t node) {
  struct node *place = &VARR_ADDR (node_t, picture->nodes)[node];
  if (place->stack == 0 && !picture->second) {
    place->stack = (uint32_t) VARR_LENGTH (call_stack_t, picture->stacks);
    VARR_PUSH (call_stack_t, picture->stacks,
               ((struct call_stack) {.node = node, .scope = place->scope}));
  }
  return place->stack;
}

void tree_keep_peak (struct picture *picture) {
  for (size_t i = 0; i < VARR_LENGTH (call_stack_t, picture->stacks); i++) {
    struct call_stack *stack = &VARR_ADDR (call_stack_t, picture->stacks)[i];
    if (stack->peaks != picture->peaks) stack->peak = stack->live;
    stack->peaks = picture->peaks;
  }
}

/*---------------- Stacks -----------------------------*/

/* What the return ADDRESS is as a node: its kind and *KEY.  A return address can lie just behind
   the last byte of the calling function's code, so look up the byte before it.  */
static inline enum node_kind frame_of (const struct picture *picture, uint64_t address,
                                       uint64_t *key) {
  const struct extent *piece = NULL;
  *key = address;
  if (!code_map_may_have (&picture->code, address - 1)) return NODE_ADDRESS;
  piece = code_map_find (&picture->code, address - 1);
  if (piece == NULL) return NODE_ADDRESS;
  *key = piece->name;
  return NODE_CODE;
}

/* Whether NODE is what the stack of RECORD below SCOPE leads to.  */
static int is_stack (const struct picture *picture, uint32_t scope, const struct record *record,
                     uint32_t node) {
  for (size_t i = 0; i < record->stack_num; i++) {
    const struct node *place = picture_node (picture, node);
    uint64_t key;
    if (place->kind != frame_of (picture, record->stack[i], &key) || place->key != key) return 0;
    node = place->parent;
  }
  return node == scope;
}

static uint32_t follow_stack (struct picture *picture, uint32_t node, const struct record *record) {
  for (size_t i = record->stack_num; i-- > 0;) {
    uint64_t key;
    enum node_kind kind = frame_of (picture, record->stack[i], &key);
    node = tree_child (picture, node, kind, key);
  }
  return node;
}

static uint64_t hash_stack (uint32_t scope, const struct record *record) {
  return (record->stack_hash ^ scope) * 0x9e3779b97f4a7c15u;
}

/* The set of HASH.  */
static struct stack_ref *cache_set (struct picture *picture, uint64_t hash) {
  return &VARR_ADDR (stack_ref_t, picture->cache)[(hash >> 18) % CACHE_SETS * CACHE_WAYS];
}

/* The ref of SET that makes room for one with HASH: one that is free, or any.  */
static struct stack_ref *victim_of (struct stack_ref *set, uint32_t hash) {
  for (int i = 0; i < CACHE_WAYS; i++)
    if (set[i].node == 0) return &set[i];
  return &set[hash % CACHE_WAYS];
}

uint32_t tree_caller (struct picture *picture, uint32_t scope, const struct record *record) {
  if (record->stack_num == 0) return scope;
  uint64_t hash = hash_stack (scope, record);
  uint32_t tag = (uint32_t) (hash >> 32), node;
  struct stack_ref *set = cache_set (picture, hash);
  for (int i = 0; i < CACHE_WAYS; i++)
    if (set[i].hash == tag && set[i].node != 0 && is_stack (picture, scope, record, set[i].node))
      return set[i].node;
  node = follow_stack (picture, scope, record);
  *victim_of (set, tag) = (struct stack_ref) {tag, node};
  return node;
}

void tree_expect (struct picture *picture, uint32_t scope, const struct record *record) {
  if (record->stack_num > 0) HASH_PREFETCH (cache_set (picture, hash_stack (scope, record)));
}

void tree_add_symbol (struct picture *picture, uint64_t address, uint32_t name) {
  struct symbol symbol = {address, name};
  HTAB_DO (symbol_t, picture->symbols, symbol, HTAB_REPLACE, symbol);
}

struct kept_name tree_name (const struct picture *picture, uint32_t node) {
  enum { UNNAMED = NODE_ADDRESS + 1 };
  const struct node *place = picture_node (picture, node);
  struct symbol symbol = {place->key, 0};
  if (place->kind != NODE_ADDRESS) return (struct kept_name) {place->key, place->kind};
  if (HTAB_DO (symbol_t, picture->symbols, symbol, HTAB_FIND, symbol))
    return (struct kept_name) {symbol.name, NODE_ADDRESS};
  return (struct kept_name) {place->key, UNNAMED};
}

const char *tree_node_name (const struct picture *picture, const struct node *node,
                            char buffer[TREE_NAME_MAX]) {
  struct symbol symbol = {node->key, 0};
  if (node->kind == NODE_ROOT) return "(no scope)";
  if (node->kind != NODE_ADDRESS)
    return names_text_or (&picture->names, (uint32_t) node->key, "(no name)");
  if (HTAB_DO (symbol_t, picture->symbols, symbol, HTAB_FIND, symbol))
    return names_text (&picture->names, symbol.name);
  snprintf (buffer, TREE_NAME_MAX, "0x%llx", (unsigned long long) node->key);
  return buffer;
}
