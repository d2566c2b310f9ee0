/* What is read of a loaded image: its exports and imports, how far its functions reach, and nothing
   outside of it.  */

#include <stdlib.h> /* malloc */

#include <string.h> /* memcpy */

#include "ucrt/crt-image.h"
#include "support/tap.h"

enum {
  SIZE = 0x3000,
  HEADER = 0x80,
  OPTIONAL = HEADER + 24,
  EXPORTS = 0x400,
  NAMES = 0x500,
  UNWIND = 0x600,
  INFO = 0x700,
  CONFIG = 0x800,
  CODE = 0x1000
};

static uint8_t image_bytes[SIZE];

static void put (uint32_t offset, uint32_t value, unsigned size) {
  for (unsigned i = 0; i < size; i++) image_bytes[offset + i] = (uint8_t) (value >> (8 * i));
}

static void put_directory (unsigned number, uint32_t offset, uint32_t size) {
  put (OPTIONAL + 112 + 8 * number, offset, 4);
  put (OPTIONAL + 116 + 8 * number, size, 4);
}

/* Exports, sorted: _expand at CODE + 0x1c, _expand_next 12 bytes behind it, free forwarded, malloc
   at CODE; and calloc at CODE + 8 by number only.  */
static void put_exports (void) {
  static const char names[] = "_expand\0_expand_next\0free\0malloc\0fake.free";
  static const uint32_t functions[] = {CODE + 0x1c, CODE + 0x28, NAMES + 33, CODE, CODE + 8};
  static const uint32_t begins[] = {0, 8, 21, 26};
  memcpy (image_bytes + NAMES, names, sizeof (names));
  put (EXPORTS + 20, 5, 4);
  put (EXPORTS + 24, 4, 4);
  put (EXPORTS + 28, EXPORTS + 0x40, 4);
  put (EXPORTS + 32, EXPORTS + 0x60, 4);
  put (EXPORTS + 36, EXPORTS + 0x80, 4);
  for (unsigned i = 0; i < 5; i++) put (EXPORTS + 0x40 + 4 * i, functions[i], 4);
  for (unsigned i = 0; i < 4; i++) {
    put (EXPORTS + 0x60 + 4 * i, NAMES + begins[i], 4);
    put (EXPORTS + 0x80 + 2 * i, i, 2);
  }
  put_directory (0, EXPORTS, 0x200);
}

static void put_unwind (unsigned i, uint32_t begin, uint32_t end, uint32_t info) {
  put (UNWIND + 12 * i, begin, 4);
  put (UNWIND + 12 * i + 4, end, 4);
  put (UNWIND + 12 * i + 8, info, 4);
}

/* A function at CODE + 0x40 of 0x25 bytes, with a part at CODE + 0x800; and another function at
   CODE + 0x70.  */
static void make_image (void) {
  memset (image_bytes, 0, SIZE);
  put (0, 0x5a4d, 2);
  put (0x3c, HEADER, 4);
  put (HEADER, 0x4550, 4);
  put (HEADER + 4, 0x8664, 2);
  put (OPTIONAL, 0x20b, 2);
  put (OPTIONAL + 108, 16, 4);
  memset (image_bytes + CODE, 0x90, SIZE - CODE);
  put_exports ();
  put_unwind (0, CODE + 0x40, CODE + 0x65, INFO);
  put_unwind (1, CODE + 0x70, CODE + 0x90, INFO);
  put_unwind (2, CODE + 0x800, CODE + 0x820, INFO + 0x20);
  put (INFO, 1, 1);                 /* version 1, no codes */
  put (INFO + 0x20, 1 | 4 << 3, 1); /* a part: the whole is at the end */
  put (INFO + 0x22, 1, 1);          /* one code, padded to two */
  memcpy (image_bytes + INFO + 0x28, image_bytes + UNWIND, 12);
  put_directory (3, UNWIND, 36);
}

static struct ucrt_image opened (void) {
  struct ucrt_image image;
  REQUIRE (ucrt_open_image (&image, image_bytes, SIZE) == 0);
  return image;
}

static void exports_are_found_by_name (void) {
  make_image ();
  struct ucrt_image image = opened ();
  CHECK_INT (ucrt_find_export (&image, "malloc"), CODE);
  CHECK_INT (ucrt_find_export (&image, "_expand"), CODE + 0x1c);
  CHECK_INT (ucrt_find_export (&image, "_expand_next"), CODE + 0x28);
  CHECK_INT (ucrt_find_export (&image, "_expan"), 0);
  CHECK_INT (ucrt_find_export (&image, ""), 0);
  CHECK_INT (ucrt_find_export (&image, "realloc"), 0);
  CHECK (!ucrt_is_forwarder (&image, ucrt_find_export (&image, "malloc")));
  CHECK (ucrt_is_forwarder (&image, ucrt_find_export (&image, "free")));
  CHECK (ucrt_is_exported (&image, CODE + 8)); /* by number */
  CHECK (!ucrt_is_exported (&image, CODE + 4));
}

static void room_ends_at_the_next_function (void) {
  make_image ();
  struct ucrt_image image = opened ();
  CHECK_INT (ucrt_room_at (&image, CODE), 8); /* up to an export by number */
  CHECK_INT (ucrt_room_at (&image, CODE + 0x1c), 12);
  CHECK_INT (ucrt_room_at (&image, CODE + 0x28), 0x18); /* up to a function of the unwind table */
  CHECK_INT (ucrt_room_at (&image, CODE + 0x40), 0x25); /* up to its own end */
}

static void type_hashes_are_no_room (void) {
  make_image ();
  put (CONFIG, 0x94, 4);
  put (CONFIG + 0x90, 0x00800000, 4);
  put_directory (10, CONFIG, 0x40); /* as linkers write it for old loaders */
  struct ucrt_image image = opened ();
  CHECK_INT (ucrt_room_at (&image, CODE + 0x1c), 4);
  CHECK_INT (ucrt_room_at (&image, CODE), 0);
  image_bytes[CODE] = 0xe9; /* a thunk of one jump owns what follows */
  CHECK_INT (ucrt_room_at (&image, CODE), 8);
}

static void extents_are_those_of_the_table (void) {
  make_image ();
  struct ucrt_image image = opened ();
  uint32_t begins[] = {CODE + 0x40};
  struct ucrt_extent part = {0, 0}, extent = ucrt_function_at (&image, CODE + 0x40);
  uint32_t at = 0;
  CHECK_INT (extent.end, CODE + 0x65);
  CHECK (ucrt_begins_function (&image, CODE + 0x40));
  CHECK (!ucrt_begins_function (&image, CODE + 0x41));
  CHECK_INT (ucrt_next_far_part (&image, begins, 1, &at, &part), 1);
  CHECK_INT (part.begin, CODE + 0x800);
  CHECK_INT (part.end, CODE + 0x820);
  CHECK_INT (ucrt_next_far_part (&image, begins, 1, &at, &part), 0);
  CHECK_INT (ucrt_unwind_entry (&image, CODE + 0x64), UNWIND);
  CHECK_INT (ucrt_unwind_entry (&image, CODE + 0x65), 0);
  CHECK_INT (ucrt_unwind_entry (&image, CODE + 0x70), UNWIND + 12);
  CHECK_INT (ucrt_unwind_entry (&image, CODE), 0);
}

static void extents_without_a_table_end_at_padding (void) {
  make_image ();
  put_directory (3, 0, 0);
  put (HEADER + 4, 0x14c, 2);
  memset (image_bytes + CODE + 0x28 + 0x32, 0xcc, 6);
  struct ucrt_image image = opened ();
  CHECK_INT (ucrt_function_at (&image, CODE).end, CODE + 8);
  CHECK_INT (ucrt_function_at (&image, CODE + 0x28).end, CODE + 0x60);
}

static void arm64_lengths_are_those_of_its_table (void) {
  make_image ();
  put (HEADER + 4, 0xaa64, 2);
  put (UNWIND, CODE + 0x40, 4);
  put (UNWIND + 4, 1 | 9 << 2, 4); /* packed: 9 instructions */
  put (UNWIND + 8, CODE + 0x80, 4);
  put (UNWIND + 12, INFO, 4);
  put (INFO, 17, 4); /* in the record: 17 */
  put_directory (3, UNWIND, 16);
  struct ucrt_image image = opened ();
  CHECK_INT (ucrt_function_at (&image, CODE + 0x40).end, CODE + 0x40 + 36);
  CHECK_INT (ucrt_function_at (&image, CODE + 0x80).end, CODE + 0x80 + 68);
}

static void hybrid_images_are_seen (void) {
  make_image ();
  put (CONFIG, 0xd0, 4);
  put_directory (10, CONFIG, 0x40);
  struct ucrt_image image = opened ();
  CHECK (!ucrt_is_hybrid (&image));
  put (CONFIG + 0xcc, 1, 4);
  CHECK (ucrt_is_hybrid (&image));
}

static void hybrid_images_of_32_bits_are_seen (void) {
  make_image ();
  put (OPTIONAL, 0x10b, 2);
  put (OPTIONAL + 92, 16, 4);
  put (OPTIONAL + 96 + 8 * 10, CONFIG, 4);
  put (OPTIONAL + 100 + 8 * 10, 0x40, 4);
  put (CONFIG, 0x98, 4);
  put (CONFIG + 0x84, 1, 4); /* GuardRFFailureRoutineFunctionPointer */
  struct ucrt_image image = opened ();
  CHECK (!ucrt_is_hybrid (&image));
  put (CONFIG + 0x7c, 1, 4); /* CHPEMetadataPointer */
  CHECK (ucrt_is_hybrid (&image));
}

static void imported_tables_are_listed (void) {
  make_image ();
  struct ucrt_image image = opened ();
  CHECK_INT (ucrt_import_addresses (&image, 0), 0);
  for (uint32_t i = 0; i < 2; i++) {
    put (CONFIG + 20 * i + 12, NAMES, 4);
    put (CONFIG + 20 * i + 16, CODE + 0x100 * i, 4);
  }
  put_directory (1, CONFIG, 0); /* some linkers write no size */
  image = opened ();
  CHECK_INT (ucrt_import_addresses (&image, 0), CODE);
  CHECK_INT (ucrt_import_addresses (&image, 1), CODE + 0x100);
  CHECK_INT (ucrt_import_addresses (&image, 2), 0);
  CHECK_INT (ucrt_import_addresses (&image, UINT32_MAX), 0);
}

/* Call everything that reads an image.  */
static void read_all (const uint8_t *bytes, size_t size) {
  struct ucrt_image image;
  struct ucrt_extent part;
  uint32_t begins[] = {CODE + 0x40}, at = 0;
  if (ucrt_open_image (&image, bytes, size) != 0) return;
  uint32_t malloc_at = ucrt_find_export (&image, "malloc");
  CHECK (malloc_at == 0 || malloc_at < size);
  if (malloc_at != 0) {
    CHECK (ucrt_function_at (&image, malloc_at).end <= size);
    CHECK (ucrt_room_at (&image, malloc_at) <= size);
  }
  while (ucrt_next_far_part (&image, begins, 1, &at, &part)) CHECK (part.begin != begins[0]);
  ucrt_unwind_frame (&image, ucrt_unwind_entry (&image, CODE + 0x50));
  for (unsigned i = 0; i < 4; i++) ucrt_import_addresses (&image, i);
  ucrt_is_hybrid (&image);
  CHECK (ucrt_section (&image, ".mirst").end <= size);
}

/* In a block of exactly its size, so that a sanitizer sees any byte read beyond it.  */
static void damaged_images_are_read_within_their_bytes (void) {
  make_image ();
  put (CONFIG, 0x94, 4);
  put (CONFIG + 0x90, 0x00800000, 4);
  put_directory (10, CONFIG, 0x94);
  for (size_t size = 1; size < SIZE; size += 1 + size / 64) {
    uint8_t *copy = malloc (size);
    REQUIRE (copy != NULL);
    memcpy (copy, image_bytes, size);
    read_all (copy, size);
    free (copy);
  }
  uint8_t *copy = malloc (SIZE);
  REQUIRE (copy != NULL);
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    memcpy (copy, image_bytes, SIZE);
    for (int j = 0; j < 4; j++) {
      uint32_t at = (uint32_t) (tap_random () % CODE);
      copy[at] = (uint8_t) tap_random ();
    }
    read_all (copy, SIZE);
  }
  free (copy);
}

int main (void) {
  TEST_RUN (exports_are_found_by_name);
  TEST_RUN (room_ends_at_the_next_function);
  TEST_RUN (type_hashes_are_no_room);
  TEST_RUN (extents_are_those_of_the_table);
  TEST_RUN (extents_without_a_table_end_at_padding);
  TEST_RUN (arm64_lengths_are_those_of_its_table);
  TEST_RUN (hybrid_images_are_seen);
  TEST_RUN (hybrid_images_of_32_bits_are_seen);
  TEST_RUN (imported_tables_are_listed);
  TEST_RUN (damaged_images_are_read_within_their_bytes);
  return tap_done ();
}
