/* A program that uses mimalloc alone: the same code, compiled in the same way, that the library has.  */
#include "bare.h"
#include "start.h"

static void *allocate (size_t size, void *data) {
  (void) data;
  return bare_malloc (size);
}

int main (void) {
  return make_blocks (allocate, NULL);
}
