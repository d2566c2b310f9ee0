/* Generated code that exceptions pass through: functions without frame pointers, and the .eh_frame
   sections for them, per CPU.  */
#ifndef MIR_TESTS_CODE_UNWOUND_H
#define MIR_TESTS_CODE_UNWOUND_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Call the function at ADDR, which calls back, and throw an exception from there.  Returns its value as
   it is caught, VALUE.  */
int unwound_throw (const uint8_t *addr, int value);
/* Each function at ADDRS[0] ... ADDRS[NUM - 1] calls the next one, and the last one throws VALUE.  */
int unwound_throw_deep (const uint8_t *const *addrs, size_t num, int value);

/* The bytes of a function, of its part behind the first instruction; 0: no code for this CPU.  */
enum {
#if defined(__x86_64__)
  UNWOUND_LEN = 11,
  UNWOUND_HEAD = 4
#elif defined(__aarch64__)
  UNWOUND_LEN = 16,
  UNWOUND_HEAD = 4
#else
  UNWOUND_LEN = 0,
  UNWOUND_HEAD = 0
#endif
};

/* Bytes of the frame of function number I: they differ, so that the frames of another function lead
   nowhere.  */
static inline unsigned unwound_frame_size (unsigned i) {
  return 16 * (1 + i % 7);
}

/* Write function number I to CODE, which calls its argument.  */
void unwound_code (uint8_t *code, unsigned i);

enum unwound_encoding { UNWOUND_ABSPTR, UNWOUND_PCREL4, UNWOUND_PCREL8, UNWOUND_ALL_AUGMENTS };

enum { UNWOUND_MAX_SECTION = 4096 };

/* A section that is being written to BYTES, for pointers at PLACE.  */
struct unwound_section {
  uint8_t bytes[UNWOUND_MAX_SECTION];
  const uint8_t *place;
  size_t len, cie; /* the offset of the last CIE */
  enum unwound_encoding encoding;
};

void unwound_begin (struct unwound_section *section, const void *place,
                    enum unwound_encoding encoding);
/* Add an FDE for function number I of LEN bytes at ADDR.  */
void unwound_describe (struct unwound_section *section, const uint8_t *addr, size_t len,
                       unsigned i);
/* Start another CIE.  */
void unwound_another_cie (struct unwound_section *section, enum unwound_encoding encoding);
void unwound_end (struct unwound_section *section);

/* Whether the unwinder reads the pointer to a personality as soon as a section is registered.  */
int unwound_follows_personalities (void);
/* Whether the unwinder knows PC, which is in no file of the program.  */
int unwound_is_known (const uint8_t *pc);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_CODE_UNWOUND_H */
