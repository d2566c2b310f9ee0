/* The system's memory as mimalloc asks for it: it keeps what is free for a second, and what it gives
   back is what it counts as committed.  The build picks this file or supply.c.  */
#include "heap/supply.h"

#include <mimalloc.h>

void mir_supply_prepare (void) {}

void mir_supply_make_room (size_t len) {
  (void) len;
}

void mir_supply_emptied (const void *start, size_t len) {
  (void) start, (void) len; /* mimalloc purges it in any case */
}

static size_t committed (void) {
  size_t res = 0;
  mi_process_info (NULL, NULL, NULL, NULL, NULL, &res, NULL, NULL);
  return res;
}

/* mimalloc has no call which keeps a part.  */
size_t mir_supply_trim (size_t keep) {
  size_t before = committed ();
  if (keep != 0) return 0;
  mi_collect (mi_version () >= 30000); /* 2.0.9: a forced one takes over what others have left */
  size_t after = committed ();
  return before > after ? before - after : 0;
}

void mir_supply_use_pages (MIR_heap_pages_t pages) {
  (void) pages; /* a hint */
}

int mir_supply_is_own (void) {
  return 0;
}
