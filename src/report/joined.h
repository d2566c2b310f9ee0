/* A tree in which siblings have different names: that of one picture or several (types.h), with
   nodes joined that are called the same.  Out of memory ends the program.  One thread.  */
#ifndef MIR_REPORT_JOINED_H
#define MIR_REPORT_JOINED_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-htab.h"
#include "report/names.h"

typedef struct joined_node {
  uint32_t parent, name; /* in `nodes`, in `names` */
} joined_node_t;

DEF_VARR (joined_node_t)

struct joined {
  struct names names;
  VARR (joined_node_t) *nodes;      /* parents come first; 0: the root, which has no name */
  struct HTAB (joined_key_t) *keys; /* joined.c's: nodes by parent and name */
};

void joined_init (struct joined *joined, MIR_alloc_t alloc);
void joined_finish (struct joined *joined);
/* The child of the node PARENT that is called TEXT, of LEN bytes; a new one, which is the last, if
   there is none.  */
uint32_t joined_child (struct joined *joined, uint32_t parent, const char *text, size_t len);

static inline size_t joined_num (const struct joined *joined) {
  return VARR_LENGTH (joined_node_t, joined->nodes);
}

#endif /* MIR_REPORT_JOINED_H */
