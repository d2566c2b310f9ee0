/* Generated code that exceptions pass through: functions without frame pointers, and the .eh_frame
   sections for them, per CPU.  unwound.cpp throws.  */
#ifndef MIR_TESTS_CODE_UNWOUND_H
#define MIR_TESTS_CODE_UNWOUND_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Call the function at ADDR, which calls back, and throw an exception from there.  Returns its value as
   it is caught, VALUE.  */
int unwound_throw (const uint8_t *addr, int value);
/* Each function at ADDRS[0] ... ADDRS[NUM - 1] calls the next one, and the last one throws VALUE.  */
int unwound_throw_deep (const uint8_t *const *addrs, size_t num, int value);
/* Whether the unwinder knows PC, which is in no file of the program.  */
int unwound_is_known (const uint8_t *pc);
/* Whether the unwinder reads the pointer to a personality as soon as a section is registered.  */
int unwound_follows_personalities (void);

/*---------------- Code -----------------------------*/

/* The bytes of a frame of function number I: they differ, so that the frames of another function lead
   nowhere.  */
static inline unsigned unwound_frame_size (unsigned i) {
  return 16 * (1 + i % 7);
}

/* unwound_code (CODE, I) writes function number I, which calls its argument, UNWOUND_LEN bytes, to
   CODE.  From UNWOUND_HEAD on it has its frame.  UNWOUND_LEN is 0 for CPUs without such code.  */
#if defined(__x86_64__)
enum { UNWOUND_LEN = 11, UNWOUND_HEAD = 4 };
enum { UNWOUND_RETURN = 16, UNWOUND_STACK = 7, UNWOUND_CFA = 8 }; /* DWARF's numbers */
/* sub rsp, SIZE - 8; call rdi; add rsp, SIZE - 8; ret  */
static inline void unwound_code (uint8_t *code, unsigned i) {
  uint8_t size = (uint8_t) (unwound_frame_size (i) - 8);
  const uint8_t bytes[UNWOUND_LEN] = {0x48, 0x83, 0xec, size, 0xff, 0xd7,
                                      0x48, 0x83, 0xc4, size, 0xc3};
  memcpy (code, bytes, sizeof (bytes));
}
#elif defined(__aarch64__)
enum { UNWOUND_LEN = 16, UNWOUND_HEAD = 4 };
enum { UNWOUND_RETURN = 30, UNWOUND_STACK = 31, UNWOUND_CFA = 0 };
/* stp x30, xzr, [sp, -SIZE]!; blr x0; ldp x30, xzr, [sp], SIZE; ret  */
static inline void unwound_code (uint8_t *code, unsigned i) {
  uint32_t words = unwound_frame_size (i) / 8;
  const uint32_t insns[] = {0xa9807ffeu | ((0 - words) & 0x7f) << 15, 0xd63f0000u,
                            0xa8c07ffeu | words << 15, 0xd65f03c0u};
  memcpy (code, insns, sizeof (insns));
}
#else
enum { UNWOUND_LEN = 0, UNWOUND_HEAD = 0 };
enum { UNWOUND_RETURN = 0, UNWOUND_STACK = 0, UNWOUND_CFA = 0 };
static inline void unwound_code (uint8_t *code, unsigned i) {
  (void) code;
  (void) i;
}
#endif

/*---------------- Sections -----------------------------*/

enum unwound_encoding { UNWOUND_ABSPTR, UNWOUND_PCREL4, UNWOUND_PCREL8, UNWOUND_ALL_AUGMENTS };

enum { UNWOUND_MAX_SECTION = 4096 };

/* A section that is being written to BYTES, for pointers at PLACE.  */
struct unwound_section {
  uint8_t bytes[UNWOUND_MAX_SECTION];
  const uint8_t *place;
  size_t len, cie; /* the offset of the last CIE */
  enum unwound_encoding encoding;
};

enum {
  UNWOUND_DW_ADVANCE_LOC = 0x40,
  UNWOUND_DW_OFFSET = 0x80,
  UNWOUND_DW_DEF_CFA = 0x0c,
  UNWOUND_DW_DEF_CFA_OFFSET = 0x0e
};

static inline void unwound_put_ (struct unwound_section *section, const void *bytes, size_t len) {
  if (section->len + len > UNWOUND_MAX_SECTION) return;
  memcpy (section->bytes + section->len, bytes, len);
  section->len += len;
}

static inline void unwound_put_byte_ (struct unwound_section *section, unsigned value) {
  uint8_t byte = (uint8_t) value;
  unwound_put_ (section, &byte, 1);
}

static inline void unwound_put_word_ (struct unwound_section *section, uint32_t value) {
  unwound_put_ (section, &value, sizeof (value));
}

/* Pad the record that begins at START and set its length.  */
static inline void unwound_close_record_ (struct unwound_section *section, size_t start) {
  while ((section->len - start) % 8 != 4) unwound_put_byte_ (section, 0);
  uint32_t len = (uint32_t) (section->len - start - 4);
  memcpy (section->bytes + start, &len, sizeof (len));
}

static void *const unwound_no_personality_ = NULL;

static inline unsigned unwound_encoding_of_ (enum unwound_encoding encoding) {
  return encoding == UNWOUND_PCREL4 ? 0x1b : encoding == UNWOUND_PCREL8 ? 0x1c : 0x00;
}

static inline void unwound_put_address_ (struct unwound_section *section, uintptr_t value) {
  uintptr_t place = (uintptr_t) (section->place + section->len);
  if (unwound_encoding_of_ (section->encoding) != 0) value -= place;
  unwound_put_ (section, &value, section->encoding == UNWOUND_PCREL4 ? 4 : sizeof (value));
}

/* Start another CIE.  */
static inline void unwound_another_cie (struct unwound_section *section,
                                        enum unwound_encoding encoding) {
  size_t start = section->len;
  int all = encoding == UNWOUND_ALL_AUGMENTS;
  section->encoding = encoding;
  section->cie = start;
  unwound_put_word_ (section, 0);
  unwound_put_word_ (section, 0);
  unwound_put_byte_ (section, 1);
  if (all)
    unwound_put_ (section, "zPLR", 5);
  else
    unwound_put_ (section, "zR", 3);
  unwound_put_byte_ (section, 1);
  unwound_put_byte_ (section, 0x78); /* -8 */
  unwound_put_byte_ (section, UNWOUND_RETURN);
  if (all) {
    unwound_put_byte_ (section, 1 + sizeof (uintptr_t) + 2);
    uintptr_t personality = (uintptr_t) &unwound_no_personality_;
    unwound_put_byte_ (section, 0x80); /* where the address of the personality is */
    unwound_put_ (section, &personality, sizeof (personality));
    unwound_put_byte_ (section, 0x00);
  } else {
    unwound_put_byte_ (section, 1);
  }
  unwound_put_byte_ (section, unwound_encoding_of_ (encoding));
  unwound_put_byte_ (section, UNWOUND_DW_DEF_CFA);
  unwound_put_byte_ (section, UNWOUND_STACK);
  unwound_put_byte_ (section, UNWOUND_CFA);
  if (UNWOUND_CFA != 0) {
    unwound_put_byte_ (section, UNWOUND_DW_OFFSET | UNWOUND_RETURN);
    unwound_put_byte_ (section, 1);
  }
  unwound_close_record_ (section, start);
}

/* Begin SECTION, for pointers at PLACE, with a CIE.  */
static inline void unwound_begin (struct unwound_section *section, const void *place,
                                  enum unwound_encoding encoding) {
  section->place = (const uint8_t *) place;
  section->len = 0;
  unwound_another_cie (section, encoding);
}

/* Add an FDE for function number I of LEN bytes at ADDR.  */
static inline void unwound_describe (struct unwound_section *section, const uint8_t *addr,
                                     size_t len, unsigned i) {
  size_t start = section->len;
  uintptr_t size = len;
  unwound_put_word_ (section, 0);
  unwound_put_word_ (section, (uint32_t) (section->len - section->cie));
  unwound_put_address_ (section, (uintptr_t) addr);
  unwound_put_ (section, &size, section->encoding == UNWOUND_PCREL4 ? 4 : sizeof (size));
  unwound_put_byte_ (section, section->encoding == UNWOUND_ALL_AUGMENTS ? sizeof (uintptr_t) : 0);
  if (section->encoding == UNWOUND_ALL_AUGMENTS) {
    uintptr_t none = 0;
    unwound_put_ (section, &none, sizeof (none));
  }
  unwound_put_byte_ (section, UNWOUND_DW_ADVANCE_LOC | UNWOUND_HEAD);
  unwound_put_byte_ (section, UNWOUND_DW_DEF_CFA_OFFSET);
  unwound_put_byte_ (section, unwound_frame_size (i));
  if (UNWOUND_CFA == 0) {
    unwound_put_byte_ (section, UNWOUND_DW_OFFSET | UNWOUND_RETURN);
    unwound_put_byte_ (section, unwound_frame_size (i) / 8);
  }
  unwound_close_record_ (section, start);
}

static inline void unwound_end (struct unwound_section *section) {
  unwound_put_word_ (section, 0);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_CODE_UNWOUND_H */
