/* Reads a finished .eh_frame section and trusts nothing in it.  */
#include "code/eh-section.h"

#include <string.h> /* memcpy, memchr */

enum {
  DW_EH_PE_ABSPTR = 0x00,
  DW_EH_PE_UDATA2 = 0x02,
  DW_EH_PE_UDATA4 = 0x03,
  DW_EH_PE_UDATA8 = 0x04,
  DW_EH_PE_SDATA2 = 0x0a,
  DW_EH_PE_SDATA4 = 0x0b,
  DW_EH_PE_SDATA8 = 0x0c,
  DW_EH_PE_FORMAT = 0x0f, /* a mask */
  DW_EH_PE_PCREL = 0x10,
  DW_EH_PE_APPLICATION = 0x70, /* a mask */
  DW_EH_PE_INDIRECT = 0x80,
  DW_EH_PE_OMIT = 0xff
};

/*---------------- Bytes -----------------------------*/

/* Bytes that are read from the start.  AT never passes BOUND: BAD says that something wanted to.  */
struct reader {
  const uint8_t *at, *bound;
  int bad;
};

/* LEN bytes; NULL if there are fewer.  */
static const uint8_t *take (struct reader *reader, size_t len) {
  const uint8_t *bytes = reader->at;
  if (len > (size_t) (reader->bound - reader->at)) {
    reader->bad = 1;
    return NULL;
  }
  reader->at += len;
  return bytes;
}

static uint8_t take_byte (struct reader *reader) {
  const uint8_t *byte = take (reader, 1);
  return byte != NULL ? *byte : 0;
}

static uint32_t take_word (struct reader *reader) {
  uint32_t word = 0;
  const uint8_t *bytes = take (reader, sizeof (word));
  if (bytes != NULL) memcpy (&word, bytes, sizeof (word));
  return word;
}

/* An unsigned LEB128, or the bits of a signed one.  */
static uint64_t take_leb (struct reader *reader) {
  uint64_t value = 0;
  uint8_t byte;
  unsigned shift = 0;
  do {
    byte = take_byte (reader);
    if (shift < 64) value |= (uint64_t) (byte & 0x7f) << shift;
    shift += 7;
  } while ((byte & 0x80) != 0 && !reader->bad);
  return value;
}

/*---------------- Pointers -----------------------------*/

/* The bytes of a pointer; 0: compilers emit no such format.  */
static size_t size_of (uint8_t encoding) {
  switch (encoding & DW_EH_PE_FORMAT) {
    case DW_EH_PE_ABSPTR:
      return sizeof (uintptr_t);
    case DW_EH_PE_UDATA2:
    case DW_EH_PE_SDATA2:
      return 2;
    case DW_EH_PE_UDATA4:
    case DW_EH_PE_SDATA4:
      return 4;
    case DW_EH_PE_UDATA8:
    case DW_EH_PE_SDATA8:
      return 8;
    default:
      return 0;
  }
}

/* Whether ENCODING is an absolute or a relative pointer.  Those that count from the start of a
   program's section have no meaning for generated code.  */
static int is_known (uint8_t encoding) {
  uint8_t application = encoding & DW_EH_PE_APPLICATION;
  return size_of (encoding) != 0 && (application == 0 || application == DW_EH_PE_PCREL);
}

/* A pointer of the known ENCODING.  0 is none, also where pointers are relative (unwind-pe.h).  */
static uintptr_t take_pointer (struct reader *reader, uint8_t encoding) {
  int32_t word;
  int16_t half;
  uint64_t value = 0;
  uintptr_t place = (uintptr_t) reader->at;
  size_t size = size_of (encoding);
  const uint8_t *bytes = take (reader, size);
  if (bytes == NULL) return 0;
  switch (size) {
    case 2:
      memcpy (&half, bytes, sizeof (half));
      value = (encoding & DW_EH_PE_FORMAT) == DW_EH_PE_SDATA2 ? (uint64_t) half : (uint16_t) half;
      break;
    case 4:
      memcpy (&word, bytes, sizeof (word));
      value = (encoding & DW_EH_PE_FORMAT) == DW_EH_PE_SDATA4 ? (uint64_t) word : (uint32_t) word;
      break;
    default:
      memcpy (&value, bytes, sizeof (value));
  }
  int is_relative = (encoding & DW_EH_PE_APPLICATION) == DW_EH_PE_PCREL;
  return (uintptr_t) value + (is_relative && value != 0 ? place : 0);
}

/*---------------- Records -----------------------------*/

/* Make READER the contents of the record at AT.  The word 0, with which a section ends, is an empty
   record.  */
static void open_record (struct reader *reader, const uint8_t *at, const uint8_t *bound) {
  *reader = (struct reader) {.at = at, .bound = bound};
  uint32_t len = take_word (reader);
  if (len == UINT32_MAX) reader->bad = 1; /* 64 bits follow: unwinders do not read that */
  const uint8_t *contents = reader->at;
  if (take (reader, len) == NULL) return;
  reader->bound = reader->at;
  reader->at = contents;
}

/* The augmentation of a CIE, which begins with 'z': what LETTERS stand for.  */
static void read_augmentation (struct reader *reader, const char *letters, uint8_t *encoding) {
  uint64_t len = take_leb (reader);
  struct reader part = {.at = reader->at, .bad = len > SIZE_MAX};
  (void) take (reader, (size_t) len);
  part.bound = reader->at;
  for (letters++; *letters != 0 && !reader->bad && !part.bad; letters++) {
    uint8_t pointer;
    switch (*letters) {
      case 'R':
        *encoding = take_byte (&part);
        part.bad |= !is_known (*encoding) || (*encoding & DW_EH_PE_INDIRECT) != 0;
        break;
      case 'P':
        pointer = take_byte (&part);
        if (!is_known (pointer))
          part.bad = 1;
        else
          (void) take_pointer (&part, pointer);
        break;
      case 'L':
        pointer = take_byte (&part);
        part.bad |= pointer != DW_EH_PE_OMIT && !is_known (pointer);
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
  struct reader reader;
  uint8_t encoding = DW_EH_PE_ABSPTR;
  open_record (&reader, at, walk->bound);
  uint32_t id = take_word (&reader);
  uint8_t version = take_byte (&reader);
  if (reader.bad || id != 0 || (version != 1 && version != 3)) return -1;
  const char *letters = (const char *) reader.at;
  const char *end = (const char *) memchr (letters, 0, (size_t) (reader.bound - reader.at));
  if (end == NULL || (*letters != 'z' && *letters != 0)) return -1;
  reader.at = (const uint8_t *) end + 1;
  (void) take_leb (&reader); /* the factors of code and of data, and the return address */
  (void) take_leb (&reader);
  if (version == 1)
    (void) take_byte (&reader);
  else
    (void) take_leb (&reader);
  if (*letters == 'z') read_augmentation (&reader, letters, &encoding);
  if (reader.bad) return -1;
  walk->cie = at;
  walk->encoding = encoding;
  walk->has_augments = *letters == 'z';
  return 0;
}

/* Read the FDE in READER, which the distance PLACE - CIE begins.  0, or -1 if it is malformed.  */
static int read_fde (struct mir_eh_walk *walk, struct reader *reader, uint32_t distance,
                     struct mir_eh_fde *fde) {
  const uint8_t *place = reader->at - sizeof (distance);
  if (distance > (size_t) (place - walk->start)) return -1;
  const uint8_t *cie = place - distance;
  if (cie != walk->cie && read_cie (walk, cie) != 0) return -1;
  fde->start = take_pointer (reader, walk->encoding);
  fde->size = take_pointer (reader, walk->encoding & DW_EH_PE_FORMAT);
  if (walk->has_augments) {
    uint64_t len = take_leb (reader);
    reader->bad |= len > SIZE_MAX;
    (void) take (reader, (size_t) len);
  }
  return reader->bad ? -1 : 0;
}

/* Whether libgcc takes START for that of no function: 0 in the bits which the encoding has
   (unwind-dw2-fde.c, add_fdes).  */
static int is_ignored (const struct mir_eh_walk *walk, uintptr_t start) {
  size_t size = size_of (walk->encoding);
  uintptr_t mask = size < sizeof (start) ? ((uintptr_t) 1 << 8 * size) - 1 : UINTPTR_MAX;
  return (start & mask) == 0;
}

void mir_eh_walk_start (struct mir_eh_walk *walk, const void *bytes, size_t len) {
  const uint8_t *start = (const uint8_t *) bytes;
  *walk = (struct mir_eh_walk) {.at = start, .start = start, .bound = start + len};
}

int mir_eh_walk_next (struct mir_eh_walk *walk, struct mir_eh_fde *fde) {
  for (;;) {
    struct reader reader;
    open_record (&reader, walk->at, walk->bound);
    if (reader.bad) return -1;
    if (reader.at == reader.bound) return 0;
    fde->fde = walk->at;
    walk->at = reader.bound;
    uint32_t distance = take_word (&reader);
    if (reader.bad) return -1;
    if (distance == 0) {
      if (read_cie (walk, (const uint8_t *) fde->fde) != 0) return -1;
      continue;
    }
    if (read_fde (walk, &reader, distance, fde) != 0) return -1;
    if (fde->size != 0 && !is_ignored (walk, fde->start)) return 1;
  }
}

/*---------------- Copies -----------------------------*/

/* Bytes that are written, or only counted if TO is NULL.  */
struct writer {
  uint8_t *to;
  size_t len;
};

static void put (struct writer *writer, const void *bytes, size_t len) {
  if (writer->to != NULL) memcpy (writer->to + writer->len, bytes, len);
  writer->len += len;
}

static void put_byte (struct writer *writer, uint8_t byte) {
  put (writer, &byte, 1);
}

static void put_word (struct writer *writer, uint32_t word) {
  put (writer, &word, sizeof (word));
}

static void put_pointer (struct writer *writer, uintptr_t pointer) {
  put (writer, &pointer, sizeof (pointer));
}

/* End the record that begins at START, with as many instructions DW_CFA_nop, 0, as it takes, and set
   its length.  */
static void close_record (struct writer *writer, size_t start) {
  while (writer->len % 8 != 0) put_byte (writer, 0);
  uint32_t len = (uint32_t) (writer->len - start - sizeof (len));
  if (writer->to != NULL) memcpy (writer->to + start, &len, sizeof (len));
}

/* What a copied FDE has of its CIE.  */
struct copied_cie {
  int has_augments;
  uint8_t lsda; /* its encoding, in the original; DW_EH_PE_OMIT: none */
};

/* Copy what LETTERS stand for.  The encodings are those of absolute pointers.  */
static void copy_augmentation (struct writer *writer, struct reader *reader, const char *letters,
                               struct copied_cie *cie) {
  struct writer part = {.to = NULL};
  uint8_t bytes[3 + sizeof (uintptr_t)];
  uint8_t pointer;
  (void) take_leb (reader);
  part.to = bytes;
  for (letters++; *letters != 0; letters++) {
    if (*letters == 'R') {
      (void) take_byte (reader);
      put_byte (&part, DW_EH_PE_ABSPTR);
    } else if (*letters == 'P') {
      pointer = take_byte (reader);
      put_byte (&part, DW_EH_PE_ABSPTR | (pointer & DW_EH_PE_INDIRECT));
      put_pointer (&part, take_pointer (reader, pointer));
    } else if (*letters == 'L') {
      cie->lsda = pointer = take_byte (reader);
      put_byte (&part, pointer == DW_EH_PE_OMIT ? pointer : pointer & DW_EH_PE_INDIRECT);
    }
  }
  put_byte (writer, (uint8_t) part.len);
  put (writer, bytes, part.len);
}

/* Copy the well-formed CIE at AT.  */
static void copy_cie (struct writer *writer, const uint8_t *at, const uint8_t *bound,
                      struct copied_cie *cie) {
  struct reader reader;
  open_record (&reader, at, bound);
  put_word (writer, 0);
  put_word (writer, take_word (&reader));
  const uint8_t *plain = reader.at;
  uint8_t version = take_byte (&reader);
  const char *letters = (const char *) reader.at;
  (void) take (&reader, strlen (letters) + 1);
  (void) take_leb (&reader);
  (void) take_leb (&reader);
  if (version == 1)
    (void) take_byte (&reader);
  else
    (void) take_leb (&reader);
  put (writer, plain, (size_t) (reader.at - plain));
  cie->has_augments = *letters == 'z';
  cie->lsda = DW_EH_PE_OMIT;
  if (cie->has_augments) {
    struct reader augments = reader;
    uint64_t len = take_leb (&reader);
    (void) take (&reader, (size_t) len);
    copy_augmentation (writer, &augments, letters, cie);
  }
  put (writer, reader.at, (size_t) (reader.bound - reader.at));
  close_record (writer, 0);
}

/* Copy the well-formed FDE at AT, whose CIE has been copied to the start; its range is set
   later.  */
static void copy_fde (struct writer *writer, const uint8_t *at, const uint8_t *bound,
                      uint8_t encoding, const struct copied_cie *cie) {
  struct reader reader;
  size_t start = writer->len;
  open_record (&reader, at, bound);
  (void) take_word (&reader);
  put_word (writer, 0);
  put_word (writer, (uint32_t) writer->len);
  put_pointer (writer, take_pointer (&reader, encoding));
  put_pointer (writer, take_pointer (&reader, encoding & DW_EH_PE_FORMAT));
  if (cie->has_augments) {
    struct reader augments = reader;
    uint64_t len = take_leb (&reader);
    (void) take (&reader, (size_t) len);
    (void) take_leb (&augments);
    int has_lsda = cie->lsda != DW_EH_PE_OMIT && len >= size_of (cie->lsda);
    put_byte (writer, has_lsda ? sizeof (uintptr_t) : 0);
    if (has_lsda) put_pointer (writer, take_pointer (&augments, cie->lsda));
  }
  put (writer, reader.at, (size_t) (reader.bound - reader.at));
  close_record (writer, start);
}

size_t mir_eh_copy (const void *bytes, size_t len, const void *fde, void *to, size_t *fde_at) {
  struct writer writer = {.to = (uint8_t *) to};
  struct mir_eh_walk walk;
  struct mir_eh_fde found;
  struct copied_cie cie;
  mir_eh_walk_start (&walk, bytes, len);
  walk.at = (const uint8_t *) fde;
  (void) mir_eh_walk_next (&walk, &found); /* which reads the CIE */
  copy_cie (&writer, walk.cie, walk.bound, &cie);
  *fde_at = writer.len;
  copy_fde (&writer, (const uint8_t *) fde, walk.bound, walk.encoding, &cie);
  put_word (&writer, 0);
  return writer.len;
}
