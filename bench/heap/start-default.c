/* A program that uses the default heap.  */
#include "mir-heap.h"
#include "start.h"

int main (void) {
  MIR_alloc_t alloc = MIR_default_alloc ();
  return make_blocks (alloc->malloc, alloc->user_data);
}
