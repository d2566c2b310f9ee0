/* Every ready-made allocator, in a form in which tests can run over all of them.  */
#ifndef HEAP_MAKERS_H
#define HEAP_MAKERS_H

#include "mir-heap.h"

struct heap_maker {
  const char *name;
  MIR_alloc_t (*make) (MIR_alloc_t below); /* NULL: refused */
  void (*finish) (MIR_alloc_t alloc);      /* the handle is the address of its alloc */
  int any_thread;                          /* whatever is below allows it */
};

/* Up to one without a name.  */
extern const struct heap_maker heap_makers[];

#endif /* HEAP_MAKERS_H */
