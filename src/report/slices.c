/* Keeps the matrix of slices.  */
#include "report/slices.h"

#include <stdlib.h>
#include <string.h>

#include "report/hash.h"

/* Where the sum of a node and two slices is.  */
typedef struct move_ref {
  uint32_t key;   /* node, born, ended */
  uint32_t index; /* of `moves` */
} move_ref_t;

#define HASH_MOVE(REF, ARG) ((void) (ARG), hash_bits ((REF).key))
#define SAME_MOVE(A, B, ARG) ((A).key == (B).key)

DEF_HTAB_BOUND (move_ref_t, HASH_MOVE, SAME_MOVE)

/* What is given up first: nodes down to NODES_MANY, slices to SLICES_ENOUGH, nodes to NODES_ENOUGH,
   slices to one, the other nodes.  */
enum { NODES_MANY = 2000, SLICES_ENOUGH = 32, NODES_ENOUGH = 500 };

/* Whether slices are to be joined next; otherwise nodes are to be merged.  */
static int joins_next (const struct slices *slices, size_t nodes) {
  if (slices_num (slices) == 1 || nodes > NODES_MANY) return 0;
  return slices_num (slices) > SLICES_ENOUGH || nodes <= NODES_ENOUGH;
}

void slices_init (struct slices *slices, MIR_alloc_t alloc, size_t num, uint64_t width) {
  size_t bins = (num + SLICES_MAX - 1) / SLICES_MAX; /* of a slice */
  slices->width = width * bins;
  slices->first_num = (num + bins - 1) / bins;
  slices->joins = 0;
  slices->now = 0;
  slices->now_bound = 0;
  VARR_CREATE (move_t, slices->moves, alloc, 64);
  HTAB_CREATE_BOUND (move_ref_t, slices->indices, alloc, 64, NULL, NULL);
}

void slices_finish (struct slices *slices) {
  if (slices->moves != NULL) VARR_DESTROY (move_t, slices->moves);
  if (slices->indices != NULL) HTAB_DESTROY (move_ref_t, slices->indices);
}

void slices_set_time (struct slices *slices, uint64_t time) {
  if (time < slices->now_bound) return;
  while (slices->now + 1 < slices->first_num && time >= (slices->now + 1) * slices->width)
    slices->now++;
  slices->now_bound =
      slices->now + 1 < slices->first_num ? (slices->now + 1) * slices->width : UINT64_MAX;
}

/* Add MOVE, whose slices are joined ones.  */
static void add_move (struct slices *slices, const struct move *move) {
  struct move_ref ref = {(uint32_t) move->node << 16 | (uint32_t) move->born << 8 | move->ended,
                         (uint32_t) VARR_LENGTH (move_t, slices->moves)};
  if (!HTAB_DO (move_ref_t, slices->indices, ref, HTAB_INSERT, ref))
    VARR_PUSH (move_t, slices->moves, *move);
  else
    sum_join (&VARR_ADDR (move_t, slices->moves)[ref.index].sum, &move->sum);
}

/* Count all moves anew, their slices joined JOINS times more, their nodes at PLACES, or where they
   are if PLACES is NULL.  Each takes the room of one that has been read.  */
static void count_anew (struct slices *slices, unsigned joins, const uint16_t *places) {
  size_t num = VARR_LENGTH (move_t, slices->moves);
  VARR_TRUNC (move_t, slices->moves, 0);
  HTAB_CLEAR (move_ref_t, slices->indices);
  for (size_t i = 0; i < num; i++) {
    struct move move = VARR_ADDR (move_t, slices->moves)[i];
    if (places != NULL) move.node = places[move.node];
    move.born = (uint8_t) (move.born >> joins);
    if (move.ended < SLICES_NEVER) move.ended = (uint8_t) (move.ended >> joins);
    add_move (slices, &move);
  }
  slices->joins += joins;
}

void slices_copy (struct slices *copy, const struct slices *slices) {
  *copy = *slices;
  VARR_CREATE (move_t, copy->moves, slices->moves->alloc, VARR_LENGTH (move_t, slices->moves));
  VARR_PUSH_ARR (move_t, copy->moves, VARR_ADDR (move_t, slices->moves),
                 VARR_LENGTH (move_t, slices->moves));
  HTAB_CREATE_BOUND (move_ref_t, copy->indices, slices->moves->alloc, 64, NULL, NULL);
}

int slices_reduce (struct slices *slices, struct kept *kept) {
  size_t nodes = kept_num (kept);
  uint16_t places[KEPT_MAX];
  if (joins_next (slices, nodes)) {
    count_anew (slices, 1, NULL);
    return 1;
  }
  if (nodes <= 2) return 0;
  kept_reduce (kept, nodes - (nodes + 3) / 4, places);
  count_anew (slices, 0, places);
  return 1;
}

/* After a reduction there is room for a while.  */
static void make_room (struct slices *slices, struct kept *kept) {
  if (VARR_LENGTH (move_t, slices->moves) < SLICES_MOVES_MAX) return;
  while (VARR_LENGTH (move_t, slices->moves) > SLICES_MOVES_MAX / 4 * 3)
    if (!slices_reduce (slices, kept)) break;
}

void slices_add (struct slices *slices, struct kept *kept, uint32_t stack, unsigned born,
                 unsigned ended, uint64_t size) {
  struct move move = {.node = kept_place (kept, stack),
                      .born = (uint8_t) (born >> slices->joins),
                      .ended = (uint8_t) (ended < SLICES_NEVER ? ended >> slices->joins : ended),
                      .sum = {.blocks = 1, .bytes = size}};
  add_move (slices, &move);
  make_room (slices, kept);
}

static int by_place (const void *a, const void *b) {
  const struct move *x = (const struct move *) a, *y = (const struct move *) b;
  if (x->node != y->node) return x->node < y->node ? -1 : 1;
  if (x->born != y->born) return x->born < y->born ? -1 : 1;
  return x->ended < y->ended ? -1 : x->ended > y->ended;
}

void slices_sort (struct slices *slices) {
  HTAB_CLEAR (move_ref_t, slices->indices);
  qsort (VARR_ADDR (move_t, slices->moves), VARR_LENGTH (move_t, slices->moves),
         sizeof (struct move), by_place);
}
