/* Reads the hybrid metadata of a loaded image: IMAGE_ARM64EC_METADATA of the Windows SDK's winnt.h.
   The load config has its address.  */

#include "ucrt/crt-arm64ec.h"

#include "inject/pe/format.h"
#include "ucrt/patch.h"

/* The metadata: offsets of the members that are read here.  */
enum {
  META_CODE_MAP = 4,
  META_CODE_MAP_NUM = 8,
  META_UNWIND = 64, /* ExtraRFETable: the unwind table of ARM64 */
  META_UNWIND_SIZE = 68,
  META_SIZE = 72 /* of what every version has */
};

/* A range of the code map: its offset, whose low two bits say what it is, and its length.  */
enum { RANGE_LENGTH = 4, RANGE = 8, RANGE_KIND = 3, RANGE_ARM64EC = 1 };

/* The value of SIZE bytes at OFFSET, which are in the image.  */
static uint64_t value_at (const struct ucrt_image *image, uint32_t offset, unsigned size) {
  uint64_t value = 0;
  for (unsigned i = 0; i < size; i++) value |= (uint64_t) image->base[offset + i] << (8 * i);
  return value;
}

static uint32_t word_of (const struct ucrt_image *image, uint32_t offset) {
  return (uint32_t) value_at (image, offset, 4);
}

static int is_within (const struct ucrt_image *image, uint32_t offset, uint64_t size) {
  return offset <= image->size && size <= image->size - offset;
}

/* The offset of the metadata; 0 if there is none.  */
static uint32_t metadata_of (const struct ucrt_image *image) {
  if (!image->wide || image->config_size < PE_CONFIG_HYBRID_PLUS + 8
      || !is_within (image, image->config, image->config_size))
    return 0;
  uint64_t address = value_at (image, image->config + PE_CONFIG_HYBRID_PLUS, 8);
  uint64_t offset = address - (uintptr_t) image->base;
  if (address == 0 || offset > UINT32_MAX || !is_within (image, (uint32_t) offset, META_SIZE))
    return 0;
  return (uint32_t) offset;
}

/* In the header an ARM64X image is x64 to an x64 process, as an ARM64EC image always is.  */
int ucrt_open_arm64ec (struct ucrt_image *image) {
  uint32_t metadata = metadata_of (image);
  if (metadata == 0 || image->machine != PE_NUMBER_X64) return -1;
  uint32_t unwind = word_of (image, metadata + META_UNWIND),
           size = word_of (image, metadata + META_UNWIND_SIZE);
  if (!is_within (image, unwind, size)) return -1;
  image->machine = PE_NUMBER_ARM64;
  image->unwind = unwind;
  image->unwind_size = size;
  return 0;
}

int ucrt_is_arm64ec_code (const struct ucrt_image *image, uint32_t offset) {
  uint32_t metadata = metadata_of (image);
  if (metadata == 0) return 0;
  uint32_t map = word_of (image, metadata + META_CODE_MAP),
           num = word_of (image, metadata + META_CODE_MAP_NUM);
  if (!is_within (image, map, (uint64_t) num * RANGE)) return 0;
  for (uint32_t i = 0; i < num; i++) {
    uint32_t range = map + i * RANGE, begin = word_of (image, range);
    if ((begin & RANGE_KIND) == RANGE_ARM64EC
        && offset - (begin & ~(uint32_t) RANGE_KIND) < word_of (image, range + RANGE_LENGTH))
      return 1;
  }
  return 0;
}

uint32_t ucrt_arm64ec_function (const struct ucrt_image *image, uint32_t offset) {
  if (offset >= image->size) return 0;
  if (ucrt_is_arm64ec_code (image, offset)) return offset;
  struct ucrt_span code = {
      .bytes = image->base + offset, .size = image->size - offset, .address = offset};
  uint64_t function;
  if (!ucrt_fast_forward (&code, &function) || function >= image->size) return 0;
  return ucrt_is_arm64ec_code (image, (uint32_t) function) ? (uint32_t) function : 0;
}
