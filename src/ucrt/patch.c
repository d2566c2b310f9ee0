/* The parts that are the same for every CPU: following jumps, and finding room for a jump.  */

#include "ucrt/patch.h"

#include <string.h> /* memcpy */

enum { HOPS_MAX = 8 }; /* jumps that are followed; a longer chain is taken for a circle */

/* Whether the SIZE bytes at ADDRESS are in SPAN.  */
static int contains (const struct ucrt_span *span, uint64_t address, size_t size) {
  return address >= span->address && address - span->address <= span->size
         && size <= span->size - (size_t) (address - span->address);
}

/* The rest of IMAGE from ADDRESS on, which is inside.  */
static struct ucrt_span from (const struct ucrt_span *image, uint64_t address) {
  size_t offset = (size_t) (address - image->address);
  return (struct ucrt_span) {
      .bytes = image->bytes + offset, .size = image->size - offset, .address = address};
}

/* The pointer stored at ADDRESS; 0 if that is outside of the image.  Memory outside could be freed
   meanwhile, and a C runtime keeps its pointers inside.  */
static uint64_t pointer_at (const struct ucrt_cpu *cpu, const struct ucrt_span *image,
                            uint64_t address) {
  if (!contains (image, address, cpu->pointer_size)) return 0;
  const uint8_t *bytes = image->bytes + (address - image->address);
  uint64_t value = 0;
  for (unsigned i = 0; i < cpu->pointer_size; i++) value |= (uint64_t) bytes[i] << (8 * i);
  return value;
}

enum ucrt_way ucrt_follow (const struct ucrt_cpu *cpu, const struct ucrt_span *image,
                           uint64_t address, uint64_t *end) {
  for (int hops = 0; hops < HOPS_MAX; hops++) {
    *end = address;
    if (!contains (image, address, 1)) return UCRT_LEAVES;
    struct ucrt_span code = from (image, address);
    struct ucrt_code found = cpu->decode (&code);
    switch (found.kind) {
      case UCRT_CODE_PLAIN:
        return UCRT_STAYS;
      case UCRT_CODE_TRAP:
        return UCRT_TRAPPED;
      case UCRT_CODE_CALL:
        if (contains (image, found.target, 1)) return UCRT_STAYS;
        *end = found.target;
        return UCRT_LEAVES;
      case UCRT_CODE_JUMP:
        address = found.target;
        break;
      case UCRT_CODE_JUMP_THROUGH:
        address = pointer_at (cpu, image, found.target);
        if (address == 0) {
          *end = found.target;
          return UCRT_LEAVES;
        }
        break;
    }
  }
  return UCRT_ENDLESS;
}

int ucrt_place_of_jump (const struct ucrt_cpu *cpu, const struct ucrt_span *image, uint64_t entry,
                        size_t room) {
  if (!contains (image, entry, 1)) return -1;
  struct ucrt_span code = from (image, entry);
  if (room > code.size) room = code.size;
  struct ucrt_code found = cpu->decode (&code);
  if (room < found.marker || room - found.marker < cpu->jump_size) return -1;
  return (int) found.marker;
}
