/* A system, or a mimalloc, where huge pages are not asked for.  */
#include "heap/prepare.h"

void mir_heap_prepare (void) {}
