/* No unwinder that loses anything.  */
#include "code/frame-parts.h"

size_t mir_frame_parts_need (struct mir_described *block) {
  (void) block;
  return 0;
}

void mir_frame_parts_give (struct mir_described *block, void *memory) {
  (void) block;
  (void) memory;
}

void mir_frame_parts_show (struct mir_described *block) {
  (void) block;
}

void mir_frame_parts_hide (struct mir_described *block) {
  (void) block;
}
