/* What is mapped in this process: one file per system, mappings-SYSTEM.c.  Any thread.  */
#ifndef MIR_OS_MAPPINGS_H
#define MIR_OS_MAPPINGS_H

#include <stdint.h> /* uintptr_t */

/* Gets the addresses from START to LAST, which are taken.  */
typedef void (*mir_mapping_func_t) (void *user_data, uintptr_t start, uintptr_t last);

/* Call FUNC for all taken addresses from FIRST to LAST, in ascending order, and possibly for others.
   Other threads may map and unmap meanwhile.  Nothing is allocated.  Returns 0, or -1 if the system
   does not tell; then FUNC may have been called for some.  */
int mir_os_each_mapping (uintptr_t first, uintptr_t last, mir_mapping_func_t func, void *user_data);

#endif /* MIR_OS_MAPPINGS_H */
