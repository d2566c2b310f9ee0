/* This library's headers, then MIR's.  */
#include "mir-code-object.h"
#include "mir-code-tools.h"
#include "mir-heap.h"
#include "mir-trace.h"

#include "beside/stand-in/mir.h"

#include "beside/ours-first.h"

uint8_t *ours_first_publish (void) {
  return _MIR_publish_code (MIR_init2 (NULL, NULL), NULL, 1);
}

int ours_first_space (void) {
  MIR_code_space_t space;
  MIR_code_status_t status = MIR_code_space_create (NULL, &space);
  if (status == MIR_CODE_OK) MIR_code_space_finish (space);
  return status == MIR_CODE_OK || status == MIR_CODE_NO_BACKEND;
}
