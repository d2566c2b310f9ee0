/* Prepares nothing: on this system, or with this mimalloc, huge pages are not requested.  */
#include "heap/prepare.h"

void mir_heap_prepare (void) {}
