/* Bytes of an .eh_frame section that are not trusted: numbers, pointers and records.  One thread.  */
#ifndef MIR_CODE_EH_READER_H
#define MIR_CODE_EH_READER_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h> /* memcpy */

/* How pointers are encoded: "Linux Standard Base Core Specification", 10.5.1.  */
enum {
  MIR_EH_PE_ABSPTR = 0x00,
  MIR_EH_PE_UDATA2 = 0x02,
  MIR_EH_PE_UDATA4 = 0x03,
  MIR_EH_PE_UDATA8 = 0x04,
  MIR_EH_PE_SDATA2 = 0x0a,
  MIR_EH_PE_SDATA4 = 0x0b,
  MIR_EH_PE_SDATA8 = 0x0c,
  MIR_EH_PE_FORMAT = 0x0f, /* a mask */
  MIR_EH_PE_PCREL = 0x10,
  MIR_EH_PE_APPLICATION = 0x70, /* a mask */
  MIR_EH_PE_INDIRECT = 0x80,
  MIR_EH_PE_OMIT = 0xff
};

/*---------------- Bytes -----------------------------*/

/* Bytes that are read from the start.  AT never passes BOUND: BAD says that something wanted to.  */
struct mir_eh_reader {
  const uint8_t *at, *bound;
  int bad;
};

/* LEN bytes; NULL if there are fewer.  */
static inline const uint8_t *mir_eh_take (struct mir_eh_reader *reader, size_t len) {
  const uint8_t *bytes = reader->at;
  if (len > (size_t) (reader->bound - reader->at)) {
    reader->bad = 1;
    return NULL;
  }
  reader->at += len;
  return bytes;
}

static inline uint8_t mir_eh_byte (struct mir_eh_reader *reader) {
  const uint8_t *byte = mir_eh_take (reader, 1);
  return byte != NULL ? *byte : 0;
}

static inline uint32_t mir_eh_word (struct mir_eh_reader *reader) {
  uint32_t word = 0;
  const uint8_t *bytes = mir_eh_take (reader, sizeof (word));
  if (bytes != NULL) memcpy (&word, bytes, sizeof (word));
  return word;
}

/* An unsigned LEB128, or the bits of a signed one.  */
static inline uint64_t mir_eh_leb (struct mir_eh_reader *reader) {
  uint64_t value = 0;
  uint8_t byte;
  unsigned shift = 0;
  do {
    byte = mir_eh_byte (reader);
    if (shift < 64) value |= (uint64_t) (byte & 0x7f) << shift;
    shift += 7;
  } while ((byte & 0x80) != 0 && !reader->bad);
  return value;
}

/*---------------- Pointers -----------------------------*/

/* The bytes of a pointer; 0: compilers emit no such format.  */
static inline size_t mir_eh_size (uint8_t encoding) {
  switch (encoding & MIR_EH_PE_FORMAT) {
    case MIR_EH_PE_ABSPTR:
      return sizeof (uintptr_t);
    case MIR_EH_PE_UDATA2:
    case MIR_EH_PE_SDATA2:
      return 2;
    case MIR_EH_PE_UDATA4:
    case MIR_EH_PE_SDATA4:
      return 4;
    case MIR_EH_PE_UDATA8:
    case MIR_EH_PE_SDATA8:
      return 8;
    default:
      return 0;
  }
}

/* Whether ENCODING is an absolute or a relative pointer.  Those that count from the start of a
   program's section have no meaning for generated code.  */
static inline int mir_eh_is_known (uint8_t encoding) {
  uint8_t application = encoding & MIR_EH_PE_APPLICATION;
  return mir_eh_size (encoding) != 0 && (application == 0 || application == MIR_EH_PE_PCREL);
}

/* A pointer of the known ENCODING.  0 is none, also where pointers are relative (unwind-pe.h).  */
static inline uintptr_t mir_eh_pointer (struct mir_eh_reader *reader, uint8_t encoding) {
  int32_t word;
  int16_t half;
  uint64_t value = 0;
  uintptr_t place = (uintptr_t) reader->at;
  size_t size = mir_eh_size (encoding);
  const uint8_t *bytes = mir_eh_take (reader, size);
  if (bytes == NULL) return 0;
  switch (size) {
    case 2:
      memcpy (&half, bytes, sizeof (half));
      value = (encoding & MIR_EH_PE_FORMAT) == MIR_EH_PE_SDATA2 ? (uint64_t) half : (uint16_t) half;
      break;
    case 4:
      memcpy (&word, bytes, sizeof (word));
      value = (encoding & MIR_EH_PE_FORMAT) == MIR_EH_PE_SDATA4 ? (uint64_t) word : (uint32_t) word;
      break;
    default:
      memcpy (&value, bytes, sizeof (value));
  }
  int is_relative = (encoding & MIR_EH_PE_APPLICATION) == MIR_EH_PE_PCREL;
  return (uintptr_t) value + (is_relative && value != 0 ? place : 0);
}

/*---------------- Records -----------------------------*/

/* Make READER the contents of the record at AT.  The word 0, with which a section ends, is an empty
   record.  */
static inline void mir_eh_open (struct mir_eh_reader *reader, const uint8_t *at,
                                const uint8_t *bound) {
  *reader = (struct mir_eh_reader) {.at = at, .bound = bound};
  uint32_t len = mir_eh_word (reader);
  if (len == UINT32_MAX) reader->bad = 1; /* 64 bits follow: unwinders do not read that */
  const uint8_t *contents = reader->at;
  if (mir_eh_take (reader, len) == NULL) return;
  reader->bound = reader->at;
  reader->at = contents;
}

#endif /* MIR_CODE_EH_READER_H */
