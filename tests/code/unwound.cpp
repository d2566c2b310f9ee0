// Generated code that exceptions pass through, and the .eh_frame sections for it.
#include "unwound.h"

#include <cstring>

typedef void (*callback_t) (void);
typedef void (*calls_back_t) (callback_t);

extern "C" const void *_Unwind_Find_FDE (void *pc, void *bases);

// LLVM's libunwind has it.
extern "C" void __unw_add_dynamic_eh_frame_section (uintptr_t) __attribute__ ((weak));

//---------------- Exceptions -----------------------------

static thread_local const uint8_t *const *next_addr;
static thread_local size_t left;
static thread_local int thrown;

static void call_next () {
  if (left == 0) throw thrown;
  const uint8_t *addr = *next_addr++;
  calls_back_t func;
  left--;
  std::memcpy (&func, &addr, sizeof (func));
  func (call_next);
}

int unwound_throw_deep (const uint8_t *const *addrs, size_t num, int value) {
  next_addr = addrs;
  left = num;
  thrown = value;
  try {
    call_next ();
  } catch (int caught) {
    return caught;
  }
  return -1;
}

int unwound_throw (const uint8_t *addr, int value) {
  return unwound_throw_deep (&addr, 1, value);
}

int unwound_follows_personalities () {
  return __unw_add_dynamic_eh_frame_section != nullptr;
}

int unwound_is_known (const uint8_t *pc) {
  void *bases[3];
  return _Unwind_Find_FDE (const_cast<uint8_t *> (pc), bases) != nullptr;
}

//---------------- Code -----------------------------

#if defined(__x86_64__)
enum { DW_RETURN = 16, DW_STACK = 7, DW_CFA_START = 8 };
// sub rsp, SIZE - 8; call rdi; add rsp, SIZE - 8; ret
void unwound_code (uint8_t *code, unsigned i) {
  uint8_t size = (uint8_t) (unwound_frame_size (i) - 8);
  const uint8_t bytes[UNWOUND_LEN] = {0x48, 0x83, 0xec, size, 0xff, 0xd7,
                                      0x48, 0x83, 0xc4, size, 0xc3};
  std::memcpy (code, bytes, sizeof (bytes));
}
#elif defined(__aarch64__)
enum { DW_RETURN = 30, DW_STACK = 31, DW_CFA_START = 0 };
// stp x30, xzr, [sp, -SIZE]!; blr x0; ldp x30, xzr, [sp], SIZE; ret
void unwound_code (uint8_t *code, unsigned i) {
  uint32_t words = unwound_frame_size (i) / 8;
  const uint32_t insns[] = {0xa9807ffeu | ((0 - words) & 0x7f) << 15, 0xd63f0000u,
                            0xa8c07ffeu | words << 15, 0xd65f03c0u};
  std::memcpy (code, insns, sizeof (insns));
}
#else
enum { DW_RETURN = 0, DW_STACK = 0, DW_CFA_START = 0 };
void unwound_code (uint8_t *, unsigned) {}
#endif

//---------------- Sections -----------------------------

enum {
  DW_CFA_ADVANCE_LOC = 0x40,
  DW_CFA_OFFSET = 0x80,
  DW_CFA_DEF_CFA = 0x0c,
  DW_CFA_DEF_CFA_OFFSET = 0x0e
};

static void put (struct unwound_section *section, const void *bytes, size_t len) {
  if (section->len + len > UNWOUND_MAX_SECTION) return;
  std::memcpy (section->bytes + section->len, bytes, len);
  section->len += len;
}

static void put_byte (struct unwound_section *section, unsigned value) {
  uint8_t byte = (uint8_t) value;
  put (section, &byte, 1);
}

static void put_word (struct unwound_section *section, uint32_t value) {
  put (section, &value, sizeof (value));
}

// Pads the record that begins at START and sets its length.
static void close_record (struct unwound_section *section, size_t start) {
  while ((section->len - start) % 8 != 4) put_byte (section, 0);
  uint32_t len = (uint32_t) (section->len - start - 4);
  std::memcpy (section->bytes + start, &len, sizeof (len));
}

static void *const no_personality = nullptr;

static unsigned encoding_of (enum unwound_encoding encoding) {
  return encoding == UNWOUND_PCREL4 ? 0x1b : encoding == UNWOUND_PCREL8 ? 0x1c : 0x00;
}

static void put_address (struct unwound_section *section, uintptr_t value) {
  uintptr_t place = (uintptr_t) (section->place + section->len);
  if (encoding_of (section->encoding) != 0) value -= place;
  put (section, &value, section->encoding == UNWOUND_PCREL4 ? 4 : sizeof (value));
}

void unwound_another_cie (struct unwound_section *section, enum unwound_encoding encoding) {
  size_t start = section->len;
  int all = encoding == UNWOUND_ALL_AUGMENTS;
  section->encoding = encoding;
  section->cie = start;
  put_word (section, 0);
  put_word (section, 0);
  put_byte (section, 1);
  if (all)
    put (section, "zPLR", 5);
  else
    put (section, "zR", 3);
  put_byte (section, 1);
  put_byte (section, 0x78);  // -8
  put_byte (section, DW_RETURN);
  if (all) {
    put_byte (section, 1 + sizeof (uintptr_t) + 2);
    uintptr_t personality = (uintptr_t) &no_personality;
    put_byte (section, 0x80);  // where the address of the personality is
    put (section, &personality, sizeof (personality));
    put_byte (section, 0x00);
  } else {
    put_byte (section, 1);
  }
  put_byte (section, encoding_of (encoding));
  put_byte (section, DW_CFA_DEF_CFA);
  put_byte (section, DW_STACK);
  put_byte (section, DW_CFA_START);
  if (DW_CFA_START != 0) {
    put_byte (section, DW_CFA_OFFSET | DW_RETURN);
    put_byte (section, 1);
  }
  close_record (section, start);
}

void unwound_begin (struct unwound_section *section, const void *place,
                    enum unwound_encoding encoding) {
  section->place = (const uint8_t *) place;
  section->len = 0;
  unwound_another_cie (section, encoding);
}

void unwound_describe (struct unwound_section *section, const uint8_t *addr, size_t len,
                       unsigned i) {
  size_t start = section->len;
  uintptr_t size = len;
  put_word (section, 0);
  put_word (section, (uint32_t) (section->len - section->cie));
  put_address (section, (uintptr_t) addr);
  put (section, &size, section->encoding == UNWOUND_PCREL4 ? 4 : sizeof (size));
  put_byte (section, section->encoding == UNWOUND_ALL_AUGMENTS ? sizeof (uintptr_t) : 0);
  if (section->encoding == UNWOUND_ALL_AUGMENTS) {
    uintptr_t none = 0;
    put (section, &none, sizeof (none));
  }
  put_byte (section, DW_CFA_ADVANCE_LOC | UNWOUND_HEAD);
  put_byte (section, DW_CFA_DEF_CFA_OFFSET);
  put_byte (section, unwound_frame_size (i));
  if (DW_CFA_START == 0) {
    put_byte (section, DW_CFA_OFFSET | DW_RETURN);
    put_byte (section, unwound_frame_size (i) / 8);
  }
  close_record (section, start);
}

void unwound_end (struct unwound_section *section) {
  put_word (section, 0);
}
