/* Statuses: their texts, static strings, and those of refused system calls.  Any thread.  */
#include "code/status.h"

#include "os/refusal.h"

const char *MIR_code_status_text (MIR_code_status_t status) {
  static const char *const texts[] = {
      [MIR_CODE_OK] = "no error",
      [MIR_CODE_NO_MEMORY] = "the general allocator has no memory for bookkeeping",
      [MIR_CODE_MAP_REFUSED] = "the system refused to map executable memory",
      [MIR_CODE_WRITE_REFUSED] = "the system refused to make code writable, or to protect it again",
      [MIR_CODE_LIMIT] = "the code space has reached its limit (max_bytes or reserve)",
      [MIR_CODE_TOO_LARGE] = "the size is zero or too large",
      [MIR_CODE_NOT_OURS] =
          "nothing of this space is at the address, or it may not be used for this alone",
      [MIR_CODE_TAKEN] = "the requested address is not free any more",
      [MIR_CODE_NOT_ATOMIC] = "this change cannot be made while threads run the code",
      [MIR_CODE_NO_BACKEND] = "no allowed back end works on this system (MIR_code_probe tells why)",
      [MIR_CODE_NO_RANGE] = "no range of addresses within direct-call range is free",
      [MIR_CODE_BAD_OPTION] = "an option is invalid or conflicts with another one",
      [MIR_CODE_BAD_ORDER] = "the reservation, object or batch is not in the state for this call",
      [MIR_CODE_NO_ADDRESS_SPACE] = "the process has no more address space",
      [MIR_CODE_NO_LOCKED_MEMORY] = "all memory is locked, and the process may lock no more",
      [MIR_CODE_TOO_MANY_MAPPINGS] = "the process may have no more mappings (vm.max_map_count)",
      [MIR_CODE_NO_THUNKS] = "the library has no thunks for this CPU",
  };
  return (unsigned) status < sizeof (texts) / sizeof (texts[0]) ? texts[status] : "unknown status";
}

MIR_code_status_t mir_status_of_refusal (MIR_code_status_t otherwise, size_t len) {
  switch (mir_os_refusal (len)) {
    case MIR_REFUSED_ADDRESSES:
      return MIR_CODE_NO_ADDRESS_SPACE;
    case MIR_REFUSED_LOCKING:
      return MIR_CODE_NO_LOCKED_MEMORY;
    case MIR_REFUSED_MAPPINGS:
      return MIR_CODE_TOO_MANY_MAPPINGS;
    case MIR_REFUSED_BY_SELINUX:
    case MIR_REFUSED_OTHERWISE:
      break;
  }
  return otherwise;
}
