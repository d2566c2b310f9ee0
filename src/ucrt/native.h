/* The code that the take-over changes, where a process may run that of two CPUs: one file for
   ARM64EC, one for all other CPUs.  */

#ifndef MIR_UCRT_NATIVE_H
#define MIR_UCRT_NATIVE_H

#include "ucrt/crt-image.h"

/* Make IMAGE, a C runtime's, opened, a view of its code for the CPU of this DLL.  Returns NULL, or a
   sentence that says why there is none, with IMAGE as it was.  */
const char *ucrt_native_open (struct ucrt_image *image);

/* The offset of the function to which the export at OFFSET of such a view leads its callers; 0 if it
   leads elsewhere.  */
uint32_t ucrt_native_function (const struct ucrt_image *image, uint32_t offset);

/* Allocate one page for such code, readable and writable, at WANTED, or anywhere if WANTED is NULL.
   The caller makes it executable, and releases it.  NULL on failure.  */
void *ucrt_native_page (void *wanted);

#endif
