/* A program that has a context.  */
#include "mir.h"
#include "start.h"

int main (void) {
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return 1;
  MIR_alloc_t alloc = MIR_get_alloc (ctx);
  return make_blocks (alloc->malloc, alloc->user_data);
}
