/* Keeps the live blocks of a picture and counts what happens to blocks.  */
#include "report/blocks.h"

#include "report/tree.h"

/*---------------- Counting -----------------------------*/

/* The index of the size class of SIZE, and of the lifetime TIME, in nanoseconds.  */
static unsigned class_of (uint64_t size) {
  unsigned kind = 0;
  for (; size != 0; size >>= 1) kind++;
  return kind;
}

static unsigned lifetime_of (uint64_t time) {
  unsigned kind = 0;
  for (uint64_t bound = 1000; kind < PICTURE_LIFETIMES - 1 && time >= bound; bound *= 10) kind++;
  return kind;
}

/* STACK->live is about to change: keep it if it belongs to the last peak.  */
static void keep_peak (const struct picture *picture, struct call_stack *stack) {
  if (stack->peaks == picture->peaks) return;
  stack->peaks = picture->peaks;
  stack->peak = stack->live;
}

static struct call_stack *stack_of (struct picture *picture, const struct block *block) {
  return &VARR_ADDR (call_stack_t, picture->stacks)[block->stack];
}

/* Count in the matrix that BLOCK ends in the slice ENDED.  */
static void count_move (struct picture *picture, const struct block *block, unsigned ended) {
  slices_add (&picture->slices, &picture->kept, block->stack, (unsigned) block->since, ended,
              block->size);
}

/* The live bytes of the layer of BLOCK, in the second reading.  */
static uint64_t *layer_of (struct picture *picture, const struct block *block) {
  return &picture->layers.now[VARR_ADDR (uint8_t, picture->layers.of_stacks)[block->stack]];
}

/* Count that BLOCK, which has left the table, is no longer live.  */
static void count_gone (struct picture *picture, const struct block *block) {
  struct call_stack *stack;
  sum_subtract (&picture->totals.live, block->size);
  if (picture->second) {
    *layer_of (picture, block) -= block->size;
    count_move (picture, block, picture->slices.now);
    return;
  }
  stack = stack_of (picture, block);
  keep_peak (picture, stack);
  VARR_ADDR (scope_t, picture->scopes)[stack->scope].live -= block->size;
  picture->classes[class_of (block->size)].live--;
  sum_subtract (&stack->live, block->size);
}

/* BLOCK, which has left the table, was freed at TIME.  */
static void count_freed (struct picture *picture, const struct block *block, uint64_t time) {
  count_gone (picture, block);
  if (!picture->second)
    sum_add (&picture->lifetimes[lifetime_of (time - block->since)], block->size);
}

/* BLOCK was a temporary one.  */
static void count_temporary (struct picture *picture, const struct block *block) {
  sum_add (&picture->totals.temporary, block->size);
  if (picture->second)
    count_move (picture, block, SLICES_TEMPORARY);
  else
    sum_add (&stack_of (picture, block)->temporary, block->size);
}

/* A block that is already at this address was freed before the trace could see it.  */
static void put_block (struct picture *picture, const struct block *block, uint64_t time) {
  struct block old;
  while (!block_table_put (&picture->blocks, block)) {
    block_table_take (&picture->blocks, block->address, &old);
    picture->totals.strange++;
    count_freed (picture, &old, time);
  }
}

/* SIZE more bytes are live in SCOPE.  */
static void count_scope (struct scope *scope, uint64_t size) {
  scope->live += size;
  if (scope->most < scope->live) scope->most = scope->live;
}

/* Count in its stack, scope and class that BLOCK was made.  */
static void count_in_stack (struct picture *picture, const struct block *block) {
  struct size_class *size_class = &picture->classes[class_of (block->size)];
  struct call_stack *stack = stack_of (picture, block);
  keep_peak (picture, stack);
  size_class->made++;
  size_class->made_bytes += block->size;
  size_class->live++;
  sum_add (&stack->made, block->size);
  sum_add (&stack->live, block->size);
  count_scope (&VARR_ADDR (scope_t, picture->scopes)[stack->scope], block->size);
}

/* Count that BLOCK was allocated or reallocated in NODE.  */
static void count_made (struct picture *picture, uint32_t node, struct block *block,
                        uint64_t time) {
  struct totals *totals = &picture->totals;
  struct thread *thread = &VARR_ADDR (thread_t, picture->threads)[picture->thread];
  block->stack = tree_stack (picture, node);
  if (picture->second) block->since = picture->slices.now;
  put_block (picture, block, time);
  sum_add (&totals->made, block->size);
  sum_add (&totals->live, block->size);
  sum_add (&thread->made, block->size);
  thread->newest = block->address;
  if (picture->second)
    *layer_of (picture, block) += block->size;
  else
    count_in_stack (picture, block);
}

/*---------------- Events -----------------------------*/

int blocks_have_room (const struct picture *picture, uint64_t size) {
  return size < READER_MAX_SIZE && picture->totals.made.bytes < READER_MAX_SIZE;
}

void blocks_on_allocation (struct picture *picture, struct thread *thread,
                           const struct record *record) {
  struct block block = {.address = record->address,
                        .size = record->size,
                        .since = record->time,
                        .thread = picture->thread};
  count_made (picture, tree_caller (picture, thread->node, record), &block, record->time);
}

void blocks_on_free (struct picture *picture, struct thread *thread, const struct record *record) {
  struct block block;
  picture->totals.frees++;
  thread->frees++;
  if (!block_table_take (&picture->blocks, record->address, &block)) {
    picture->totals.strange++;
    return;
  }
  if (block.thread != picture->thread)
    thread->foreign_frees++;
  else if (thread->newest == block.address) /* and so this very block is its newest one */
    count_temporary (picture, &block);
  count_freed (picture, &block, record->time);
}

void blocks_on_realloc (struct picture *picture, struct thread *thread,
                        const struct record *record) {
  struct realloc_call *call = &thread->realloc;
  call->node = tree_caller (picture, thread->node, record);
  call->size = record->size;
  call->state = REALLOC_OF_BLOCK;
  if (block_table_take (&picture->blocks, record->address, &call->old)) return;
  call->state = REALLOC_OF_UNKNOWN;
  picture->totals.strange++;
}

void blocks_on_realloc_failed (struct picture *picture, struct thread *thread, uint64_t time) {
  if (thread->realloc.state == REALLOC_OF_BLOCK) put_block (picture, &thread->realloc.old, time);
  thread->realloc.state = REALLOC_NONE;
}

void blocks_on_realloc_done (struct picture *picture, struct thread *thread,
                             const struct record *record) {
  struct realloc_call *call = &thread->realloc;
  struct block block = {.address = record->address,
                        .size = call->size,
                        .since = record->time,
                        .thread = picture->thread};
  enum realloc_state state = call->state;
  call->state = REALLOC_NONE;
  if (state == REALLOC_NONE) { /* the trace lacks its beginning, which has the size */
    picture->totals.strange++;
    return;
  }
  if (state == REALLOC_OF_BLOCK) {
    block.since = call->old.since;
    count_gone (picture, &call->old);
  }
  count_made (picture, call->node, &block, record->time);
}

/*---------------- The end -----------------------------*/

void blocks_count_left (struct picture *picture) {
  VARR (block_t) *places = picture->blocks.places;
  for (size_t i = 0; i < VARR_LENGTH (block_t, places); i++) {
    const struct block *block = &VARR_ADDR (block_t, places)[i];
    if (!block_table_is_free (block)) count_move (picture, block, SLICES_NEVER);
  }
  for (size_t i = 0; i < VARR_LENGTH (thread_t, picture->threads); i++) {
    const struct realloc_call *call = &VARR_ADDR (thread_t, picture->threads)[i].realloc;
    if (call->state == REALLOC_OF_BLOCK) count_move (picture, &call->old, SLICES_NEVER);
  }
}
