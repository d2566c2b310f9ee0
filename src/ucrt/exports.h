/* Exports of loaded images by name, also through forwarders.  */

#ifndef MIR_UCRT_EXPORTS_H
#define MIR_UCRT_EXPORTS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

/* The export NAME of the image at BASE, of which SIZE bytes are mapped; NULL if there is none, or a
   forwarder leads to no loaded module.  Bounds are checked and nothing is called: safe under the
   loader lock and while other threads are stopped.  */
void *ucrt_export_of (const uint8_t *base, size_t size, const char *name);

#endif
