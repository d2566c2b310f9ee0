/* A user's program that has a mimalloc of its own, of another version, and our heaps and code.  */
#include <mimalloc.h>
#include <mir-code.h>
#include <mir-heap.h>

#include <stdio.h>

#if MI_MALLOC_VERSION != 209
#error "mimalloc.h is not the program's own"
#endif

int main (void) {
  MIR_code_space_t space;
  MIR_alloc_t heap = MIR_default_alloc ();
  void *block = MIR_malloc (heap, 100);
  if (block == NULL || MIR_code_space_create (NULL, &space) != MIR_CODE_OK) return 1;
  MIR_code_space_finish (space);
  MIR_free (heap, block);
  if (mi_version () != 209) return 1;
  puts ("own-mimalloc: the program's mimalloc and a code space");
  return 0;
}
