/* The texts of statuses: static strings, any thread.  */
#include "mir-code.h"

const char *MIR_code_status_text (MIR_code_status_t status) {
  static const char *const texts[] = {
      [MIR_CODE_OK] = "no error",
      [MIR_CODE_NO_MEMORY] = "out of memory for bookkeeping",
      [MIR_CODE_MAP_REFUSED] = "the system refused to map executable memory",
      [MIR_CODE_WRITE_REFUSED] = "the system refused to make code writable, or to protect it again",
      [MIR_CODE_LIMIT] = "the limit of the code space is reached",
      [MIR_CODE_TOO_LARGE] = "the size is zero or too large",
      [MIR_CODE_NOT_OURS] = "the address is not in published code of this space",
      [MIR_CODE_TAKEN] = "the place is already taken",
      [MIR_CODE_NOT_ATOMIC] = "this change cannot be made while threads run the code",
      [MIR_CODE_NO_BACKEND] = "no allowed back end works on this system",
      [MIR_CODE_NO_RANGE] = "no free address range within reach",
      [MIR_CODE_BAD_OPTION] = "an option is invalid or conflicts with another one",
      [MIR_CODE_BAD_ORDER] = "the call is not allowed in this state of the writer",
  };
  return (unsigned) status < sizeof (texts) / sizeof (texts[0]) ? texts[status] : "unknown status";
}
