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
   strange     said of an event: it ends something whose beginning the trace does not have

   The counters have the names and the meaning of MIR_stats_report_t's.  A name like node_t is
   struct node as one token, for VARR and HTAB.  One thread at a time.  */
#ifndef MIR_REPORT_TYPES_H
#define MIR_REPORT_TYPES_H

#include "mir-htab.h" /* HTAB */
#include "report/code-map.h"
#include "report/names.h"
#include "report/reader.h"
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

struct sum {
  uint64_t blocks, bytes;
};

/* A place in the tree; PARENT and SCOPE are indices of nodes.  */
typedef struct node {
  enum node_kind kind;
  uint32_t parent;
  uint32_t name;    /* of a scope or a piece */
  uint32_t depth;   /* the root's is 0 */
  uint64_t address; /* a return address */
  uint32_t scope;   /* the nearest node upwards, this one included, that is a scope or the root */
  struct sum made, live;
  struct sum peak;                 /* live at the peak; picture_read sets it */
  uint64_t scope_live, scope_most; /* of a scope: bytes of all nodes whose SCOPE it is */
} node_t;

typedef struct block {
  uint64_t address, size;
  uint64_t time;         /* of the first allocation; a realloc does not change it */
  uint32_t node, thread; /* indices */
} block_t;

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
} thread_t;

DEF_VARR (node_t)
DEF_VARR (thread_t)

/* What is counted of the whole trace; bytes, blocks, times in nanoseconds.  */
struct totals {
  uint64_t events;
  uint64_t mallocs, callocs, reallocs, frees, failed; /* calls */
  struct sum made, live, peak;
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
  uint32_t title;       /* a number of `names` */
  VARR (node_t) *nodes; /* 0: the root */
  VARR (thread_t) *threads;
  struct HTAB (child_t) *children;         /* tree.c's: nodes by parent and key */
  struct HTAB (symbol_t) *symbols;         /* tree.c's: names by return address */
  struct HTAB (block_t) *blocks;           /* blocks.c's: live blocks by address */
  struct HTAB (thread_ref_t) *thread_refs; /* picture.c's: threads by number */
  struct code_map code;
  uint32_t thread;                      /* index of the last event's thread */
  uint64_t peak_event, code_peak_event; /* numbers of events */
  /* Set by picture_read.  */
  struct code_map code_peak; /* the code at code_peak_event */
  struct layers layers;
  int partial; /* the trace ends early; reader.error says how */
};

static inline const struct node *picture_node (const struct picture *picture, uint32_t node) {
  return &VARR_ADDR (node_t, picture->nodes)[node];
}

#endif /* MIR_REPORT_TYPES_H */
