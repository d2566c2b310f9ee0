/* Every ready-made allocator behind one interface, so that a test can run over all of them.  */
#ifndef MIR_TESTS_HEAP_HEAP_MAKERS_H
#define MIR_TESTS_HEAP_HEAP_MAKERS_H

#include "mir-heap.h"

struct heap_maker {
  const char *name;
  MIR_alloc_t (*make) (MIR_alloc_t below); /* NULL on failure */
  void (*finish) (MIR_alloc_t alloc);      /* ALLOC is also the handle */
  int any_thread;                          /* if the allocator below allows it */
};

/* The list ends with an entry without a name.  */
extern const struct heap_maker heap_makers[];

#endif /* MIR_TESTS_HEAP_HEAP_MAKERS_H */
