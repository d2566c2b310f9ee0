/* The ARM64 half of an ARM64EC image: fast-forward sequences, the hybrid metadata, and where a jump
   goes.  With a DLL for arm64ec as argument, its file is read too, mapped as the loader does it.  */

#include <stdio.h>
#include <stdlib.h> /* free, malloc */

#include <string.h> /* memcpy, memset, strncmp */

#include "inject/pe/format.h"
#include "ucrt/crt-arm64ec.h"
#include "ucrt/patch.h"
#include "support/tap.h"

enum {
  SIZE = 0x4000,
  HEADER = 0x80,
  OPTIONAL = HEADER + 24,
  EXPORTS = 0x400,
  NAMES = 0x500,
  CONFIG = 0x600,
  CONFIG_SIZE = 0xd0,
  METADATA = 0x700,
  CODE_MAP = 0x800,
  UNWIND = 0x900, /* of ARM64 */
  OTHER_UNWIND = 0xa00,
  CODE = 0x1000,    /* ARM64EC */
  FORWARD = 0x2000, /* x64 */
  FORWARD_SIZE = 16 /* bytes */
};

static const struct ucrt_cpu *const cpu = &ucrt_cpu_aarch64;
static uint8_t image_bytes[SIZE];

static void put (uint8_t *image, uint32_t offset, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; i++) image[offset + i] = (uint8_t) (value >> (8 * i));
}

static void put_directory (uint8_t *image, unsigned number, uint32_t offset, uint32_t size) {
  put (image, OPTIONAL + 112 + 8 * number, offset, 4);
  put (image, OPTIONAL + 116 + 8 * number, size, 4);
}

/* A fast-forward sequence at AT that leads to FUNCTION.  */
static void put_forward (uint8_t *image, uint32_t at, uint32_t function) {
  memcpy (image + at, "\x48\x8b\xc4\x48\x89\x58\x20\x55\x5d\xe9", 10);
  put (image, at + 10, function - (at + 14), 4);
  image[at + 14] = image[at + 15] = 0xcc;
}

/* Exports, sorted: _expand, whose sequence leads to x64 code; calloc, whose sequence was overwritten;
   free, which leads to ARM64 code at once; malloc, at CODE + 0x40 behind its sequence; and realloc
   to plain x64 code.  */
static void put_exports (uint8_t *image) {
  static const char names[] = "_expand\0calloc\0free\0malloc\0realloc";
  static const uint32_t functions[] = {FORWARD, FORWARD + 0x10, CODE + 0x80, FORWARD + 0x20,
                                       FORWARD + 0x100};
  static const uint32_t begins[] = {0, 8, 15, 20, 27};
  memcpy (image + NAMES, names, sizeof (names));
  put (image, EXPORTS + 20, 5, 4);
  put (image, EXPORTS + 24, 5, 4);
  put (image, EXPORTS + 28, EXPORTS + 0x40, 4);
  put (image, EXPORTS + 32, EXPORTS + 0x60, 4);
  put (image, EXPORTS + 36, EXPORTS + 0x80, 4);
  for (unsigned i = 0; i < 5; i++) {
    put (image, EXPORTS + 0x40 + 4 * i, functions[i], 4);
    put (image, EXPORTS + 0x60 + 4 * i, NAMES + begins[i], 4);
    put (image, EXPORTS + 0x80 + 2 * i, i, 2);
  }
  put_directory (image, 0, EXPORTS, 0x200);
  put_forward (image, FORWARD, FORWARD + 0x100);
  put_forward (image, FORWARD + 0x10, CODE + 0x40);
  memcpy (image + FORWARD + 0x10, "\xe9\0\x10\0\0", 5);
  put_forward (image, FORWARD + 0x20, CODE + 0x40);
  memset (image + FORWARD + 0x100, 0x90, 0x100);
}

/* The load config leads to METADATA by the address at which IMAGE stands.  */
static void put_metadata (uint8_t *image) {
  put (image, CONFIG, CONFIG_SIZE, 4);
  put (image, CONFIG + PE_CONFIG_HYBRID_PLUS, (uintptr_t) image + METADATA, 8);
  put_directory (image, 10, CONFIG, 0x40);
  put (image, METADATA, 1, 4);
  put (image, METADATA + 4, CODE_MAP, 4);
  put (image, METADATA + 8, 3, 4);
  put (image, METADATA + 64, UNWIND, 4);
  put (image, METADATA + 68, 16, 4);
  static const uint32_t map[][2] = {{CODE | 1, 0x400}, {FORWARD | 2, 0x400}, {0x3000, 0x100}};
  for (unsigned i = 0; i < 3; i++) {
    put (image, CODE_MAP + 8 * i, map[i][0], 4);
    put (image, CODE_MAP + 8 * i + 4, map[i][1], 4);
  }
}

/* ARM64 functions at CODE + 0x40 of 9 instructions and at CODE + 0x80 of 5; an x64 one at
   FORWARD + 0x100.  */
static void make_image (uint8_t *image) {
  memset (image, 0, SIZE);
  put (image, 0, PE_DOS_MAGIC, 2);
  put (image, PE_DOS_NT, HEADER, 4);
  put (image, HEADER, PE_SIGNATURE, 4);
  put (image, HEADER + 4, PE_NUMBER_X64, 2);
  put (image, OPTIONAL, PE_MAGIC_PLUS, 2);
  put (image, OPTIONAL + 108, 16, 4);
  put_exports (image);
  put_metadata (image);
  put (image, UNWIND, CODE + 0x40, 4);
  put (image, UNWIND + 4, 1 | 9 << 2, 4);
  put (image, UNWIND + 8, CODE + 0x80, 4);
  put (image, UNWIND + 12, 1 | 5 << 2, 4);
  put (image, OTHER_UNWIND, FORWARD + 0x100, 4);
  put (image, OTHER_UNWIND + 4, FORWARD + 0x180, 4);
  put_directory (image, 3, OTHER_UNWIND, 12);
  for (uint32_t at = CODE; at < CODE + 0x400; at += 4) put (image, at, 0xa9bf7bfd, 4);
}

static struct ucrt_image opened (void) {
  struct ucrt_image image;
  make_image (image_bytes);
  REQUIRE (ucrt_open_image (&image, image_bytes, SIZE) == 0);
  REQUIRE (ucrt_open_arm64ec (&image) == 0);
  return image;
}

/*---------------- Fast-forward sequences -----------------------------*/

static void sequences_are_seen (void) {
  uint8_t bytes[FORWARD_SIZE + 1];
  uint64_t function = 0;
  struct ucrt_span code = {bytes, FORWARD_SIZE, 0x180002000};
  put_forward (bytes, 0, 0x1000);
  CHECK (ucrt_fast_forward (&code, &function));
  CHECK (function == 0x180003000);
  put_forward (bytes, 0, (uint32_t) -0x1000);
  CHECK (ucrt_fast_forward (&code, &function));
  CHECK (function == 0x180001000);
}

static void what_is_no_sequence_is_refused (void) {
  uint8_t bytes[FORWARD_SIZE];
  uint64_t function = 1;
  put_forward (bytes, 0, 0x1000);
  for (size_t size = 1; size < 14; size++) {
    uint8_t *copy = malloc (size); /* so that a sanitizer sees any byte read beyond it */
    REQUIRE (copy != NULL);
    memcpy (copy, bytes, size);
    struct ucrt_span cut = {copy, size, 0x1000};
    CHECK (!ucrt_fast_forward (&cut, &function));
    free (copy);
  }
  struct ucrt_span aside = {bytes, FORWARD_SIZE, 0x1008};
  CHECK (!ucrt_fast_forward (&aside, &function));
  struct ucrt_span code = {bytes, FORWARD_SIZE, 0x1000};
  for (unsigned i = 0; i < 10; i++) { /* any byte of another hooker's */
    bytes[i] ^= 1;
    CHECK (!ucrt_fast_forward (&code, &function));
    bytes[i] ^= 1;
  }
  CHECK (ucrt_fast_forward (&code, &function));
}

/*---------------- Images -----------------------------*/

static void exports_lead_to_arm64_functions (void) {
  struct ucrt_image image = opened ();
  static const struct {
    const char *name;
    uint32_t function;
  } exports[] = {{"malloc", CODE + 0x40},
                 {"free", CODE + 0x80},
                 {"calloc", 0},
                 {"_expand", 0},
                 {"realloc", 0}};
  for (size_t i = 0; i < sizeof (exports) / sizeof (exports[0]); i++) {
    uint32_t offset = ucrt_find_export (&image, exports[i].name);
    CHECK (offset != 0);
    CHECK_INT (ucrt_arm64ec_function (&image, offset), exports[i].function);
  }
  CHECK_INT (ucrt_arm64ec_function (&image, SIZE), 0);
  CHECK_INT (ucrt_arm64ec_function (&image, UINT32_MAX), 0);
}

static void code_map_tells_whose_code_it_is (void) {
  struct ucrt_image image = opened ();
  CHECK (!ucrt_is_arm64ec_code (&image, CODE - 1));
  CHECK (ucrt_is_arm64ec_code (&image, CODE));
  CHECK (ucrt_is_arm64ec_code (&image, CODE + 0x3ff));
  CHECK (!ucrt_is_arm64ec_code (&image, CODE + 0x400));
  CHECK (!ucrt_is_arm64ec_code (&image, FORWARD)); /* x64 */
  CHECK (!ucrt_is_arm64ec_code (&image, 0x3000));  /* ARM64, of the other half of ARM64X */
}

static void functions_are_those_of_arm64 (void) {
  struct ucrt_image image = opened ();
  CHECK_INT (image.machine, cpu->machine);
  CHECK (ucrt_begins_function (&image, CODE + 0x40));
  CHECK (!ucrt_begins_function (&image, FORWARD + 0x100));
  CHECK_INT (ucrt_function_at (&image, CODE + 0x40).end, CODE + 0x40 + 36);
  CHECK_INT (ucrt_room_at (&image, CODE + 0x80), 20);
}

static void other_images_have_no_such_half (void) {
  struct ucrt_image image, before;
  make_image (image_bytes);
  put (image_bytes, HEADER + 4, PE_NUMBER_ARM64, 2); /* ARM64X, as an arm64 process has it */
  REQUIRE (ucrt_open_image (&image, image_bytes, SIZE) == 0);
  before = image;
  CHECK_INT (ucrt_open_arm64ec (&image), -1);
  CHECK (memcmp (&image, &before, sizeof (image)) == 0);
  const uint64_t base = (uintptr_t) image_bytes;
  const uint64_t addresses[] = {0, METADATA, base + SIZE - 8, base + SIZE, base - 8, UINT64_MAX};
  for (size_t i = 0; i < sizeof (addresses) / sizeof (addresses[0]); i++) {
    make_image (image_bytes);
    put (image_bytes, CONFIG + PE_CONFIG_HYBRID_PLUS, addresses[i], 8);
    REQUIRE (ucrt_open_image (&image, image_bytes, SIZE) == 0);
    CHECK_INT (ucrt_open_arm64ec (&image), -1);
  }
  make_image (image_bytes);
  put (image_bytes, METADATA + 68, SIZE, 4); /* an unwind table larger than the image */
  REQUIRE (ucrt_open_image (&image, image_bytes, SIZE) == 0);
  CHECK_INT (ucrt_open_arm64ec (&image), -1);
}

/* The way of every caller after a take-over: the export's sequence as it was, the jump in the
   function, the stub, the hook.  */
static void calls_go_on_to_the_hook (void) {
  struct ucrt_image image = opened ();
  const uint64_t base = 0x7ffa00000000, hook = 0x7ffb12345670, stub = base + 0x10000;
  uint32_t offset = ucrt_find_export (&image, "malloc"),
           function = ucrt_arm64ec_function (&image, offset);
  uint8_t before[FORWARD_SIZE], jump[UCRT_JUMP_MAX];
  struct ucrt_span span = {image_bytes, SIZE, base};
  uint64_t end = 0;
  memcpy (before, image_bytes + offset, sizeof (before));
  CHECK_INT (ucrt_follow (cpu, &span, base + function, &end), UCRT_STAYS);
  int place = ucrt_place_of_jump (cpu, &span, base + function, ucrt_room_at (&image, function));
  REQUIRE (place == 0);
  CHECK_INT (cpu->encode_jump (jump, base + function, hook), -1); /* out of reach */
  REQUIRE (cpu->encode_jump (jump, base + function, stub) == 0);
  memcpy (image_bytes + function, jump, cpu->jump_size);
  CHECK (memcmp (before, image_bytes + offset, sizeof (before)) == 0);
  CHECK_INT (ucrt_arm64ec_function (&image, offset), function);
  CHECK_INT (ucrt_follow (cpu, &span, base + function, &end), UCRT_LEAVES);
  CHECK (end == stub);
  uint8_t bytes[UCRT_STUB_SIZE];
  cpu->encode_stub (bytes, stub, hook);
  struct ucrt_span stubs = {bytes, sizeof (bytes), stub};
  CHECK_INT (ucrt_follow (cpu, &stubs, stub, &end), UCRT_LEAVES);
  CHECK (end == hook);
}

/* The damage may make the header's own machine ARM64: a refusal leaves what the header says.  */
static void read_all (const uint8_t *bytes, size_t size) {
  struct ucrt_image image;
  if (ucrt_open_image (&image, bytes, size) != 0) return;
  uint32_t machine = image.machine, unwind = image.unwind;
  if (ucrt_open_arm64ec (&image) != 0) {
    CHECK (image.machine == machine);
    CHECK (image.unwind == unwind);
  } else {
    CHECK (image.machine == cpu->machine);
  }
  ucrt_is_arm64ec_code (&image, CODE + 0x40);
  for (uint32_t offset = FORWARD; offset < FORWARD + 0x40; offset += FORWARD_SIZE) {
    uint32_t function = ucrt_arm64ec_function (&image, offset);
    CHECK (function < size);
    if (function != 0) CHECK (ucrt_room_at (&image, function) <= size);
  }
}

/* In a block of exactly its size, so that a sanitizer sees any byte read beyond it.  */
static void damaged_images_are_read_within_their_bytes (void) {
  for (size_t size = 1; size <= SIZE; size += 1 + size / 64) {
    uint8_t *whole = malloc (SIZE), *copy = malloc (size);
    REQUIRE (whole != NULL && copy != NULL);
    make_image (whole);
    put (whole, CONFIG + PE_CONFIG_HYBRID_PLUS, (uintptr_t) copy + METADATA, 8);
    memcpy (copy, whole, size);
    read_all (copy, size);
    free (whole);
    free (copy);
  }
  uint8_t *copy = malloc (SIZE);
  REQUIRE (copy != NULL);
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    make_image (copy);
    for (int j = 0; j < 4; j++) {
      uint32_t at = (j & 1) ? CONFIG + (uint32_t) (tap_random () % 0x400)
                            : (uint32_t) (tap_random () % (FORWARD + 0x40));
      copy[at] = (uint8_t) tap_random ();
    }
    read_all (copy, SIZE);
  }
  free (copy);
}

/*---------------- A DLL of the linker's -----------------------------*/

static const char *dll; /* its file, or NULL */

static uint32_t get (const uint8_t *bytes, size_t at, unsigned size) {
  uint32_t value = 0;
  for (unsigned i = 0; i < size; i++) value |= (uint32_t) bytes[at + i] << (8 * i);
  return value;
}

/* The sections of FILE at their offsets, in a block of *SIZE bytes; the address of the metadata is
   relocated.  Trusts its linker.  */
static uint8_t *mapped (const uint8_t *file, size_t *size) {
  size_t header = get (file, PE_DOS_NT, 4), optional = header + PE_NT_OPTIONAL;
  size_t table = optional + get (file, header + PE_NT_OPTIONAL_SIZE, 2);
  *size = get (file, optional + PE_OPTIONAL_IMAGE_SIZE, 4);
  uint8_t *image = calloc (*size, 1);
  REQUIRE (image != NULL);
  memcpy (image, file, get (file, optional + PE_OPTIONAL_HEADERS_SIZE, 4));
  for (uint32_t i = 0; i < get (file, header + PE_NT_SECTIONS_NUM, 2); i++) {
    size_t at = table + i * PE_SECTION_HEADER;
    uint32_t raw = get (file, at + PE_SECTION_RAW_SIZE, 4),
             own = get (file, at + PE_SECTION_VIRTUAL_SIZE, 4);
    memcpy (image + get (file, at + PE_SECTION_RVA, 4), file + get (file, at + PE_SECTION_RAW, 4),
            raw < own ? raw : own);
  }
  uint32_t config = get (image, optional + 112 + 8 * PE_LOAD_CONFIG, 4),
           pointer = config + PE_CONFIG_HYBRID_PLUS;
  uint64_t base = get (file, optional + PE_OPTIONAL_BASE_PLUS, 4)
                  | (uint64_t) get (file, optional + PE_OPTIONAL_BASE_PLUS + 4, 4) << 32;
  uint64_t metadata = get (image, pointer, 4) | (uint64_t) get (image, pointer + 4, 4) << 32;
  put (image, pointer, metadata - base + (uintptr_t) image, 8);
  return image;
}

static uint8_t *contents (const char *name) {
  FILE *stream = fopen (name, "rb");
  REQUIRE (stream != NULL);
  enum { ROOM = 32 << 20 };
  uint8_t *bytes = calloc (ROOM, 1);
  REQUIRE (bytes != NULL);
  CHECK (fread (bytes, 1, ROOM, stream) > 0);
  fclose (stream);
  return bytes;
}

/* Each exported function has room for a jump, and before it, as x64 callers need it, the distance to
   its entry thunk, plus 1.  */
static void exports_of_a_dll_lead_to_arm64_functions (void) {
  if (dll == NULL) tap_skip ("no DLL was named");
  size_t size;
  uint8_t *file = contents (dll), *bytes = mapped (file, &size);
  struct ucrt_image image;
  unsigned num = 0;
  REQUIRE (ucrt_open_image (&image, bytes, size) == 0 && ucrt_open_arm64ec (&image) == 0);
  struct ucrt_span span = {bytes, size, 0x180000000};
  for (uint32_t i = 0; i < image.names_num; i++) {
    const char *name = (const char *) bytes + get (bytes, image.names + 4 * i, 4);
    uint32_t offset = ucrt_find_export (&image, name),
             function = ucrt_arm64ec_function (&image, offset);
    if (function == 0) tap_note ("%s", name);
    CHECK (function != 0 && function != offset);
    uint32_t thunk = function >= 4 ? get (bytes, function - 4, 4) : 0;
    CHECK ((thunk & 3) == 1 && ucrt_is_arm64ec_code (&image, function + (thunk & ~3u)));
    CHECK (ucrt_place_of_jump (cpu, &span, span.address + function, ucrt_room_at (&image, function))
           >= 0);
    num++;
  }
  tap_note ("%u exports", num);
  CHECK (num > 100);
  free (bytes);
  free (file);
}

int main (int argc, char **argv) {
  dll = argc > 1 ? argv[1] : NULL;
  TEST_RUN (sequences_are_seen);
  TEST_RUN (what_is_no_sequence_is_refused);
  TEST_RUN (exports_lead_to_arm64_functions);
  TEST_RUN (code_map_tells_whose_code_it_is);
  TEST_RUN (functions_are_those_of_arm64);
  TEST_RUN (other_images_have_no_such_half);
  TEST_RUN (calls_go_on_to_the_hook);
  TEST_RUN (damaged_images_are_read_within_their_bytes);
  TEST_RUN (exports_of_a_dll_lead_to_arm64_functions);
  return tap_done ();
}
