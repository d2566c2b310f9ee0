/* The ARM64 half of an ARM64EC or ARM64X image, as an x64 process has it loaded: the header says x64,
   the exports lead to x64 code, the unwind table is that of x64.  What is ARM64 stands in the hybrid
   metadata.

   As in crt-image.h every offset is checked, nothing is called and nothing is written but the
   results.  */

#ifndef MIR_UCRT_CRT_ARM64EC_H
#define MIR_UCRT_CRT_ARM64EC_H

#include "ucrt/crt-image.h"

/* Make IMAGE, opened, a view of its ARM64 half: machine and unwind table become those of ARM64.
   Returns 0, or -1 with IMAGE as it was if there is no such half.  */
int ucrt_open_arm64ec (struct ucrt_image *image);

/* Whether OFFSET is in code that the code map says is ARM64EC.  */
int ucrt_is_arm64ec_code (const struct ucrt_image *image, uint32_t offset);

/* The ARM64 function to which the export at OFFSET leads: through an unchanged fast-forward
   sequence, or at once.  0 if neither.  */
uint32_t ucrt_arm64ec_function (const struct ucrt_image *image, uint32_t offset);

#endif
