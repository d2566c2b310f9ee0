/* Darwin: what is mapped, by mach_vm_region.  Written, never run.  */
#include "os/mappings.h"

#include <mach/mach.h>
#include <mach/mach_vm.h>

/* Finds the region at ADDRESS or the next one above it (osfmk/vm/vm_map.c, vm_map_region).  */
int mir_os_each_mapping (uintptr_t first, uintptr_t last, mir_mapping_func_t func,
                         void *user_data) {
  mach_vm_address_t address = first;
  for (;;) {
    vm_region_basic_info_data_64_t info;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_vm_size_t size = 0;
    mach_port_t object; /* always MACH_PORT_NULL */
    kern_return_t status =
        mach_vm_region (mach_task_self (), &address, &size, VM_REGION_BASIC_INFO_64,
                        (vm_region_info_t) &info, &count, &object);
    if (status == KERN_INVALID_ADDRESS) return 0; /* nothing above */
    if (status != KERN_SUCCESS || size == 0) return -1;
    if (address > last) return 0;
    func (user_data, (uintptr_t) address, (uintptr_t) (address + size - 1));
    address += size;
  }
}
