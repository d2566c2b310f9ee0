/* Reads a finished .eh_frame section and trusts nothing in it.  */
#include "code/eh-section.h"

#include <string.h> /* memchr */

#include "code/eh-reader.h"

/*---------------- CIEs -----------------------------*/

static int has_data (char letter) {
  return letter == 'P' || letter == 'L' || letter == 'R';
}

/* Whether the letter at AT of LETTERS comes where compilers put it: once, and those with data before
   those without.  libgcc looks for R like that (unwind-dw2-fde.c, get_cie_encoding): behind others it
   finds another encoding than its unwinder does (extract_cie_info), or calls abort.  */
static int is_in_order (const char *letters, const char *at) {
  for (const char *before = letters; before < at; before++)
    if (*before == *at || (has_data (*at) && !has_data (*before))) return 0;
  return 1;
}

/* The augmentation of a CIE, which begins with 'z': what LETTERS stand for.  */
static void read_augmentation (struct mir_eh_reader *reader, const char *letters,
                               uint8_t *encoding) {
  uint64_t len = mir_eh_leb (reader);
  struct mir_eh_reader part = {.at = reader->at, .bad = len > SIZE_MAX};
  (void) mir_eh_take (reader, (size_t) len);
  part.bound = reader->at;
  const char *first = ++letters;
  for (; *letters != 0 && !reader->bad && !part.bad; letters++) {
    uint8_t pointer;
    part.bad |= !is_in_order (first, letters);
    switch (*letters) {
      case 'R':
        *encoding = mir_eh_byte (&part);
        part.bad |= !mir_eh_is_known (*encoding) || (*encoding & MIR_EH_PE_INDIRECT) != 0;
        break;
      case 'P':
        pointer = mir_eh_byte (&part);
        if (!mir_eh_is_known (pointer))
          part.bad = 1;
        else
          (void) mir_eh_pointer (&part, pointer);
        break;
      case 'L':
        pointer = mir_eh_byte (&part);
        part.bad |= pointer != MIR_EH_PE_OMIT && !mir_eh_is_known (pointer);
        break;
      case 'S': /* a signal frame */
      case 'B': /* aarch64: signed with the B key */
      case 'G': /* aarch64: tagged stack */
        break;
      default:
        part.bad = 1;
    }
  }
  reader->bad |= part.bad;
}

/* Read the CIE at AT for the FDEs behind it.  0, or -1 if it is malformed.  */
static int read_cie (struct mir_eh_walk *walk, const uint8_t *at) {
  struct mir_eh_reader reader;
  uint8_t encoding = MIR_EH_PE_ABSPTR;
  mir_eh_open (&reader, at, walk->bound);
  uint32_t id = mir_eh_word (&reader);
  uint8_t version = mir_eh_byte (&reader);
  if (reader.bad || id != 0 || (version != 1 && version != 3)) return -1;
  const char *letters = (const char *) reader.at;
  const char *end = (const char *) memchr (letters, 0, (size_t) (reader.bound - reader.at));
  if (end == NULL || (*letters != 'z' && *letters != 0)) return -1;
  reader.at = (const uint8_t *) end + 1;
  (void) mir_eh_leb (&reader); /* the factors of code and of data, and the return address */
  (void) mir_eh_leb (&reader);
  if (version == 1)
    (void) mir_eh_byte (&reader);
  else
    (void) mir_eh_leb (&reader);
  if (*letters == 'z') read_augmentation (&reader, letters, &encoding);
  if (reader.bad) return -1;
  walk->cie = at;
  walk->encoding = encoding;
  walk->has_augments = *letters == 'z';
  return 0;
}

/* Read the FDE in READER, which the distance PLACE - CIE begins.  0, or -1 if it is malformed.  */
static int read_fde (struct mir_eh_walk *walk, struct mir_eh_reader *reader, uint32_t distance,
                     struct mir_eh_fde *fde) {
  const uint8_t *place = reader->at - sizeof (distance);
  if (distance > (size_t) (place - walk->start)) return -1;
  const uint8_t *cie = place - distance;
  if (cie != walk->cie && read_cie (walk, cie) != 0) return -1;
  fde->start = mir_eh_pointer (reader, walk->encoding);
  fde->size = mir_eh_pointer (reader, walk->encoding & MIR_EH_PE_FORMAT);
  if (walk->has_augments) {
    uint64_t len = mir_eh_leb (reader);
    reader->bad |= len > SIZE_MAX;
    (void) mir_eh_take (reader, (size_t) len);
  }
  return reader->bad ? -1 : 0;
}

/* Whether libgcc takes START for that of no function: 0 in the bits which the encoding has
   (unwind-dw2-fde.c, add_fdes).  */
static int is_ignored (const struct mir_eh_walk *walk, uintptr_t start) {
  size_t size = mir_eh_size (walk->encoding);
  uintptr_t mask = size < sizeof (start) ? ((uintptr_t) 1 << 8 * size) - 1 : UINTPTR_MAX;
  return (start & mask) == 0;
}

void mir_eh_walk_start (struct mir_eh_walk *walk, const void *bytes, size_t len) {
  const uint8_t *start = (const uint8_t *) bytes;
  *walk = (struct mir_eh_walk) {.at = start, .start = start, .bound = start + len};
}

int mir_eh_walk_next (struct mir_eh_walk *walk, struct mir_eh_fde *fde) {
  for (;;) {
    struct mir_eh_reader reader;
    mir_eh_open (&reader, walk->at, walk->bound);
    if (reader.bad) return -1;
    if (reader.at == reader.bound) return 0;
    fde->fde = walk->at;
    walk->at = reader.bound;
    uint32_t distance = mir_eh_word (&reader);
    if (reader.bad) return -1;
    if (distance == 0) {
      if (read_cie (walk, (const uint8_t *) fde->fde) != 0) return -1;
      continue;
    }
    if (read_fde (walk, &reader, distance, fde) != 0) return -1;
    if (!is_ignored (walk, fde->start)) return 1;
  }
}
