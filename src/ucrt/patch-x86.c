/* Jumps of x86-64 and x86.

   e9 is the only jump that is written.  Its 5 bytes fit every entry seen so far: the shortest thunk
   of a C runtime (`jmp rel32`, padded to 8 bytes) and the hot-patch prologue (8b ff 55 8b ec) of
   the 32-bit ones; 14 bytes would not.  A stub is `jmp [address]`: control-flow guard does not
   check jumps through memory that we write, and CET's shadow stack only knows calls and returns.

   Encodings: Intel's Software Developer's Manual, volume 2.  */

#include <string.h> /* memcpy, memset */

#include "ucrt/patch.h"

enum { JUMP_SIZE = 5 }; /* bytes */

/* A jump reaches any 31-bit distance from its own end, thus a little less from its beginning.  */
static const uint64_t reach = 0x7fffff00;

/* Whether the bytes of CODE at AT are BYTES; 0 if they are not all there.  */
static int begins_with (const struct ucrt_span *code, size_t at, const char *bytes, size_t len) {
  return at <= code->size && len <= code->size - at && memcmp (code->bytes + at, bytes, len) == 0;
}
#define BEGINS_WITH(CODE, AT, BYTES) begins_with (CODE, AT, BYTES, sizeof (BYTES) - 1)

static uint32_t word_at (const struct ucrt_span *code, size_t at) {
  uint32_t word;
  memcpy (&word, code->bytes + at, sizeof (word));
  return word;
}

/* What lies DISTANCE from FROM, the end of an instruction.  */
static uint64_t relative (uint64_t from, int64_t distance) {
  return from + (uint64_t) distance;
}

/* The bytes of the marker, endbr64 or endbr32, at the beginning of CODE; 0: there is none.  */
static unsigned marker_of (const struct ucrt_span *code) {
  int marked =
      BEGINS_WITH (code, 0, "\xf3\x0f\x1e\xfa") || BEGINS_WITH (code, 0, "\xf3\x0f\x1e\xfb");
  return marked ? 4 : 0;
}

/* Skip instructions that do nothing, which other hookers leave before their jump.  */
static size_t skip_idle (const struct ucrt_span *code, size_t at) {
  for (;;) {
    if (BEGINS_WITH (code, at, "\x90"))
      at += 1;
    else if (BEGINS_WITH (code, at, "\x66\x90") || BEGINS_WITH (code, at, "\x8b\xff"))
      at += 2;
    else
      return at;
  }
}

/* Whether a constant is loaded into a register, WIDTH bytes at AT + 1, and then jumped or returned
   to.  REX: the prefix before AT, which tells the upper eight registers, or 0.  */
static int loads_and_jumps (const struct ucrt_span *code, size_t at, unsigned width, uint8_t rex) {
  if (code->size - at < 1 + width + 2 || (code->bytes[at] & 0xf8) != 0xb8) return 0;
  uint8_t reg = code->bytes[at] & 7;
  size_t next = at + 1 + width;
  if (rex & 1) {
    if (code->bytes[next] != 0x41) return 0;
    next++;
  }
  if (code->size - next < 2) return 0;
  const uint8_t *after = code->bytes + next;
  return (after[0] == 0xff && after[1] == (0xe0 | reg))
         || (after[0] == (0x50 | reg) && after[1] == 0xc3);
}

static struct ucrt_code found (enum ucrt_code_kind kind, unsigned marker, uint64_t target) {
  return (struct ucrt_code) {.kind = kind, .marker = marker, .target = target};
}

/* What both CPUs have in common.  */
static struct ucrt_code decode_short (const struct ucrt_span *code, unsigned marker, size_t at) {
  uint64_t address = code->address + at;
  size_t left = code->size - at;
  const uint8_t *bytes = code->bytes + at;
  if (left >= 1 && bytes[0] == 0xcc) return found (UCRT_CODE_TRAP, marker, 0);
  if (left >= 2 && bytes[0] == 0xcd && bytes[1] == 0x03) return found (UCRT_CODE_TRAP, marker, 0);
  if (left >= 2 && bytes[0] == 0xeb)
    return found (UCRT_CODE_JUMP, marker, relative (address + 2, (int8_t) bytes[1]));
  if (left >= 5 && (bytes[0] == 0xe9 || bytes[0] == 0xe8))
    return found (bytes[0] == 0xe9 ? UCRT_CODE_JUMP : UCRT_CODE_CALL, marker,
                  relative (address + 5, (int32_t) word_at (code, at + 1)));
  return found (UCRT_CODE_PLAIN, marker, 0);
}

/* `decode`; bytes that are not in CODE match nothing.  */
static struct ucrt_code decode_64 (const struct ucrt_span *code) {
  unsigned marker = marker_of (code);
  size_t at = skip_idle (code, marker);
  struct ucrt_code result = decode_short (code, marker, at);
  if (result.kind != UCRT_CODE_PLAIN) return result;
  uint64_t address = code->address + at;
  size_t left = code->size - at;
  uint8_t rex = left >= 1 ? code->bytes[at] : 0;
  if (left >= 6 && BEGINS_WITH (code, at, "\xff\x25"))
    return found (UCRT_CODE_JUMP_THROUGH, marker,
                  relative (address + 6, (int32_t) word_at (code, at + 2)));
  if (left >= 7 && BEGINS_WITH (code, at, "\x48\xff\x25"))
    return found (UCRT_CODE_JUMP_THROUGH, marker,
                  relative (address + 7, (int32_t) word_at (code, at + 3)));
  if ((rex == 0x48 || rex == 0x49) && loads_and_jumps (code, at + 1, 8, rex))
    return found (UCRT_CODE_JUMP, marker,
                  word_at (code, at + 2) | (uint64_t) word_at (code, at + 6) << 32);
  /* push low; mov dword [rsp+4], high; ret */
  if (left >= 14 && rex == 0x68 && BEGINS_WITH (code, at + 5, "\xc7\x44\x24\x04")
      && code->bytes[at + 13] == 0xc3)
    return found (UCRT_CODE_JUMP, marker,
                  word_at (code, at + 1) | (uint64_t) word_at (code, at + 9) << 32);
  if (left >= 6 && rex == 0x68 && code->bytes[at + 5] == 0xc3)
    return found (UCRT_CODE_JUMP, marker, (uint64_t) (int64_t) (int32_t) word_at (code, at + 1));
  return result;
}

static struct ucrt_code decode_32 (const struct ucrt_span *code) {
  unsigned marker = marker_of (code);
  size_t at = skip_idle (code, marker);
  struct ucrt_code result = decode_short (code, marker, at);
  result.target = (uint32_t) result.target;
  if (result.kind != UCRT_CODE_PLAIN) return result;
  size_t left = code->size - at;
  if (left >= 6 && BEGINS_WITH (code, at, "\xff\x25"))
    return found (UCRT_CODE_JUMP_THROUGH, marker, word_at (code, at + 2));
  if (loads_and_jumps (code, at, 4, 0))
    return found (UCRT_CODE_JUMP, marker, word_at (code, at + 1));
  if (left >= 6 && code->bytes[at] == 0x68 && code->bytes[at + 5] == 0xc3)
    return found (UCRT_CODE_JUMP, marker, word_at (code, at + 1));
  return result;
}

/* Write e9 with DISTANCE, from the end of the jump.  */
static void put_jump (uint8_t *to, uint64_t distance) {
  uint32_t word = (uint32_t) distance;
  to[0] = 0xe9;
  memcpy (to + 1, &word, sizeof (word));
}

static int encode_jump_64 (uint8_t to[UCRT_JUMP_MAX], uint64_t from, uint64_t target) {
  int64_t distance = (int64_t) (target - (from + JUMP_SIZE));
  if (distance != (int32_t) distance) return -1;
  put_jump (to, (uint64_t) distance);
  return 0;
}

/* Addresses wrap around, so everything is in reach.  */
static int encode_jump_32 (uint8_t to[UCRT_JUMP_MAX], uint64_t from, uint64_t target) {
  put_jump (to, target - (from + JUMP_SIZE));
  return 0;
}

static void encode_stub_64 (uint8_t to[UCRT_STUB_SIZE], uint64_t from, uint64_t target) {
  (void) from;
  memset (to, 0xcc, UCRT_STUB_SIZE);
  memcpy (to, "\xff\x25\0\0\0\0", 6);
  memcpy (to + 6, &target, sizeof (target));
}

/* Never called on x86, where every jump reaches its target; it fills the member of struct
   ucrt_cpu.  */
static void encode_stub_32 (uint8_t to[UCRT_STUB_SIZE], uint64_t from, uint64_t target) {
  memset (to, 0xcc, UCRT_STUB_SIZE);
  put_jump (to, target - (from + JUMP_SIZE));
}

const struct ucrt_cpu ucrt_cpu_x86_64 = {
    .machine = 0x8664,
    .pointer_size = 8,
    .jump_size = JUMP_SIZE,
    .reach = reach,
    .decode = decode_64,
    .encode_jump = encode_jump_64,
    .encode_stub = encode_stub_64,
};

const struct ucrt_cpu ucrt_cpu_x86 = {
    .machine = 0x14c,
    .pointer_size = 4,
    .jump_size = JUMP_SIZE,
    .reach = (uint64_t) 1 << 32,
    .decode = decode_32,
    .encode_jump = encode_jump_32,
    .encode_stub = encode_stub_32,
};
