/* Refuses MIR_heap: this mimalloc has no heaps that several threads can use.  The build picks this
   file or heap-mimalloc.c.  */
#include "heap/heap.h"

MIR_heap_status_t MIR_heap_create (MIR_heap_t *res) {
  (void) res;
  return MIR_HEAP_NOT_SUPPORTED;
}

void MIR_heap_finish (MIR_heap_t heap) {
  (void) heap; /* always NULL */
}
