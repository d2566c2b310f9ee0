/* No unwinder that could be told about frames.  */
#include "code/unwinder.h"

enum mir_unwinder_way mir_unwinder_way (void) {
  return MIR_NO_UNWINDER;
}

void mir_unwinder_use (enum mir_unwinder_way way) {
  (void) way;
}

long mir_unwinder_parse (const struct mir_frame_section *section, struct mir_frame *frames,
                         size_t max) {
  (void) section;
  (void) frames;
  (void) max;
  return -1;
}

int mir_unwinder_open (struct mir_frame_table *table) {
  (void) table;
  return -1;
}

void mir_unwinder_replace (struct mir_frame_table *table, struct mir_frame_vector *vector) {
  (void) table;
  (void) vector;
}

void mir_unwinder_close (struct mir_frame_table *table) {
  (void) table;
}

void mir_unwinder_add (const void *bytes, uintptr_t own[MIR_SECTION_WORDS]) {
  (void) bytes;
  (void) own;
}

void mir_unwinder_remove (const void *bytes) {
  (void) bytes;
}
