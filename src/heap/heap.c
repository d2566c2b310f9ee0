/* What the ready-made allocators share: labels, the default for the allocator below, fatal
   messages, status texts.  Any thread.  */
#include "heap/heap.h"

#include <stdio.h>
#include <stdlib.h> /* abort */

#include "heap/supply.h"

static _Thread_local const char *thread_label; /* borrowed; NULL: none */

const char *MIR_heap_set_label (const char *new_label) {
  const char *old = thread_label;
  thread_label = new_label;
  return old;
}

const char *mir_heap_label (void) {
  return thread_label;
}

void mir_heap_die (const char *what, const void *ptr) {
  fprintf (stderr, "mir-alloc: %p: %s\n", ptr, what);
  abort ();
}

MIR_alloc_t MIR_default_alloc (void) {
  return mir_default_alloc ();
}

size_t MIR_heap_trim (size_t keep) {
  return mir_supply_trim (keep);
}

void MIR_heap_use_pages (MIR_heap_pages_t pages) {
  mir_supply_use_pages (pages);
}

void *mir_heap_new (MIR_alloc_t *below, size_t len) {
  if (*below == NULL) *below = mir_default_alloc ();
  return MIR_calloc (*below, 1, len);
}

const char *MIR_heap_status_text (MIR_heap_status_t status) {
  static const char *const texts[] = {
      [MIR_HEAP_OK] = "no error",
      [MIR_HEAP_NO_MEMORY] = "out of memory",
      [MIR_HEAP_NOT_SUPPORTED] =
          "not supported by this build: heaps need mimalloc " MIR_MIMALLOC_FLOOR " or later",
      [MIR_HEAP_BAD_OPTION] = "an option is out of range, or the options are of another version",
      [MIR_HEAP_BAD_MARK] = "the mark belongs to another arena, or is no longer valid",
  };
  return (unsigned) status < sizeof (texts) / sizeof (texts[0]) ? texts[status] : "unknown status";
}
