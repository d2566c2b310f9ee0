/* A user's program with code memory and a heap, and nothing of mimalloc's.  */
#include <mir-code.h>
#include <mir-heap.h>

#include <stdio.h>

int main (void) {
  MIR_code_space_t space;
  void *block = MIR_malloc (MIR_default_alloc (), 100);
  if (block == NULL || MIR_code_space_create (NULL, &space) != MIR_CODE_OK) return 1;
  MIR_code_space_finish (space);
  MIR_free (MIR_default_alloc (), block);
  printf ("plain: version %d, compiled with %s\n", MIR_alloc_version (), MIR_ALLOC_VERSION_STRING);
  return MIR_alloc_version () != MIR_ALLOC_VERSION;
}
