/* Keeps the live blocks of a picture and counts what happens to blocks.  */
#include "report/blocks.h"

#include "report/hash.h"
#include "report/tree.h"

DEF_HTAB_BOUND (block_t, HASH_ADDRESS, SAME_ADDRESS)

void blocks_init (struct picture *picture) {
  HTAB_CREATE_BOUND (block_t, picture->blocks, picture->alloc, 1024, NULL, NULL);
}

void blocks_finish (struct picture *picture) {
  HTAB_DESTROY (block_t, picture->blocks);
}

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

static void add (struct sum *sum, uint64_t size) {
  sum->blocks++;
  sum->bytes += size;
}

static void subtract (struct sum *sum, uint64_t size) {
  sum->blocks--;
  sum->bytes -= size;
}

/* Count that BLOCK, which has left the table, is no longer live.  */
static void count_gone (struct picture *picture, const struct block *block) {
  struct node *node = tree_node (picture, block->node);
  picture->classes[class_of (block->size)].live--;
  subtract (&picture->totals.live, block->size);
  subtract (&node->live, block->size);
  tree_node (picture, node->scope)->scope_live -= block->size;
}

/* BLOCK, which has left the table, was freed at TIME.  */
static void count_freed (struct picture *picture, const struct block *block, uint64_t time) {
  count_gone (picture, block);
  add (&picture->lifetimes[lifetime_of (time - block->time)], block->size);
}

/* Move the block at ADDRESS from the table to BLOCK.  0: there is none.  */
static int take_block (struct picture *picture, uint64_t address, struct block *block) {
  struct block key = {.address = address};
  return HTAB_DO (block_t, picture->blocks, key, HTAB_FIND, *block)
         && HTAB_DO (block_t, picture->blocks, key, HTAB_DELETE, key);
}

/* A block that is already at this address was freed before the trace could see it.  */
static void put_block (struct picture *picture, const struct block *block, uint64_t time) {
  struct block old;
  if (take_block (picture, block->address, &old)) {
    picture->totals.strange++;
    count_freed (picture, &old, time);
  }
  HTAB_DO (block_t, picture->blocks, *block, HTAB_INSERT, old);
}

/* SIZE more bytes are live in SCOPE.  */
static void count_scope (struct node *scope, uint64_t size) {
  scope->scope_live += size;
  if (scope->scope_most < scope->scope_live) scope->scope_most = scope->scope_live;
}

/* Count that BLOCK was allocated or reallocated.  Returns 0; or -1 if no program can have so many
   bytes.  */
static int count_made (struct picture *picture, const struct block *block, uint64_t time) {
  struct totals *totals = &picture->totals;
  struct size_class *size_class = &picture->classes[class_of (block->size)];
  struct thread *thread = &VARR_ADDR (thread_t, picture->threads)[picture->thread];
  struct node *node = tree_node (picture, block->node);
  if (block->size >= READER_MAX_SIZE || totals->made.bytes >= READER_MAX_SIZE) return -1;
  put_block (picture, block, time);
  size_class->made++;
  size_class->made_bytes += block->size;
  size_class->live++;
  add (&totals->made, block->size);
  add (&totals->live, block->size);
  add (&node->made, block->size);
  add (&node->live, block->size);
  count_scope (tree_node (picture, node->scope), block->size);
  add (&thread->made, block->size);
  return 0;
}

/*---------------- Events -----------------------------*/

int blocks_on_allocation (struct picture *picture, struct thread *thread,
                          const struct record *record) {
  struct block block = {.address = record->address,
                        .size = record->size,
                        .time = record->time,
                        .node = tree_caller (picture, thread->node, record),
                        .thread = picture->thread};
  return count_made (picture, &block, record->time);
}

void blocks_on_free (struct picture *picture, struct thread *thread, const struct record *record) {
  struct block block;
  picture->totals.frees++;
  thread->frees++;
  if (!take_block (picture, record->address, &block)) {
    picture->totals.strange++;
    return;
  }
  if (block.thread != picture->thread) thread->foreign_frees++;
  count_freed (picture, &block, record->time);
}

void blocks_on_realloc (struct picture *picture, struct thread *thread,
                        const struct record *record) {
  struct realloc_call *call = &thread->realloc;
  call->node = tree_caller (picture, thread->node, record);
  call->size = record->size;
  call->state = REALLOC_OF_BLOCK;
  if (take_block (picture, record->address, &call->old)) return;
  call->state = REALLOC_OF_UNKNOWN;
  picture->totals.strange++;
}

void blocks_on_realloc_failed (struct picture *picture, struct thread *thread, uint64_t time) {
  if (thread->realloc.state == REALLOC_OF_BLOCK) put_block (picture, &thread->realloc.old, time);
  thread->realloc.state = REALLOC_NONE;
}

int blocks_on_realloc_done (struct picture *picture, struct thread *thread,
                            const struct record *record) {
  struct realloc_call *call = &thread->realloc;
  struct block block = {.address = record->address,
                        .size = call->size,
                        .time = record->time,
                        .node = call->node,
                        .thread = picture->thread};
  enum realloc_state state = call->state;
  call->state = REALLOC_NONE;
  if (state == REALLOC_NONE) { /* the trace lacks its beginning, which has the size */
    picture->totals.strange++;
    return 0;
  }
  if (state == REALLOC_OF_BLOCK) {
    block.time = call->old.time;
    count_gone (picture, &call->old);
  }
  return count_made (picture, &block, record->time);
}
