/* Brings mir-ucrt.dll to the front of the import table of the program whose first object this is,
   as a user's program does: by a call of the DLL that is never made.  */

#include "mir-ucrt.h"

const MIR_ucrt_status_t *first_status (void);

const MIR_ucrt_status_t *first_status (void) {
  return MIR_ucrt_status ();
}
