/* Copies a description of a well-formed .eh_frame section, so that it may be changed.  */
#include "code/eh-copy.h"

#include <stdint.h>
#include <string.h> /* memcpy, strlen */

#include "code/eh-reader.h"
#include "code/eh-section.h"

/*---------------- Bytes -----------------------------*/

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

/*---------------- Records -----------------------------*/

/* What a copied FDE has of its CIE.  */
struct copied_cie {
  int has_augments;
  uint8_t lsda; /* its encoding, in the original; MIR_EH_PE_OMIT: none */
};

/* Copy what LETTERS stand for.  The encodings are those of absolute pointers.  */
static void copy_augmentation (struct writer *writer, struct mir_eh_reader *reader,
                               const char *letters, struct copied_cie *cie) {
  struct writer part = {.to = NULL};
  uint8_t bytes[3 + sizeof (uintptr_t)];
  uint8_t pointer;
  (void) mir_eh_leb (reader);
  part.to = bytes;
  for (letters++; *letters != 0; letters++) {
    if (*letters == 'R') {
      (void) mir_eh_byte (reader);
      put_byte (&part, MIR_EH_PE_ABSPTR);
    } else if (*letters == 'P') {
      pointer = mir_eh_byte (reader);
      put_byte (&part, MIR_EH_PE_ABSPTR | (pointer & MIR_EH_PE_INDIRECT));
      put_pointer (&part, mir_eh_pointer (reader, pointer));
    } else if (*letters == 'L') {
      cie->lsda = pointer = mir_eh_byte (reader);
      put_byte (&part, pointer == MIR_EH_PE_OMIT ? pointer : pointer & MIR_EH_PE_INDIRECT);
    }
  }
  put_byte (writer, (uint8_t) part.len);
  put (writer, bytes, part.len);
}

/* Copy the well-formed CIE at AT.  */
static void copy_cie (struct writer *writer, const uint8_t *at, const uint8_t *bound,
                      struct copied_cie *cie) {
  struct mir_eh_reader reader;
  mir_eh_open (&reader, at, bound);
  put_word (writer, 0);
  put_word (writer, mir_eh_word (&reader));
  const uint8_t *plain = reader.at;
  uint8_t version = mir_eh_byte (&reader);
  const char *letters = (const char *) reader.at;
  (void) mir_eh_take (&reader, strlen (letters) + 1);
  (void) mir_eh_leb (&reader);
  (void) mir_eh_leb (&reader);
  if (version == 1)
    (void) mir_eh_byte (&reader);
  else
    (void) mir_eh_leb (&reader);
  put (writer, plain, (size_t) (reader.at - plain));
  cie->has_augments = *letters == 'z';
  cie->lsda = MIR_EH_PE_OMIT;
  if (cie->has_augments) {
    struct mir_eh_reader augments = reader;
    uint64_t len = mir_eh_leb (&reader);
    (void) mir_eh_take (&reader, (size_t) len);
    copy_augmentation (writer, &augments, letters, cie);
  }
  put (writer, reader.at, (size_t) (reader.bound - reader.at));
  close_record (writer, 0);
}

/* Copy the well-formed FDE at AT, whose CIE has been copied to the start; its range is set
   later.  */
static void copy_fde (struct writer *writer, const uint8_t *at, const uint8_t *bound,
                      uint8_t encoding, const struct copied_cie *cie) {
  struct mir_eh_reader reader;
  size_t start = writer->len;
  mir_eh_open (&reader, at, bound);
  (void) mir_eh_word (&reader);
  put_word (writer, 0);
  put_word (writer, (uint32_t) writer->len);
  put_pointer (writer, mir_eh_pointer (&reader, encoding));
  put_pointer (writer, mir_eh_pointer (&reader, encoding & MIR_EH_PE_FORMAT));
  if (cie->has_augments) {
    struct mir_eh_reader augments = reader;
    uint64_t len = mir_eh_leb (&reader);
    (void) mir_eh_take (&reader, (size_t) len);
    (void) mir_eh_leb (&augments);
    int has_lsda = cie->lsda != MIR_EH_PE_OMIT && len >= mir_eh_size (cie->lsda);
    put_byte (writer, has_lsda ? sizeof (uintptr_t) : 0);
    if (has_lsda) put_pointer (writer, mir_eh_pointer (&augments, cie->lsda));
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
