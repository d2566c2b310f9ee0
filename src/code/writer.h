/* Writers as statistics see them: a list and its bytes.  The lock of the space is held, so none
   begins or ends; their threads may be publishing meanwhile.  */
#ifndef MIR_CODE_WRITER_H
#define MIR_CODE_WRITER_H

#include <stddef.h> /* size_t */

#include "mir-code.h"

/* The bytes of general memory that W occupies.  */
size_t mir_writer_bytes (MIR_code_writer_t w);
/* Whether W has an open batch.  No thread is using W.  */
int mir_writer_is_batching (MIR_code_writer_t w);
/* The writer after W in its space; NULL: W is the last one.  */
MIR_code_writer_t mir_writer_next (MIR_code_writer_t w);

#endif /* MIR_CODE_WRITER_H */
