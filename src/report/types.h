/* What mir-report counts in a trace: the types of a picture, and the words of this folder.

   trace       the file that MIR_trace writes, a sequence of records (src/trace/format.h)
   event       a record of what the program did; a symbol is none
   picture     all that a trace says about a program's memory, counted
   block       a block of data memory, with the node in which it was allocated or last reallocated
   live        said of a block or of code: allocated or published, and not freed
   made        said of blocks: allocated, or reallocated, each time; sizes are those asked for
   node        a place in the tree of what threads were doing: a scope within a scope, and below the
               scopes, if the trace has stacks, callers from the outermost inwards
   piece       a code block, published at once
   range       memory that is mapped for code; it and a piece are extents (code-map.h)
   peak        the event at which most bytes were live; blocks and code have each their own
   bin         a span of time; the timeline has at most TIMELINE_BINS
   layer       a scope whose live bytes over time are shown
   temporary   said of a block: freed by the thread that made it, before that thread makes another
   left        said of blocks: live at the end of the trace
   stack       a node that blocks were made in, and so the way to it from the root
   slice       one of at most SLICES_MAX equal spans of the run, each a whole number of bins
   born, ended the slice in which a block was made, and that in which it was freed or reallocated
   matrix      how much was made in each slice and ended in each later one, by kept node
   kept        said of a node: it has numbers of its own in the matrix.  The numbers of all others are
               in leaves below the nearest kept node above them (kept.h)
   reading     the trace is read twice: counted, and then, when it is known what matters, looked at
               for what takes too much memory to keep of everything
   strange     said of an event: it ends something whose beginning the trace does not have

   The counters have the names and the meaning of MIR_stats_report_t's.  A name like node_t is
   struct node as one token, for VARR and HTAB.  One thread at a time.  */
#ifndef MIR_REPORT_TYPES_H
#define MIR_REPORT_TYPES_H

#include "report/block-table.h"
#include "report/code-map.h"
#include "report/containers.h" /* HTAB */
#include "report/kept.h"
#include "report/names.h"
#include "report/reader.h"
#include "report/slices.h"
#include "report/sum.h"
#include "report/timeline.h"

enum {
  PICTURE_CLASSES = 65,    /* class 0: size 0; class N: 2^(N-1) <= size < 2^N bytes */
  PICTURE_LIFETIMES = 10,  /* below 1 us, 10 us, ... 100 s, and longer */
  PICTURE_MAX_SCOPES = 64, /* nested; deeper ones count as the last of these */
  PICTURE_LAYERS = 6
};

enum node_kind {
  NODE_ROOT,
  NODE_SCOPE,
  NODE_CODE,   /* a caller in a piece */
  NODE_ADDRESS /* any other caller */
};

/* A place in the tree; the members are indices where nothing else is said.  */
typedef struct node {
  uint64_t key;    /* of a scope or a piece the number of its name; of NODE_ADDRESS the address */
  uint32_t parent; /* a node; the root's is 0 */
  uint32_t scope;  /* of `scopes`: the nearest one upwards, this node included */
  uint32_t stack;  /* of `stacks`; 0: no blocks were made in this node */
  uint8_t kind;    /* enum node_kind */
  uint8_t depth;   /* how many nodes are above it */
} node_t;

/* What is counted of the blocks that were made in a node.  */
typedef struct call_stack {
  uint32_t node, scope; /* indices */
  struct sum made, live, temporary;
  /* Live at the peak, after the first reading.  Until then: at each new peak few stacks have
     changed since the last one, so PEAK is set when LIVE is about to change.  It is of the
     PEAKS-th peak; at all later ones there was as much as there is now.  */
  struct sum peak;
  uint64_t peaks;
} call_stack_t;

/* A node that is a scope, or the root.  */
typedef struct scope {
  uint32_t node;
  uint64_t live, most; /* bytes of all nodes whose SCOPE it is; the most that were live at once */
} scope_t;

enum realloc_state {
  REALLOC_NONE,
  REALLOC_OF_BLOCK,  /* a realloc of `old`, which has left the table of live blocks */
  REALLOC_OF_UNKNOWN /* a realloc of a block that the trace has not seen */
};

/* A realloc that a thread has begun and not ended.  */
struct realloc_call {
  enum realloc_state state;
  uint32_t node;
  uint64_t size; /* the new one */
  struct block old;
};

/* A thread of the traced program.  */
typedef struct thread {
  uint64_t number;
  uint32_t node;
  uint32_t too_deep; /* open scopes beyond PICTURE_MAX_SCOPES */
  struct realloc_call realloc;
  struct sum made;
  uint64_t frees;
  uint64_t foreign_frees; /* of blocks of other threads */
  uint64_t first, last;   /* times */
  uint64_t newest;        /* the address of the block that it made last */
} thread_t;

DEF_VARR (node_t)
DEF_VARR (scope_t)
DEF_VARR (call_stack_t)
DEF_VARR (uint8_t)
DEF_VARR (thread_t)

/* What is counted of the whole trace; bytes, blocks, times in nanoseconds.  */
struct totals {
  uint64_t events;
  uint64_t mallocs, callocs, reallocs, frees, failed; /* calls */
  struct sum made, live, peak, temporary;
  uint64_t peak_time; /* when peak.bytes was first reached */
  uint64_t strange;
  uint64_t code_published, code_published_bytes, code_freed;  /* pieces */
  uint64_t code_mappings;                                     /* in all */
  uint64_t code_live, code_live_bytes, code_mapped_bytes;     /* at the end */
  uint64_t code_peak_bytes, code_peak_time, code_peak_mapped; /* the time is that of the bytes */
  uint64_t duration;                                          /* nanoseconds */
};

/* Blocks of one class, by the size asked for.  */
struct size_class {
  uint64_t made, made_bytes, live;
};

/* Live bytes over time of the scopes with the highest peaks; picture_read fills it.  */
struct layers {
  size_t num;
  uint32_t scopes[PICTURE_LAYERS]; /* nodes */
  /* At the fullest moment of each bin.  The rest of the live bytes then belongs to other
     scopes.  */
  uint64_t live[TIMELINE_BINS][PICTURE_LAYERS];
  /* During the second reading: the layer of each stack, PICTURE_LAYERS if it is in none; and bytes
     that are live now.  */
  VARR (uint8_t) *of_stacks;
  uint64_t now[PICTURE_LAYERS + 1];
};

/* All counts of a trace; picture.h makes it.  */
struct picture {
  MIR_alloc_t alloc;
  struct reader reader;
  struct totals totals;
  struct size_class classes[PICTURE_CLASSES];
  struct sum lifetimes[PICTURE_LIFETIMES]; /* freed blocks */
  struct timeline timeline;
  struct names names;
  uint32_t title;              /* a number of `names` */
  VARR (node_t) *nodes;        /* 0: the root */
  VARR (scope_t) *scopes;      /* 0: the root */
  VARR (call_stack_t) *stacks; /* 0: empty, for all nodes that have none */
  VARR (thread_t) *threads;
  struct HTAB (child_t) *children;         /* tree.c's: nodes by parent and key */
  struct VARR (stack_ref_t) *cache;        /* tree.c's: nodes by the whole stack */
  struct HTAB (symbol_t) *symbols;         /* tree.c's: names by return address */
  struct HTAB (thread_ref_t) *thread_refs; /* picture.c's: threads by number */
  struct block_table blocks;               /* live ones */
  struct code_map code;
  uint32_t thread;          /* index of the last event's thread */
  uint64_t peaks;           /* how many peaks there were so far, each above the last */
  uint64_t code_peak_event; /* the number of the event */
  int second;               /* the second reading: nodes and timeline stay as they are */
  /* Set by picture_read.  */
  struct code_map code_peak; /* the code at code_peak_event */
  struct layers layers;
  struct kept kept;
  struct slices slices;
  int partial; /* the trace is counted up to its damage; reader.error says where and what it is */
};

static inline const struct node *picture_node (const struct picture *picture, uint32_t node) {
  return &VARR_ADDR (node_t, picture->nodes)[node];
}

/* What was made in NODE.  */
static inline const struct call_stack *picture_stack (const struct picture *picture,
                                                      const struct node *node) {
  return &VARR_ADDR (call_stack_t, picture->stacks)[node->stack];
}

/* The node that is the scope SCOPE.  */
static inline uint32_t picture_scope (const struct picture *picture, uint32_t scope) {
  return VARR_ADDR (scope_t, picture->scopes)[scope].node;
}

#endif /* MIR_REPORT_TYPES_H */
