/* Chooses the nodes that have numbers of their own in the matrix of slices.  */
#include "report/kept.h"

#include <string.h>

#include "report/hash.h"
#include "report/types.h"

enum { AMOUNTS = 5, OTHERS_FORM = UINT8_MAX /* of no name */ };

static const double lost_most = 0.002; /* the share that may come to others at a time */

/* A leaf that is thought of.  */
typedef struct leaf {
  struct kept_name name;
  float amounts[AMOUNTS];
  uint32_t weight;
  uint16_t parent, place; /* in kept->nodes */
  uint8_t kind;           /* enum kept_kind */
  uint8_t stays;          /* 0: it is among the others of its parent */
} leaf_t;

/* A leaf by what distinguishes it from the other ones; kept as its index.  */
typedef struct leaf_ref {
  uint32_t leaf;
} leaf_ref_t;

DEF_VARR (uint32_t)
DEF_VARR (uint64_t)
DEF_VARR (leaf_t)

static inline htab_hash_t hash_leaf (struct leaf_ref ref, void *arg) {
  const struct leaf *leaf = &VARR_ADDR (leaf_t, (VARR (leaf_t) *) arg)[ref.leaf];
  return hash_bits (leaf->name.key * 31 + leaf->parent * 16u + leaf->name.form);
}

static inline int same_leaf (struct leaf_ref a, struct leaf_ref b, void *arg) {
  const struct leaf *leaves = VARR_ADDR (leaf_t, (VARR (leaf_t) *) arg);
  const struct leaf *x = &leaves[a.leaf], *y = &leaves[b.leaf];
  return x->parent == y->parent && x->name.key == y->name.key && x->name.form == y->name.form;
}

DEF_HTAB_BOUND (leaf_ref_t, hash_leaf, same_leaf)

/*---------------- Weights -----------------------------*/

/* One of the amounts by which what has SUMS is judged.  */
static uint64_t amount_of (const struct kept_sums *sums, int amount) {
  switch (amount) {
    case 0:
      return sums->made.bytes;
    case 1:
      return sums->made.blocks;
    case 2:
      return sums->peak.bytes;
    case 3:
      return sums->left.bytes;
    default:
      return sums->temporary.blocks;
  }
}

/* What PART of WHOLE weighs: at least 1 if it is anything.  */
static uint32_t weight_of (double part, double whole) {
  double share = part < whole ? part / whole : 1;
  return part <= 0 ? 0 : 1 + (uint32_t) (share * (UINT32_MAX - 1));
}

static struct kept_sums sums_of (const struct picture *picture, uint32_t node) {
  const struct call_stack *stack = picture_stack (picture, picture_node (picture, node));
  return (struct kept_sums) {stack->made, stack->live, stack->temporary, stack->peak};
}

/* Raise the WEIGHTS of all nodes to their shares of AMOUNT.  BELOW has room for a number per
   node.  Returns the whole AMOUNT.  */
static uint64_t weigh (const struct picture *picture, int amount, uint64_t *below,
                       uint32_t *weights) {
  uint32_t num = (uint32_t) VARR_LENGTH (node_t, picture->nodes);
  for (uint32_t i = 0; i < num; i++) {
    struct kept_sums sums = sums_of (picture, i);
    below[i] = amount_of (&sums, amount);
  }
  for (uint32_t i = num; i-- > 1;) below[picture_node (picture, i)->parent] += below[i];
  for (uint32_t i = 0; i < num; i++) {
    uint32_t weight = weight_of ((double) below[i], (double) below[0]);
    if (weights[i] < weight) weights[i] = weight;
  }
  return below[0];
}

/* All that weigh more than WEIGHT, and the first TIES that weigh as much.  */
struct choice {
  uint32_t weight;
  size_t ties;
};

static size_t num_heavier (const VARR (uint32_t) *weights, uint32_t weight) {
  size_t num = 0;
  for (size_t i = 0; i < VARR_LENGTH (uint32_t, weights); i++)
    num += VARR_ADDR (uint32_t, weights)[i] > weight;
  return num;
}

/* Choose at most NUM, and nothing of the weight 0.  */
static struct choice choose (const VARR (uint32_t) *weights, size_t num) {
  uint32_t from = 0, to = UINT32_MAX;
  while (from < to) {
    uint32_t middle = from + (to - from) / 2;
    if (num_heavier (weights, middle) <= num)
      to = middle;
    else
      from = middle + 1;
  }
  return (struct choice) {from, from == 0 ? 0 : num - num_heavier (weights, from)};
}

/* Whether the next one, of this WEIGHT, is chosen.  */
static int is_chosen (struct choice *choice, uint32_t weight) {
  if (weight != choice->weight || choice->ties == 0) return weight > choice->weight;
  choice->ties--;
  return 1;
}

/*---------------- What is chosen from -----------------------------*/

/* Nodes of the tree, or nodes that are kept so far; parents come first.  */
struct source {
  const struct picture *picture; /* NULL: the second */
  struct kept_name (*name) (const struct picture *, uint32_t node);
  const VARR (kept_node_t) *nodes;
  VARR (uint32_t) *weights; /* 0: of a leaf */
  double totals[AMOUNTS];
};

/* Set *NODE to the one at the index I, and *PARENT to the index of its parent.  */
static void source_get (const struct source *source, uint32_t i, struct kept_node *node,
                        uint32_t *parent) {
  const struct node *place;
  if (source->picture == NULL) {
    *node = VARR_ADDR (kept_node_t, source->nodes)[i];
    *parent = node->parent;
    return;
  }
  place = picture_node (source->picture, i);
  *parent = place->parent;
  *node = (struct kept_node) {.node = i,
                              .kind = KEPT_NODE,
                              .weight = VARR_ADDR (uint32_t, source->weights)[i],
                              .sums = sums_of (source->picture, i)};
  node->stacks = node->sums.made.blocks > 0;
}

static size_t source_num (const struct source *source) {
  return VARR_LENGTH (uint32_t, source->weights);
}

/*---------------- Plans -----------------------------*/

enum { IN_LEAF = 1 << 30 /* larger than all indices of nodes: memory is not that large */ };

/* What could be kept of a source.  */
struct plan {
  const struct source *source;
  size_t num;           /* nodes of the tree that stay; their places are 0, 1, ... */
  VARR (uint32_t) *was; /* the index in the source of each of them */
  /* Of each node of the source: the place where it is counted, or IN_LEAF + the index of a leaf.  */
  VARR (uint32_t) *where;
  VARR (leaf_t) *leaves;
  HTAB (leaf_ref_t) *refs;
};

static void plan_init (struct plan *plan, const struct source *source, MIR_alloc_t alloc) {
  plan->source = source;
  VARR_CREATE (uint32_t, plan->was, alloc, 64);
  VARR_CREATE (uint32_t, plan->where, alloc, source_num (source));
  VARR_CREATE (leaf_t, plan->leaves, alloc, 64);
  HTAB_CREATE_BOUND (leaf_ref_t, plan->refs, alloc, 64, NULL, plan->leaves);
}

static void plan_finish (struct plan *plan) {
  HTAB_DESTROY (leaf_ref_t, plan->refs);
  VARR_DESTROY (leaf_t, plan->leaves);
  VARR_DESTROY (uint32_t, plan->where);
  VARR_DESTROY (uint32_t, plan->was);
}

static struct leaf *leaf_at (const struct plan *plan, size_t leaf) {
  return &VARR_ADDR (leaf_t, plan->leaves)[leaf];
}

/* The place of the nearest node that stays, from the index I upwards.  */
static uint16_t nearest (const struct plan *plan, uint32_t i) {
  uint32_t where = VARR_ADDR (uint32_t, plan->where)[i];
  return where < IN_LEAF ? (uint16_t) where : leaf_at (plan, where - IN_LEAF)->parent;
}

/* What NODE is as a leaf, which does not stay and whose parent had the index PARENT.  */
static struct leaf leaf_of (const struct plan *plan, const struct kept_node *node,
                            uint32_t parent) {
  const struct source *source = plan->source;
  struct leaf leaf = {.name = node->name, .parent = nearest (plan, parent), .kind = node->kind};
  if (source->picture != NULL) leaf.name = source->name (source->picture, node->node);
  if (node->kind == KEPT_OTHERS)
    leaf.name = (struct kept_name) {.form = OTHERS_FORM};
  else if (VARR_GET (uint32_t, plan->was, leaf.parent) != parent)
    leaf.kind = KEPT_FAR;
  else if (node->kind == KEPT_NODE)
    leaf.kind = KEPT_NEAR;
  return leaf;
}

/* The leaf in which NODE is counted.  The table compares leaves in `leaves`, so a leaf is added first
   and removed if it is there.  */
static uint32_t find_leaf (struct plan *plan, const struct kept_node *node, uint32_t parent) {
  struct leaf leaf = leaf_of (plan, node, parent);
  struct leaf_ref ref = {(uint32_t) VARR_LENGTH (leaf_t, plan->leaves)}, found;
  VARR_PUSH (leaf_t, plan->leaves, leaf);
  if (!HTAB_DO (leaf_ref_t, plan->refs, ref, HTAB_INSERT, found)) return ref.leaf;
  VARR_TRUNC (leaf_t, plan->leaves, ref.leaf);
  if (leaf.kind == KEPT_FAR) leaf_at (plan, found.leaf)->kind = KEPT_FAR;
  return found.leaf;
}

/* Count NODE, which does not stay, in its leaf; returns where it is.  */
static uint32_t give_up (struct plan *plan, const struct kept_node *node, uint32_t parent) {
  uint32_t found;
  if (node->stacks == 0) return nearest (plan, parent);
  found = find_leaf (plan, node, parent);
  for (int i = 0; i < AMOUNTS; i++)
    leaf_at (plan, found)->amounts[i] += (float) amount_of (&node->sums, i);
  return IN_LEAF + found;
}

/* Plan to keep at most NUM nodes that are no leaves, and leaves for all others.  */
static void plan_nodes (struct plan *plan, size_t num) {
  struct choice choice = choose (plan->source->weights, num);
  VARR_TRUNC (uint32_t, plan->was, 0);
  VARR_TRUNC (uint32_t, plan->where, 0);
  VARR_TRUNC (leaf_t, plan->leaves, 0);
  HTAB_CLEAR (leaf_ref_t, plan->refs);
  for (uint32_t i = 0; i < source_num (plan->source); i++) {
    uint32_t where = (uint32_t) VARR_LENGTH (uint32_t, plan->was), parent;
    struct kept_node node;
    if (is_chosen (&choice, VARR_ADDR (uint32_t, plan->source->weights)[i])) {
      VARR_PUSH (uint32_t, plan->was, i);
    } else {
      source_get (plan->source, i, &node, &parent);
      where = give_up (plan, &node, parent);
    }
    VARR_PUSH (uint32_t, plan->where, where);
  }
  plan->num = VARR_LENGTH (uint32_t, plan->was);
}

/* Set the weight of LEAF.  */
static void weigh_leaf (struct leaf *leaf, const double *totals) {
  leaf->weight = 0;
  for (int i = 0; i < AMOUNTS; i++) {
    uint32_t weight = weight_of (leaf->amounts[i], totals[i]);
    if (leaf->weight < weight) leaf->weight = weight;
  }
}

/* Choose ROOM leaves that stay, of those that are not alone.  SIBLINGS: how many leaves each node
   has.  If all of these but one are chosen, that one has the room of the node's others.  */
static void choose_leaves (struct plan *plan, size_t room, uint32_t *siblings) {
  size_t num = VARR_LENGTH (leaf_t, plan->leaves);
  VARR (uint32_t) *weights;
  struct choice choice;
  VARR_CREATE (uint32_t, weights, plan->leaves->alloc, num);
  for (size_t i = 0; i < num; i++) {
    const struct leaf *leaf = leaf_at (plan, i);
    int counts = siblings[leaf->parent] > 1 && leaf->kind != KEPT_OTHERS;
    VARR_PUSH (uint32_t, weights, counts ? leaf->weight : 0);
  }
  choice = choose (weights, room);
  for (size_t i = 0; i < num; i++) {
    struct leaf *leaf = leaf_at (plan, i);
    leaf->stays = (uint8_t) is_chosen (&choice, VARR_GET (uint32_t, weights, i));
    siblings[leaf->parent] -= leaf->stays;
  }
  VARR_DESTROY (uint32_t, weights);
  for (size_t i = 0; i < num; i++)
    if (siblings[leaf_at (plan, i)->parent] == 1) leaf_at (plan, i)->stays = 1;
}

/* Plan which leaves stay, so that there are at most NUM nodes.  0: that is not possible.  */
static int plan_leaves (struct plan *plan, size_t num) {
  uint32_t siblings[KEPT_MAX] = {0};
  size_t leaves = VARR_LENGTH (leaf_t, plan->leaves), least = plan->num;
  for (size_t i = 0; i < leaves; i++) {
    struct leaf *leaf = leaf_at (plan, i);
    weigh_leaf (leaf, plan->source->totals);
    least += siblings[leaf->parent]++ == 0;
    leaf->stays = 1;
  }
  if (least > num) return 0;
  if (plan->num + leaves > num) choose_leaves (plan, num - least, siblings);
  return 1;
}

/* The largest share of any amount that comes to others now.  */
static double share_lost (const struct plan *plan) {
  double lost[AMOUNTS] = {0}, most = 0;
  for (size_t i = 0; i < VARR_LENGTH (leaf_t, plan->leaves); i++) {
    const struct leaf *leaf = leaf_at (plan, i);
    for (int j = 0; j < AMOUNTS && !leaf->stays && leaf->kind != KEPT_OTHERS; j++)
      lost[j] += leaf->amounts[j];
  }
  for (int i = 0; i < AMOUNTS; i++)
    if (lost[i] > most * plan->source->totals[i]) most = lost[i] / plan->source->totals[i];
  return most;
}

/* Plan to keep NUM nodes, NUM > 1: as many of the tree as leave so much room for leaves that hardly
   anything comes to others.  That may be one in 16: a node without a leaf for each function below it
   tells less than these.  It is always possible, since a node can do with one leaf.  */
static void plan_all (struct plan *plan, size_t num) {
  size_t part = num_heavier (plan->source->weights, 0) > num ? 2 : 1;
  for (;; part *= 2) {
    plan_nodes (plan, num > part ? num / part : 1);
    if (plan_leaves (plan, num) && (part == 16 || share_lost (plan) <= lost_most)) return;
  }
}

/*---------------- Doing as planned -----------------------------*/

static struct kept_node *kept_at (const struct kept *kept, size_t at) {
  return &VARR_ADDR (kept_node_t, kept->nodes)[at];
}

/* Add a node below PARENT that is to have the numbers of others; returns its place.  */
static uint16_t add_leaf (struct kept *kept, const struct leaf *leaf, enum kept_kind kind) {
  VARR_PUSH (kept_node_t, kept->nodes,
             ((struct kept_node) {.name = leaf->name,
                                  .weight = leaf->weight,
                                  .parent = leaf->parent,
                                  .kind = (uint8_t) kind}));
  return (uint16_t) (kept_num (kept) - 1);
}

static void add_leaves (struct kept *kept, struct plan *plan) {
  uint16_t others[KEPT_MAX] = {0}; /* of each node; 0: it has none */
  for (size_t i = 0; i < VARR_LENGTH (leaf_t, plan->leaves); i++) {
    struct leaf *leaf = leaf_at (plan, i);
    if (leaf->stays) {
      leaf->place = add_leaf (kept, leaf, (enum kept_kind) leaf->kind);
      continue;
    }
    if (others[leaf->parent] == 0) others[leaf->parent] = add_leaf (kept, leaf, KEPT_OTHERS);
    leaf->place = others[leaf->parent];
  }
}

/* Count NODE, which has the index I in the source, in its leaf.  */
static void add_to_leaf (struct kept *kept, struct plan *plan, const struct kept_node *node,
                         uint32_t i) {
  uint16_t place = leaf_at (plan, VARR_GET (uint32_t, plan->where, i) - IN_LEAF)->place;
  struct kept_node *leaf = kept_at (kept, place);
  leaf->node = node->node;
  leaf->stacks += node->stacks;
  sum_join (&leaf->sums.made, &node->sums.made);
  sum_join (&leaf->sums.left, &node->sums.left);
  sum_join (&leaf->sums.temporary, &node->sums.temporary);
  sum_join (&leaf->sums.peak, &node->sums.peak);
  VARR_SET (uint32_t, plan->where, i, place);
}

/* Set KEPT->nodes, which is empty, to what PLAN says, and plan->where to places.  */
static void carry_out (struct kept *kept, struct plan *plan) {
  struct kept_node node;
  uint32_t parent;
  for (size_t i = 0; i < plan->num; i++) {
    source_get (plan->source, VARR_GET (uint32_t, plan->was, i), &node, &parent);
    node.parent = i == 0 ? 0 : (uint16_t) VARR_GET (uint32_t, plan->where, parent);
    VARR_PUSH (kept_node_t, kept->nodes, node);
  }
  add_leaves (kept, plan);
  for (uint32_t i = 0; i < source_num (plan->source); i++) {
    if (VARR_GET (uint32_t, plan->where, i) < IN_LEAF) continue;
    source_get (plan->source, i, &node, &parent);
    add_to_leaf (kept, plan, &node, i);
  }
}

/*---------------- Kept nodes -----------------------------*/

/* Weigh the nodes of the tree.  */
static void weigh_all (struct source *source) {
  const struct picture *picture = source->picture;
  size_t num = VARR_LENGTH (node_t, picture->nodes);
  VARR (uint64_t) *below;
  VARR_CREATE (uint64_t, below, picture->alloc, num);
  VARR_CREATE (uint32_t, source->weights, picture->alloc, num);
  VARR_TAILOR (uint32_t, source->weights, num);
  memset (VARR_ADDR (uint32_t, source->weights), 0, num * sizeof (uint32_t));
  for (int amount = 0; amount < AMOUNTS; amount++)
    source->totals[amount] = (double) weigh (picture, amount, VARR_ADDR (uint64_t, below),
                                             VARR_ADDR (uint32_t, source->weights));
  VARR_SET (uint32_t, source->weights, 0, UINT32_MAX); /* the root always stays */
  VARR_DESTROY (uint64_t, below);
}

void kept_choose (struct kept *kept, const struct picture *picture,
                  struct kept_name (*name) (const struct picture *, uint32_t node)) {
  struct source source = {.picture = picture, .name = name};
  struct plan plan;
  VARR_CREATE (kept_node_t, kept->nodes, picture->alloc, 64);
  VARR_CREATE (uint16_t, kept->places, picture->alloc, VARR_LENGTH (call_stack_t, picture->stacks));
  weigh_all (&source);
  plan_init (&plan, &source, picture->alloc);
  plan_all (&plan, KEPT_MAX);
  carry_out (kept, &plan);
  for (size_t i = 0; i < VARR_LENGTH (call_stack_t, picture->stacks); i++) {
    uint32_t node = VARR_ADDR (call_stack_t, picture->stacks)[i].node;
    VARR_PUSH (uint16_t, kept->places, (uint16_t) VARR_GET (uint32_t, plan.where, node));
  }
  for (size_t i = 0; i < kept_num (kept); i++)
    kept_at (kept, i)->name = name (picture, kept_at (kept, i)->node);
  plan_finish (&plan);
  VARR_DESTROY (uint32_t, source.weights);
}

void kept_copy (struct kept *copy, const struct kept *kept) {
  VARR_CREATE (kept_node_t, copy->nodes, kept->nodes->alloc, kept_num (kept));
  VARR_PUSH_ARR (kept_node_t, copy->nodes, VARR_ADDR (kept_node_t, kept->nodes), kept_num (kept));
  copy->places = NULL;
}

void kept_finish (struct kept *kept) {
  if (kept->nodes != NULL) VARR_DESTROY (kept_node_t, kept->nodes);
  if (kept->places != NULL) VARR_DESTROY (uint16_t, kept->places);
}

void kept_reduce (struct kept *kept, size_t num, uint16_t *places) {
  struct source source = {.nodes = kept->nodes};
  struct kept smaller;
  struct plan plan;
  VARR_CREATE (uint32_t, source.weights, kept->nodes->alloc, kept_num (kept));
  for (size_t i = 0; i < kept_num (kept); i++) {
    const struct kept_node *node = kept_at (kept, i);
    VARR_PUSH (uint32_t, source.weights, node->kind == KEPT_NODE ? node->weight : 0);
    for (int j = 0; j < AMOUNTS; j++) source.totals[j] += (double) amount_of (&node->sums, j);
  }
  plan_init (&plan, &source, kept->nodes->alloc);
  plan_all (&plan, num);
  VARR_CREATE (kept_node_t, smaller.nodes, kept->nodes->alloc, num);
  carry_out (&smaller, &plan);
  for (size_t i = 0; i < kept_num (kept); i++)
    places[i] = (uint16_t) VARR_GET (uint32_t, plan.where, i);
  plan_finish (&plan);
  VARR_DESTROY (uint32_t, source.weights);
  VARR_DESTROY (kept_node_t, kept->nodes);
  kept->nodes = smaller.nodes;
  if (kept->places == NULL) return;
  for (size_t i = 0; i < VARR_LENGTH (uint16_t, kept->places); i++)
    VARR_SET (uint16_t, kept->places, i, places[kept_place (kept, (uint32_t) i)]);
}
