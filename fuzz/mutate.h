/* Changes to PE images that leave most of the image valid, so that inputs pass the first
   checks.  */
#ifndef MIR_FUZZ_MUTATE_H
#define MIR_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Change one to four fields of the image in DATA, or its tail, or replace it by a new image.
   Returns the new size, at most MAX_SIZE.  The result depends only on the image and SEED.  */
size_t mutate_image (uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif /* MIR_FUZZ_MUTATE_H */
