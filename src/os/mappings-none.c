/* Systems that do not tell what is mapped.  */
#include "os/mappings.h"

int mir_os_each_mapping (uintptr_t first, uintptr_t last, mir_mapping_func_t func,
                         void *user_data) {
  (void) first;
  (void) last;
  (void) func;
  (void) user_data;
  return -1;
}
