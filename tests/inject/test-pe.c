/* The view of PE files, on images with known contents.  */
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"
#include "support/tap.h"

static struct pe open_kind (uint16_t machine, unsigned flags, uint8_t **bytes) {
  struct image_spec spec = {machine, flags, 0, 0};
  struct pe_error error;
  struct pe pe;
  size_t size;
  *bytes = image_make (&spec, &size);
  REQUIRE (*bytes != NULL);
  REQUIRE (pe_open (&pe, *bytes, size, PE_FILE, &error) == 0);
  return pe;
}

static void knows_the_machines (void) {
  static const struct {
    uint16_t number;
    unsigned flags;
    const char *name;
  } cases[] = {{0x14c, 0, "x86"},
               {0x8664, IMAGE_PLUS, "x64"},
               {0x8664, IMAGE_PLUS | IMAGE_HYBRID, "arm64ec"},
               {0xaa64, IMAGE_PLUS, "arm64"},
               {0xaa64, IMAGE_PLUS | IMAGE_HYBRID, "arm64x"},
               {0xa641, IMAGE_PLUS, "arm64ec"},
               {0xa64e, IMAGE_PLUS, "arm64x"},
               {0x1c4, 0, "unknown"}};
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    uint8_t *bytes;
    struct pe pe = open_kind (cases[i].number, cases[i].flags, &bytes);
    CHECK_STR (pe_machine_name (pe.machine), cases[i].name);
    CHECK_INT (pe.plus, (cases[i].flags & IMAGE_PLUS) != 0);
    free (bytes);
  }
}

static void says_why_it_is_no_image (void) {
  static const struct {
    size_t offset;
    uint8_t byte;
    const char *reason;
  } cases[] = {
      {0, 'X', "not a valid PE file (invalid DOS magic number)"},
      {0x3f, 0x7f, "not a valid PE file (the file ends before the headers)"},
      {0x80, 'Q', "not a valid PE file (invalid PE signature)"},
      {0x80 + 24, 7, "not a valid PE file (invalid magic number of the optional header)"},
      {0x80 + 20, 10, "not a valid PE file (the optional header is too short)"},
      {0x80 + 21, 0xff, "not a valid PE file (the file ends before the optional header does)"},
      {0x80 + 7, 0xff, "not a valid PE file (the file ends before the section table does)"},
  };
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    uint8_t *bytes;
    struct pe pe = open_kind (0x14c, 0, &bytes), again;
    struct pe_error error;
    bytes[cases[i].offset] = cases[i].byte;
    CHECK_INT (pe_open (&again, bytes, pe.size, PE_FILE, &error), -1);
    CHECK_STR (error.text, cases[i].reason);
    free (bytes);
  }
}

static void reads_imports_as_they_were_made (void) {
  for (unsigned no_lookup = 0; no_lookup < 2; no_lookup++) {
    uint8_t *bytes;
    struct pe pe = open_kind (0x8664, IMAGE_PLUS | (no_lookup != 0 ? IMAGE_NO_LOOKUP : 0), &bytes);
    struct pe_descriptor d;
    struct pe_function function;
    char name[PE_NAME_MAX];
    CHECK_INT (pe_imports_num (&pe), 3);
    for (unsigned i = 0; i < 3; i++) {
      REQUIRE (pe_descriptor (&pe, i, &d) == 1);
      REQUIRE (pe_string (&pe, d.name, name, sizeof (name)) == 0);
      CHECK_STR (name, image_module (i));
      CHECK_INT (pe_functions_num (&pe, pe_lookup_table (&pe, &d)), 2);
    }
    REQUIRE (pe_function (&pe, pe_lookup_table (&pe, &d), 1, &function) == 1);
    CHECK (function.by_ordinal);
    CHECK_INT (function.ordinal, 5);
    CHECK_INT (pe_descriptor (&pe, 3, &d), 0);
    CHECK_INT (pe_find_import (&pe, "USER32.DLL"), 2);
    CHECK_INT (pe_find_import (&pe, "user3.dll"), -1);
    free (bytes);
  }
}

static void reads_delayed_imports (void) {
  uint8_t *bytes;
  struct pe pe = open_kind (0x14c, IMAGE_DELAY, &bytes);
  struct pe_descriptor d;
  struct pe_function function;
  char name[PE_NAME_MAX];
  REQUIRE (pe_delay_descriptor (&pe, 0, &d) == 1);
  REQUIRE (pe_string (&pe, d.name, name, sizeof (name)) == 0);
  CHECK_STR (name, "delayed.dll");
  REQUIRE (pe_function (&pe, d.lookup, 0, &function) == 1);
  CHECK_STR (function.name, "LateCall");
  CHECK_INT (pe_delay_descriptor (&pe, 1, &d), 0);
  free (bytes);
}

/* The same image as the loader maps it.  */
static void sees_the_same_in_memory (void) {
  uint8_t *bytes, *mapped;
  struct pe pe = open_kind (0x8664, IMAGE_PLUS | IMAGE_DELAY, &bytes), in_memory;
  struct pe_error error;
  mapped = calloc (1, pe.image_size);
  REQUIRE (mapped != NULL);
  memcpy (mapped, bytes, pe.headers_size);
  for (unsigned i = 0; i < pe.sections_num; i++) {
    struct pe_section section = pe_section (&pe, i);
    memcpy (mapped + section.rva, bytes + section.raw, section.raw_size);
  }
  REQUIRE (pe_open (&in_memory, mapped, pe.image_size, PE_MAPPED, &error) == 0);
  CHECK_INT (pe_imports_num (&in_memory), 3);
  CHECK_INT (pe_find_import (&in_memory, "user32.dll"), 2);
  free (mapped);
  free (bytes);
}

static void reads_zeros_behind_the_bytes_of_a_section (void) {
  uint8_t *bytes, read[16];
  struct pe pe = open_kind (0x8664, IMAGE_PLUS, &bytes);
  struct pe_section text = pe_section (&pe, 0), last = pe_section (&pe, pe.sections_num - 1);
  memset (read, 1, sizeof (read));
  CHECK_INT (pe_read (&pe, text.rva + text.raw_size - 4, read, 16), 0);
  CHECK_INT (read[3], bytes[text.raw + text.raw_size - 1]);
  CHECK_INT (read[4] | read[15], 0);
  CHECK_INT (pe_read (&pe, last.rva + 4096 - 8, read, 8), 0);
  CHECK_INT (pe_read (&pe, last.rva + 4096 - 8, read, 9), -1); /* beyond the image */
  CHECK_INT (pe_read (&pe, UINT64_MAX - 2, read, 8), -1);
  CHECK_INT (pe_read (&pe, text.rva - 1, read, 1),
             -1); /* between the headers and the first section */
  free (bytes);
}

static void a_string_without_an_end_is_damage (void) {
  uint8_t *bytes;
  char name[16];
  struct pe pe = open_kind (0x14c, 0, &bytes);
  struct pe_section text = pe_section (&pe, 0);
  memset (bytes + text.raw, 'x', text.raw_size);
  CHECK_INT (pe_string (&pe, text.rva, name, sizeof (name)), -1);
  CHECK_INT (pe_string (&pe, text.rva + text.raw_size - 15, name, sizeof (name)), 0);
  CHECK_STR (name, "xxxxxxxxxxxxxxx");
  CHECK_INT (pe_string (&pe, text.rva + text.raw_size - 16, name, sizeof (name)), -1);
  free (bytes);
}

static void sections_must_be_as_the_loader_wants_them (void) {
  static const struct {
    size_t section, field;
    uint32_t value;
    const char *reason;
  } cases[] = {
      {1, 12, 0x2010, "not a loadable PE file (section 1 is not aligned, or is empty)"},
      {1, 12, 0x1000,
       "not a loadable PE file (section 1 overlaps another section or is out of order)"},
      {1, 12, 0x3000, "not a loadable PE file (section 1 leaves a hole)"},
      {2, 8, 0x5000, "not a loadable PE file (section 2 is outside of the image)"},
      {1, 20, 0x7fffff00, "not a loadable PE file (section 1 ends beyond the end of the file)"},
      {1, 16, 0xffffff00, "not a loadable PE file (section 1 ends beyond the end of the file)"},
      {1, 20, 0x1ff, "not a loadable PE file (section 1 overlaps the section table)"},
  };
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    uint8_t *bytes;
    struct pe pe = open_kind (0x14c, 0, &bytes);
    struct pe_error error = {0};
    CHECK_INT (pe_check_layout (&pe, &error), 0);
    pe_put32 (bytes + pe.sections + cases[i].section * PE_SECTION_HEADER + cases[i].field,
              cases[i].value);
    CHECK_INT (pe_check_layout (&pe, &error), -1);
    CHECK_STR (error.text, cases[i].reason);
    free (bytes);
  }
}

static void headers_end_where_sections_begin (void) {
  static const struct {
    uint32_t raw, expected;
  } cases[] = {{0x400, 0x400}, {0x200, 0x200}, {0x3ff, 0x200}, {8, 0x1f0}, {0x1ff, 0x1f0}};
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    uint8_t *bytes;
    struct pe pe = open_kind (0x14c, 0, &bytes);
    pe_put32 (bytes + pe.sections + PE_SECTION_RAW, cases[i].raw);
    CHECK_INT (pe_headers_end (&pe), cases[i].expected);
    free (bytes);
  }
}

/* The checksum by its definition: 16-bit words, each carry added back at once.  */
static uint32_t checksum_by_definition (const uint8_t *bytes, size_t n, size_t field) {
  uint32_t sum = 0;
  for (size_t i = 0; i < n; i += 2) {
    uint32_t word = bytes[i] | (i + 1 < n ? bytes[i + 1] : 0) << 8;
    if (i == field || i == field + 2) word = 0;
    sum += word;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum + (uint32_t) n;
}

static void checksum_is_that_of_the_definition_in_any_parts (void) {
  for (size_t size = 512; size < 700; size++) {
    uint8_t *bytes = malloc (size);
    REQUIRE (bytes != NULL);
    for (size_t i = 0; i < size; i++)
      bytes[i] = (uint8_t) (tap_random () | (size % 3 == 0 ? 0xff : 0));
    uint32_t expected = checksum_by_definition (bytes, size, size);
    struct pe_checksum state = {0, 0};
    for (size_t at = 0; at < size;) {
      size_t n = tap_random () % 60;
      if (n > size - at) n = size - at;
      pe_checksum_add (&state, bytes + at, n);
      at += n;
    }
    CHECK_INT (pe_checksum_end (&state), expected);
    free (bytes);
  }
  uint8_t *bytes;
  struct pe pe = open_kind (0x8664, IMAGE_PLUS | IMAGE_OVERLAY | IMAGE_ODD, &bytes);
  CHECK_INT (pe_checksum (&pe), checksum_by_definition (bytes, pe.size, pe.optional + 64));
  free (bytes);
}

static void what_leads_out_of_the_file_is_not_followed (void) {
  uint8_t *bytes;
  size_t offset, size;
  struct pe pe = open_kind (0x8664, IMAGE_PLUS | IMAGE_SYMBOLS | IMAGE_SIGNED, &bytes);
  CHECK_INT (pe_symbols (&pe, &offset, &size), 0);
  CHECK_INT (size, 34);
  pe.symbols_num = UINT32_MAX;
  CHECK_INT (pe_symbols (&pe, &offset, &size), -1);
  CHECK_INT (pe_certificate (&pe, &offset, &size), 0);
  CHECK_INT (size, 96);
  pe_put32 (bytes + pe_directory_offset (&pe, PE_CERTIFICATE) + 4, 97);
  CHECK_INT (pe_certificate (&pe, &offset, &size), -1);
  CHECK_INT (pe_directory (&pe, 16).rva, 0);
  free (bytes);
}

int main (void) {
  TEST_RUN (knows_the_machines);
  TEST_RUN (says_why_it_is_no_image);
  TEST_RUN (reads_imports_as_they_were_made);
  TEST_RUN (reads_delayed_imports);
  TEST_RUN (sees_the_same_in_memory);
  TEST_RUN (reads_zeros_behind_the_bytes_of_a_section);
  TEST_RUN (a_string_without_an_end_is_damage);
  TEST_RUN (sections_must_be_as_the_loader_wants_them);
  TEST_RUN (headers_end_where_sections_begin);
  TEST_RUN (checksum_is_that_of_the_definition_in_any_parts);
  TEST_RUN (what_leads_out_of_the_file_is_not_followed);
  return tap_done ();
}
