/* All that a trace says of a program's memory, counted.

   node      a place in the tree of what threads were doing: a scope within a scope, and below the
             scopes, where the trace has stacks, return addresses from the outermost inwards
   block     what is live, with the node in which it was allocated or last reallocated
   made      of blocks: allocated, reallocated ones each time; the sizes are what was asked for

   The numbers are those which MIR_stats_report_t of a statistics allocator has, by the same names.
   A trace may begin in the middle: what is freed and was not seen coming is counted as strange.  */
#ifndef PICTURE_H
#define PICTURE_H

#include "code-map.h"
#include "names.h"
#include "reader.h"
#include "timeline.h"

enum {
  PICTURE_CLASSES = 65,   /* class 0: size 0; class N: 2^(N-1) <= size < 2^N bytes */
  PICTURE_LIFETIMES = 10, /* below 1 us, 10 us, ... 100 s, and longer */
  PICTURE_MAX_SCOPES = 64 /* nested; further ones belong to the last of these */
};

enum node_kind { NODE_ROOT, NODE_SCOPE, NODE_CODE, NODE_ADDRESS };

typedef struct node {
  enum node_kind kind;
  uint32_t parent;
  uint32_t name;    /* of a scope, or of a piece of code */
  uint32_t depth;   /* of the root 0 */
  uint64_t address; /* a return address */
  uint32_t scope;   /* the nearest node upwards, itself included, that is a scope or the root */
  uint64_t made_blocks, made_bytes;
  uint64_t live_blocks, live_bytes;
  uint64_t peak_blocks, peak_bytes; /* live at the peak of the whole */
  uint64_t scope_live, scope_most;  /* of a scope: bytes of all nodes whose scope it is */
} node_t;

/* By where it is in the tree.  */
typedef struct child {
  uint32_t parent, node;
  enum node_kind kind;
  uint64_t key; /* name, or address */
} child_t;

typedef struct block {
  uint64_t address, size, time; /* time: of the first allocation; a realloc moves it */
  uint32_t node, thread;        /* thread: an index */
} block_t;

typedef struct thread {
  uint64_t number;
  uint32_t node;
  uint32_t too_deep;   /* scopes more than are kept */
  int is_reallocating; /* PENDING has gone into a realloc of which the end is not known */
  uint32_t realloc_node;
  uint64_t realloc_size;
  block_t pending;
  uint64_t calls, made_blocks, made_bytes, frees;
  uint64_t foreign_frees; /* of blocks of other threads */
  uint64_t first, last;   /* times */
} thread_t;

typedef struct thread_ref {
  uint64_t number;
  uint32_t thread;
} thread_ref_t;

typedef struct symbol {
  uint64_t address;
  uint32_t name;
} symbol_t;

DEF_VARR (node_t)
DEF_VARR (thread_t)
DEF_HTAB (child_t)
DEF_HTAB (block_t)
DEF_HTAB (thread_ref_t)
DEF_HTAB (symbol_t)

struct totals {
  uint64_t events;
  uint64_t mallocs, callocs, reallocs, frees, failed; /* calls */
  uint64_t live_blocks, live_bytes, peak_bytes, made_blocks, made_bytes;
  uint64_t peak_blocks, peak_time;                            /* when peak_bytes was reached */
  uint64_t strange;                                           /* see above */
  uint64_t code_published, code_published_bytes, code_freed;  /* pieces, ever */
  uint64_t code_mappings;                                     /* ever */
  uint64_t code_live, code_live_bytes, code_mapped_bytes;     /* at the end */
  uint64_t code_peak_bytes, code_peak_time, code_peak_mapped; /* published and not freed */
  uint64_t duration;                                          /* nanoseconds */
};

struct size_class {
  uint64_t made, made_bytes, live;
};

struct lifetime {
  uint64_t blocks, bytes; /* freed */
};

enum { PICTURE_LAYERS = 6 };

/* Of which scopes the live bytes over time were: those which once had the most.  */
struct layers {
  size_t num;
  uint32_t scopes[PICTURE_LAYERS]; /* nodes */
  /* In each bin of the timeline, when most was live in it; what is missing is other scopes'.  */
  uint64_t live[TIMELINE_BINS][PICTURE_LAYERS];
};

struct picture {
  MIR_alloc_t alloc;
  struct reader reader;
  struct totals totals;
  struct size_class classes[PICTURE_CLASSES];
  struct lifetime lifetimes[PICTURE_LIFETIMES];
  struct timeline timeline;
  struct names names;
  uint32_t title;
  VARR (node_t) *nodes; /* 0: the root */
  VARR (thread_t) *threads;
  HTAB (child_t) *children;
  HTAB (block_t) *blocks;
  HTAB (thread_ref_t) *thread_refs;
  HTAB (symbol_t) *symbols;
  struct code_map code;
  uint32_t thread; /* index of the last record's */
  /* Numbers of the events at which these were reached.  */
  uint64_t peak_event, code_peak_event;
  /* What was there then.  */
  struct code_map code_peak;
  struct layers layers;
  int partial; /* the trace ends early; reader.error says how */
};

extern const MIR_alloc_t report_alloc; /* the C library's malloc */

/* PICTURE is to be finished in any case.  Out of memory ends the program with a line.  */
void picture_init (struct picture *picture, MIR_alloc_t alloc);
void picture_finish (struct picture *picture);

/* Count what is in STREAM, at its begin; then, of the same again, what was live at the peaks.  0;
   or -1 with PICTURE->reader.error.  PARTIAL: a trace which only ends too early is no error.  */
int picture_read (struct picture *picture, FILE *stream, int partial);

/* Count one record more, which picture->reader has read.  0, or -1: no program has so much memory.
 */
int picture_count (struct picture *picture, const struct record *record);

/* How the node goes by; until the next call, or in BUFFER.  */
const char *picture_node_name (const struct picture *picture, const node_t *node, char buffer[24]);

static inline const node_t *picture_node (const struct picture *picture, uint32_t node) {
  return &VARR_ADDR (node_t, picture->nodes)[node];
}

#endif /* PICTURE_H */
