#include "picture.h"

#include <string.h>

/*---------------- Tables -----------------------------*/

static htab_hash_t hash_child (child_t child, void *arg) {
  (void) arg;
  return hash_bits (child.key * 31 + child.parent * 4 + (uint64_t) child.kind);
}

static int same_child (child_t a, child_t b, void *arg) {
  (void) arg;
  return a.parent == b.parent && a.kind == b.kind && a.key == b.key;
}

static htab_hash_t hash_block (block_t block, void *arg) {
  (void) arg;
  return hash_bits (block.address);
}

static int same_block (block_t a, block_t b, void *arg) {
  (void) arg;
  return a.address == b.address;
}

static htab_hash_t hash_thread (thread_ref_t ref, void *arg) {
  (void) arg;
  return hash_bits (ref.number);
}

static int same_thread (thread_ref_t a, thread_ref_t b, void *arg) {
  (void) arg;
  return a.number == b.number;
}

static htab_hash_t hash_symbol (symbol_t symbol, void *arg) {
  (void) arg;
  return hash_bits (symbol.address);
}

static int same_symbol (symbol_t a, symbol_t b, void *arg) {
  (void) arg;
  return a.address == b.address;
}

void picture_init (struct picture *picture, MIR_alloc_t alloc) {
  memset (picture, 0, sizeof (*picture));
  picture->alloc = alloc;
  timeline_init (&picture->timeline);
  names_init (&picture->names, alloc);
  code_map_init (&picture->code, alloc);
  VARR_CREATE (node_t, picture->nodes, alloc, 64);
  VARR_CREATE (thread_t, picture->threads, alloc, 8);
  HTAB_CREATE (child_t, picture->children, alloc, 64, hash_child, same_child, NULL);
  HTAB_CREATE (block_t, picture->blocks, alloc, 1024, hash_block, same_block, NULL);
  HTAB_CREATE (thread_ref_t, picture->thread_refs, alloc, 8, hash_thread, same_thread, NULL);
  HTAB_CREATE (symbol_t, picture->symbols, alloc, 64, hash_symbol, same_symbol, NULL);
  VARR_PUSH (node_t, picture->nodes, ((node_t){.kind = NODE_ROOT}));
}

void picture_finish (struct picture *picture) {
  HTAB_DESTROY (symbol_t, picture->symbols);
  HTAB_DESTROY (thread_ref_t, picture->thread_refs);
  HTAB_DESTROY (block_t, picture->blocks);
  HTAB_DESTROY (child_t, picture->children);
  VARR_DESTROY (thread_t, picture->threads);
  VARR_DESTROY (node_t, picture->nodes);
  code_map_finish (&picture->code_peak);
  code_map_finish (&picture->code);
  names_finish (&picture->names);
}

/*---------------- Nodes -----------------------------*/

static node_t *node_at (struct picture *picture, uint32_t node) {
  return &VARR_ADDR (node_t, picture->nodes)[node];
}

/* The child of PARENT which has KEY, a new one if need be.  */
static uint32_t child_of (struct picture *picture, uint32_t parent, enum node_kind kind,
                          uint64_t key) {
  uint32_t number = (uint32_t) VARR_LENGTH (node_t, picture->nodes);
  child_t child = {parent, number, kind, key}, found;
  node_t node = {.kind = kind, .parent = parent, .depth = node_at (picture, parent)->depth + 1};

  if (HTAB_DO (child_t, picture->children, child, HTAB_INSERT, found)) return found.node;
  node.name = kind == NODE_ADDRESS ? 0 : (uint32_t) key;
  node.address = kind == NODE_ADDRESS ? key : 0;
  node.scope = kind == NODE_SCOPE ? number : node_at (picture, parent)->scope;
  VARR_PUSH (node_t, picture->nodes, node);
  return number;
}

/* The node of an allocation in THREAD: its scope, and below it the stack.  */
static uint32_t node_of (struct picture *picture, const thread_t *thread,
                         const struct record *record) {
  uint32_t node = thread->node;

  for (size_t i = record->stack_num; i-- > 0;) {
    const piece_t *piece = code_map_find (&picture->code, record->stack[i] - 1);

    node = piece != NULL ? child_of (picture, node, NODE_CODE, piece->name)
                         : child_of (picture, node, NODE_ADDRESS, record->stack[i]);
  }
  return node;
}

const char *picture_node_name (const struct picture *picture, const node_t *node, char buffer[24]) {
  symbol_t symbol = {node->address, 0};

  if (node->kind == NODE_ROOT) return "(no scope)";
  if (node->kind == NODE_ADDRESS) {
    if (HTAB_DO (symbol_t, picture->symbols, symbol, HTAB_FIND, symbol))
      return names_text (&picture->names, symbol.name);
    snprintf (buffer, 24, "0x%llx", (unsigned long long) node->address);
    return buffer;
  }
  if (node->name == 0) return "(no name)";
  return names_text (&picture->names, node->name);
}

/*---------------- Blocks -----------------------------*/

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

static void change_live (struct picture *picture, uint64_t time) {
  struct amounts now = {picture->totals.live_bytes, picture->code.piece_bytes,
                        picture->code.mapped_bytes};
  struct totals *totals = &picture->totals;

  timeline_set (&picture->timeline, time, &now);
  if (totals->peak_bytes < totals->live_bytes) {
    totals->peak_bytes = totals->live_bytes;
    totals->peak_blocks = totals->live_blocks;
    totals->peak_time = time;
    picture->peak_event = picture->reader.events;
  }
  if (totals->code_peak_bytes < picture->code.piece_bytes) {
    totals->code_peak_bytes = picture->code.piece_bytes;
    totals->code_peak_time = time;
    picture->code_peak_event = picture->reader.events;
  }
  if (totals->code_peak_mapped < picture->code.mapped_bytes)
    totals->code_peak_mapped = picture->code.mapped_bytes;
}

/* It is not live any more; BLOCK has left the table.  */
static void count_gone (struct picture *picture, const block_t *block) {
  node_t *node = node_at (picture, block->node);

  picture->classes[class_of (block->size)].live--;
  picture->totals.live_blocks--;
  picture->totals.live_bytes -= block->size;
  node->live_blocks--;
  node->live_bytes -= block->size;
  node_at (picture, node->scope)->scope_live -= block->size;
}

static void count_freed (struct picture *picture, const block_t *block, uint64_t time) {
  struct lifetime *lifetime = &picture->lifetimes[lifetime_of (time - block->time)];

  count_gone (picture, block);
  lifetime->blocks++;
  lifetime->bytes += block->size;
}

static int take_block (struct picture *picture, uint64_t address, block_t *block) {
  block_t key = {.address = address};

  return HTAB_DO (block_t, picture->blocks, key, HTAB_FIND, *block)
         && HTAB_DO (block_t, picture->blocks, key, HTAB_DELETE, key);
}

/* What is at its address already was freed unseen.  */
static void put_block (struct picture *picture, const block_t *block, uint64_t time) {
  block_t old;

  if (take_block (picture, block->address, &old)) {
    picture->totals.strange++;
    count_freed (picture, &old, time);
  }
  HTAB_DO (block_t, picture->blocks, *block, HTAB_INSERT, old);
}

static void count_scope (node_t *scope, uint64_t size) {
  scope->scope_live += size;
  if (scope->scope_most < scope->scope_live) scope->scope_most = scope->scope_live;
}

/* BLOCK is new, or new by a realloc.  -1: there are no so many bytes.  */
static int count_made (struct picture *picture, const block_t *block, uint64_t time) {
  struct totals *totals = &picture->totals;
  struct size_class *size_class = &picture->classes[class_of (block->size)];
  thread_t *thread = &VARR_ADDR (thread_t, picture->threads)[picture->thread];
  node_t *node = node_at (picture, block->node);

  if (block->size >= READER_MAX_SIZE || totals->made_bytes >= READER_MAX_SIZE) return -1;
  put_block (picture, block, time);
  size_class->made++;
  size_class->made_bytes += block->size;
  size_class->live++;
  totals->made_blocks++;
  totals->made_bytes += block->size;
  totals->live_blocks++;
  totals->live_bytes += block->size;
  node->made_blocks++;
  node->made_bytes += block->size;
  node->live_blocks++;
  node->live_bytes += block->size;
  count_scope (node_at (picture, node->scope), block->size);
  thread->made_blocks++;
  thread->made_bytes += block->size;
  change_live (picture, time);
  return 0;
}

static int on_allocation (struct picture *picture, thread_t *thread, const struct record *record) {
  block_t block = {record->address, record->size, record->time, 0, picture->thread};

  block.node = node_of (picture, thread, record);
  return count_made (picture, &block, record->time);
}

static void on_free (struct picture *picture, thread_t *thread, const struct record *record) {
  block_t block;

  picture->totals.frees++;
  thread->frees++;
  if (!take_block (picture, record->address, &block)) {
    picture->totals.strange++;
    return;
  }
  if (block.thread != picture->thread) thread->foreign_frees++;
  count_freed (picture, &block, record->time);
  change_live (picture, record->time);
}

/*---------------- Reallocs -----------------------------*/

/* From here on another thread may be given the address of the old block; it is live as long as the
   realloc has not succeeded.  A block that was not seen coming is one from now on.  */
static void on_realloc (struct picture *picture, thread_t *thread, const struct record *record) {
  thread->realloc_node = node_of (picture, thread, record);
  thread->realloc_size = record->size;
  if (take_block (picture, record->address, &thread->pending)) {
    thread->is_reallocating = 1;
  } else {
    thread->is_reallocating = 2;
    picture->totals.strange++;
  }
}

static void on_realloc_failed (struct picture *picture, thread_t *thread, uint64_t time) {
  if (thread->is_reallocating == 1) put_block (picture, &thread->pending, time);
  thread->is_reallocating = 0;
  change_live (picture, time);
}

static int on_realloc_done (struct picture *picture, thread_t *thread,
                            const struct record *record) {
  block_t block = {record->address, thread->realloc_size, record->time, thread->realloc_node,
                   picture->thread};

  if (thread->is_reallocating == 0) { /* its begin is lost, and with it the size */
    picture->totals.strange++;
    return 0;
  }
  if (thread->is_reallocating == 1) {
    block.time = thread->pending.time;
    count_gone (picture, &thread->pending);
  }
  thread->is_reallocating = 0;
  return count_made (picture, &block, record->time);
}

/*---------------- Code -----------------------------*/

static void on_code (struct picture *picture, const struct record *record) {
  piece_t piece = {record->address, record->size, 0};
  struct totals *totals = &picture->totals;

  if (record->kind == MIR_TRACE_CODE_MAPPED) {
    totals->code_mappings++;
    code_map_add_range (&picture->code, record->address, record->size);
  } else if (record->kind == MIR_TRACE_CODE_UNMAPPED) {
    totals->strange += !code_map_remove_range (&picture->code, record->address, record->size);
  } else if (record->kind == MIR_TRACE_CODE_PUBLISHED) {
    piece.name = names_add (&picture->names, record->name, record->name_len);
    totals->code_published++;
    if (totals->code_published_bytes < READER_MAX_SIZE)
      totals->code_published_bytes += record->size;
    totals->strange += !code_map_add_piece (&picture->code, &piece);
  } else {
    totals->code_freed++;
    totals->strange += !code_map_remove_piece (&picture->code, record->address);
  }
  change_live (picture, record->time);
}

/*---------------- Threads -----------------------------*/

static thread_t *thread_of (struct picture *picture, const struct record *record) {
  uint32_t number = (uint32_t) VARR_LENGTH (thread_t, picture->threads);
  thread_ref_t ref = {record->thread, number};
  thread_t new_thread = {.number = record->thread, .first = record->time};

  if (picture->thread >= number
      || VARR_ADDR (thread_t, picture->threads)[picture->thread].number != record->thread) {
    if (!HTAB_DO (thread_ref_t, picture->thread_refs, ref, HTAB_INSERT, ref))
      VARR_PUSH (thread_t, picture->threads, new_thread);
    picture->thread = ref.thread;
  }
  return &VARR_ADDR (thread_t, picture->threads)[picture->thread];
}

static void on_push (struct picture *picture, thread_t *thread, const struct record *record) {
  uint32_t name = names_add (&picture->names, record->name, record->name_len);

  if (node_at (picture, thread->node)->depth == PICTURE_MAX_SCOPES)
    thread->too_deep++;
  else
    thread->node = child_of (picture, thread->node, NODE_SCOPE, name);
}

static void on_pop (struct picture *picture, thread_t *thread) {
  if (thread->too_deep > 0)
    thread->too_deep--;
  else if (thread->node != 0)
    thread->node = node_at (picture, thread->node)->parent;
  else
    picture->totals.strange++;
}

/*---------------- Records -----------------------------*/

static void on_symbol (struct picture *picture, const struct record *record) {
  symbol_t symbol = {record->address, names_add (&picture->names, record->name, record->name_len)};

  HTAB_DO (symbol_t, picture->symbols, symbol, HTAB_REPLACE, symbol);
}

static void count_call (struct totals *totals, thread_t *thread, enum mir_trace_kind kind) {
  thread->calls++;
  totals->mallocs += kind == MIR_TRACE_MALLOC || kind == MIR_TRACE_MALLOC_FAILED;
  totals->callocs += kind == MIR_TRACE_CALLOC || kind == MIR_TRACE_CALLOC_FAILED;
  totals->reallocs += kind == MIR_TRACE_REALLOC || kind == MIR_TRACE_REALLOC_NEW
                      || kind == MIR_TRACE_REALLOC_NEW_FAILED;
  totals->failed += kind == MIR_TRACE_MALLOC_FAILED || kind == MIR_TRACE_CALLOC_FAILED
                    || kind == MIR_TRACE_REALLOC_NEW_FAILED;
}

int picture_count (struct picture *picture, const struct record *record) {
  thread_t *thread;

  if (record->kind == MIR_TRACE_SYMBOL) { /* nobody's event */
    on_symbol (picture, record);
    return 0;
  }
  thread = thread_of (picture, record);
  picture->totals.events++;
  thread->last = record->time;
  switch (record->kind) {
    case MIR_TRACE_REALLOC_DONE:
      return on_realloc_done (picture, thread, record);
    case MIR_TRACE_REALLOC_FAILED:
      picture->totals.failed++;
      on_realloc_failed (picture, thread, record->time);
      return 0;
    default:
      /* A realloc which was left by longjmp has no end.  */
      if (thread->is_reallocating != 0) on_realloc_failed (picture, thread, record->time);
  }
  switch (record->kind) {
    case MIR_TRACE_MALLOC:
    case MIR_TRACE_CALLOC:
    case MIR_TRACE_REALLOC_NEW:
      count_call (&picture->totals, thread, record->kind);
      return on_allocation (picture, thread, record);
    case MIR_TRACE_REALLOC:
      count_call (&picture->totals, thread, record->kind);
      on_realloc (picture, thread, record);
      return 0;
    case MIR_TRACE_MALLOC_FAILED:
    case MIR_TRACE_CALLOC_FAILED:
    case MIR_TRACE_REALLOC_NEW_FAILED:
      count_call (&picture->totals, thread, record->kind);
      return 0;
    case MIR_TRACE_FREE:
      on_free (picture, thread, record);
      return 0;
    case MIR_TRACE_PUSH:
      on_push (picture, thread, record);
      return 0;
    case MIR_TRACE_POP:
      on_pop (picture, thread);
      return 0;
    default:
      on_code (picture, record);
      return 0;
  }
}
