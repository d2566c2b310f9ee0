/* Changes to PE images which leave most of them whole, so that what lies behind the first checks is
 * reached.  */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Change one to four fields of the image in DATA, or its tail, or put a new image there.  The new
   size, at most MAX_SIZE.  The same SEED does the same.  */
size_t mutate_image (uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif /* FUZZ_MUTATE_H */
