/* Data behind the image: recognised, left in place where the image knows their place, refused where
   an edit would break them.  */
#include "edit-fixture.h"
#include "inject/edit/appended.h"

/* An image with a tail of our own.  */
struct with_tail {
  struct made made;
  size_t begin;  /* of the tail, a multiple of 512 */
  uint8_t *text; /* 384 bytes of code that may be overwritten */
};

static void open_again (struct with_tail *t, size_t size) {
  struct pe_error error;
  REQUIRE (pe_open (&t->made.pe, t->made.bytes, size, PE_FILE, &error) == 0);
}

/* N bytes of zeros behind the image.  */
static struct with_tail make_tail (size_t n) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  struct with_tail t = {.made = make (&spec)};
  t.begin = t.made.pe.size;
  CHECK_INT (t.begin % 512, 0);
  t.made.bytes = realloc (t.made.bytes, t.begin + n);
  REQUIRE (t.made.bytes != NULL);
  memset (t.made.bytes + t.begin, 0, n);
  open_again (&t, t.begin + n);
  t.text = t.made.bytes + pe_section (&t.made.pe, 0).raw + 64;
  return t;
}

static void put (struct with_tail *t, size_t at, const void *bytes, size_t n) {
  memcpy (t->made.bytes + t->begin + at, bytes, n);
}

/* Each of these makes a file of one format.  */

static struct with_tail inno (void) {
  struct with_tail t = make_tail (600);
  pe_put32 (t.made.bytes + pe_directory_offset (&t.made.pe, PE_RESOURCE),
            pe_section (&t.made.pe, 0).rva);
  memcpy (t.text, "rDlPtS\xcd\xe6\xd7\x7b\x0b\x2a", 12);
  pe_put32 (t.text + 12, 1);
  pe_put32 (t.text + 16, (uint32_t) t.made.pe.size);
  pe_put32 (t.text + 32, (uint32_t) t.begin + 100);
  put (&t, 100, "Inno Setup Setup Data (6.3.0)", 29);
  return t;
}

static struct with_tail old_inno (void) {
  struct with_tail t = make_tail (600);
  memcpy (t.made.bytes + 0x30, "Inno", 4);
  pe_put32 (t.made.bytes + 0x34, (uint32_t) t.begin + 300);
  pe_put32 (t.made.bytes + 0x38, ~((uint32_t) t.begin + 300));
  put (&t, 300, "rDlPtS02\x87\x65\x56\x78", 12);
  pe_put32 (t.made.bytes + t.begin + 336, (uint32_t) t.begin + 8);
  put (&t, 8, "Inno Setup Setup Data (2.0.8)", 29);
  return t;
}

static struct with_tail pkg (void) {
  struct with_tail t = make_tail (600);
  char text[128];
  snprintf (text, sizeof (text), "PAYLOAD_POSITION = '%zu      '|0; PRELUDE_POSITION = '%zu   '|0",
            t.begin, t.begin + 500);
  memcpy (t.text, text, strlen (text));
  put (&t, 500, "(function (process", 18);
  return t;
}

static uint32_t crc32_by_definition (const uint8_t *bytes, size_t n) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < n; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/* FLAGS of the first header: 4 no CRC, 8 a CRC nevertheless.  */
static struct with_tail nsis_with (uint32_t flags) {
  struct with_tail t = make_tail (700);
  uint8_t *p = t.made.bytes + t.begin;
  pe_put32 (p, flags);
  memcpy (p + 4, "\xef\xbe\xad\xdeNullsoftInst", 16);
  pe_put32 (p + 20, 50);
  pe_put32 (p + 24, 600);
  memset (p + 28, 'd', 500);
  pe_put32 (p + 596, crc32_by_definition (t.made.bytes + 512, t.begin + 596 - 512));
  return t;
}

static struct with_tail nsis (void) {
  return nsis_with (0);
}

static struct with_tail inno_uninstaller (void) {
  struct with_tail t = make_tail (600);
  put (&t, 16, "Inno Setup Messages (6.0.0) (u)", 31);
  put (&t, 592, "IMsg", 4);
  pe_put32 (t.made.bytes + t.begin + 596, (uint32_t) t.begin + 16);
  return t;
}

static struct with_tail burn (void) {
  struct with_tail t = make_tail (600);
  memcpy (t.made.bytes + pe_section_header (&t.made.pe, 2), ".wixburn", 8);
  return t;
}

/* One entry in the directory, which is at 300 and has 46 bytes; its offset counts from the beginning
   of the file or of the archive.  COMMENT bytes follow.  */
static struct with_tail zip (int is_absolute, size_t comment) {
  struct with_tail t = make_tail (300 + 46 + 22 + comment);
  uint8_t *p = t.made.bytes + t.begin;
  memcpy (p, "PK\3\4", 4);
  memcpy (p + 100, "PK\5\6", 4); /* in a file of the archive */
  memcpy (p + 300, "PK\1\2", 4);
  memcpy (p + 346, "PK\5\6", 4);
  pe_put16 (p + 346 + 8, 1);
  pe_put16 (p + 346 + 10, 1);
  pe_put32 (p + 346 + 12, 46);
  pe_put32 (p + 346 + 16, (uint32_t) (300 + (is_absolute ? t.begin : 0)));
  pe_put16 (p + 346 + 20, (uint16_t) comment);
  return t;
}

static struct with_tail absolute_zip (void) {
  return zip (1, 232);
}

static struct with_tail relative_zip (void) {
  return zip (0, 232);
}

static struct with_tail seven_zip (void) {
  struct with_tail t = make_tail (600);
  put (&t, 0, ";!@Install@!UTF-8!", 18);
  put (&t, 77, "7z\xbc\xaf\x27\x1c", 6);
  return t;
}

static struct with_tail unknown (void) {
  struct with_tail t = make_tail (600);
  memset (t.made.bytes + t.begin, 'u', 600);
  return t;
}

/* MAKE makes an image with the format, or its signature is the N bytes at WHAT, at OFFSET in the
   data.  */
static const struct format {
  const char *name;
  enum edit_effect effect;
  struct with_tail (*make) (void);
  size_t offset;
  const char *what;
  size_t n;
} formats[] = {{"Inno Setup's data", EDIT_STAYS, .make = inno},
               {"Inno Setup's data", EDIT_STAYS, .make = old_inno},
               {"a node program packed by pkg", EDIT_STAYS, .make = pkg},
               {"an NSIS installer", EDIT_REFUSES, .make = nsis},
               {"messages of Inno Setup's uninstaller", EDIT_REFUSES, .make = inno_uninstaller},
               {"a program packed by deno", EDIT_REFUSES, NULL, 568, "d3n0l4nd", 8},
               {"a WiX Burn installer", EDIT_REFUSES, .make = burn},
               {"a Perl program packed by PAR", EDIT_REFUSES, NULL, 592, "\nPAR.pm\n", 8},
               {"a zip archive whose offsets count from the file's beginning", EDIT_REFUSES,
                .make = absolute_zip},
               {"a zip archive", EDIT_MOVES, .make = relative_zip},
               {"a program compiled by bun", EDIT_MOVES, NULL, 584, "\n---- Bun! ----\n", 16},
               {"a node program packed by caxa", EDIT_MOVES, NULL, 3, "\nCAXACAXACAXA\n", 14},
               {"a zip archive", EDIT_MOVES, NULL, 578, "PK\5\6", 4},
               {"a 7z archive", EDIT_MOVES, .make = seven_zip},
               {"a rar archive", EDIT_MOVES, NULL, 0, "Rar!\x1a\x07\x01", 7},
               {"a node program packed by nexe", EDIT_MOVES, NULL, 568, "<nexe~~sentinel>", 16},
               {"a PyInstaller archive", EDIT_MOVES, NULL, 512, "MEI\014\013\012\013\016", 8},
               {"unknown data", EDIT_MOVES, .make = unknown}};
enum { FORMATS_NUM = sizeof (formats) / sizeof (formats[0]) };

static struct with_tail make_format (const struct format *format) {
  struct with_tail t;
  if (format->make != NULL) return format->make ();
  t = make_tail (600);
  put (&t, format->offset, format->what, format->n);
  return t;
}

static void knows_the_formats (void) {
  for (unsigned i = 0; i < FORMATS_NUM; i++) {
    struct with_tail t = make_format (&formats[i]);
    struct edit_appended appended = edit_find_appended (&t.made.pe);
    CHECK_STR (appended.name != NULL ? appended.name : "(none)", formats[i].name);
    CHECK_INT (appended.effect, formats[i].effect);
    CHECK_INT (appended.is_found, 1);
    free (t.made.bytes);
  }
  struct image_spec spec = {0x8664, IMAGE_PLUS | IMAGE_BUNDLE, 0, 0};
  struct made bundle = make (&spec);
  CHECK_STR (edit_find_appended (&bundle.pe).name, "a .NET single-file bundle");
  CHECK_INT (edit_find_appended (&bundle.pe).is_found, 1);
  free (bundle.bytes);
}

static void symbols_and_signatures_are_no_appended_data (void) {
  static const unsigned flags[] = {0, IMAGE_SYMBOLS, IMAGE_SIGNED, IMAGE_SYMBOLS | IMAGE_SIGNED};
  for (size_t i = 0; i < sizeof (flags) / sizeof (flags[0]); i++) {
    struct image_spec spec = {0x14c, flags[i], 0, 0};
    unsigned notes;
    struct edit_request request = request_for (dll);
    struct made old = make (&spec), new = inject (&old, &request, &notes);
    CHECK (edit_find_appended (&old.pe).name == NULL);
    CHECK (edit_find_appended (&new.pe).name == NULL);
    free (old.bytes);
    free (new.bytes);
  }
}

/* The end of the directory is wherever 64 KiB of comment let it be; a wrong one, or one that the file
   ends in, leads nowhere.  */
static void the_end_of_a_zip_archive_is_found (void) {
  static const struct {
    size_t comment, cut;
    int is_absolute;
  } cases[] = {{0, 0, 1}, {1, 0, 1}, {65535, 0, 1}, {65536, 0, 0}, {0, 1, 0}, {30, 30, 1}};
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    struct with_tail t = zip (1, cases[i].comment);
    open_again (&t, t.made.pe.size - cases[i].cut);
    const char *name = edit_find_appended (&t.made.pe).name;
    CHECK_INT (strstr (name, "offsets count") != NULL, cases[i].is_absolute);
    free (t.made.bytes);
  }
  static const size_t damage[] = {300, 346 + 12, 346 + 16, 346 + 19};
  for (size_t i = 0; i < sizeof (damage) / sizeof (damage[0]); i++) {
    struct with_tail t = zip (1, 0);
    t.made.bytes[t.begin + damage[i]] += 1;
    CHECK_STR (edit_find_appended (&t.made.pe).name, "a zip archive");
    free (t.made.bytes);
  }
}

/* Injected: what stays has its offset, what moves is the last thing, and eject restores both.  */
static void data_are_found_after_an_injection (void) {
  struct edit_request request = request_for (dll);
  for (unsigned i = 0; i < FORMATS_NUM; i++) {
    struct with_tail t = make_format (&formats[i]);
    unsigned notes;
    if (formats[i].effect == EDIT_REFUSES) {
      CHECK (strstr (refusal (&t.made, &request, 0), formats[i].name) != NULL);
      CHECK (strstr (refusal (&t.made, &request, 0), "mir-inject run") != NULL);
      free (t.made.bytes);
      continue;
    }
    size_t size = t.made.pe.size - t.begin;
    struct made new = inject (&t.made, &request, &notes);
    struct edit_appended appended = edit_find_appended (&new.pe);
    int stays = formats[i].effect == EDIT_STAYS;
    size_t at = stays ? t.begin : new.pe.size - size;
    CHECK_INT (notes & (EDIT_TAIL_STAYED | EDIT_TAIL_MOVED),
               stays ? EDIT_TAIL_STAYED : EDIT_TAIL_MOVED);
    CHECK_STR (name_at (&new.pe, 0), dll);
    CHECK_INT (memcmp (new.bytes + at, t.made.bytes + t.begin, size), 0);
    CHECK_STR (appended.name != NULL ? appended.name : "(none)", formats[i].name);
    CHECK_INT (appended.is_found, 1);
    struct made back = eject (&new, &request, &notes);
    CHECK ((notes & EDIT_SAME_AS_BEFORE) != 0);
    REQUIRE (back.pe.size == t.made.pe.size);
    CHECK_INT (memcmp (back.bytes, t.made.bytes, back.pe.size), 0);
    free (t.made.bytes);
    free (new.bytes);
    free (back.bytes);
  }
}

/* As another tool moves them: 512 bytes in front of the tail.  */
static void moved_data_are_noticed (void) {
  for (unsigned i = 0; i < FORMATS_NUM; i++) {
    if (formats[i].effect != EDIT_STAYS) continue;
    struct with_tail t = make_format (&formats[i]);
    size_t size = t.made.pe.size, n = size - t.begin;
    t.made.bytes = realloc (t.made.bytes, size + 512);
    REQUIRE (t.made.bytes != NULL);
    memmove (t.made.bytes + t.begin + 512, t.made.bytes + t.begin, n);
    memset (t.made.bytes + t.begin, 0, 512);
    open_again (&t, size + 512);
    struct edit_appended appended = edit_find_appended (&t.made.pe);
    CHECK_STR (appended.name != NULL ? appended.name : "(none)", formats[i].name);
    CHECK_INT (appended.is_found, 0);
    free (t.made.bytes);
  }
}

/* An installer of NSIS that checks itself, one that does not, one that does nevertheless.  */
static void a_changed_installer_is_noticed (void) {
  for (uint32_t flags = 0; flags < 16; flags++) {
    struct with_tail t = nsis_with (flags);
    CHECK_INT (edit_find_appended (&t.made.pe).is_found, 1);
    t.made.bytes[600]++;
    CHECK_INT (edit_find_appended (&t.made.pe).is_found, (flags & 12) == 4);
    free (t.made.bytes);
  }
  struct with_tail t = nsis ();
  open_again (&t, t.begin + 599);
  CHECK_INT (edit_find_appended (&t.made.pe).is_found, 0);
  pe_put32 (t.made.bytes + t.begin, 16); /* flags that NSIS does not have */
  CHECK_STR (edit_find_appended (&t.made.pe).name, "unknown data");
  free (t.made.bytes);
}

static void a_bundle_that_cannot_stay_is_refused (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS | IMAGE_BUNDLE | IMAGE_NO_ROOM, 0, 0};
  struct image_spec is_signed = {0x8664, IMAGE_PLUS | IMAGE_BUNDLE | IMAGE_SIGNED, 0, 0};
  struct edit_request request = request_for (dll);
  struct pe_error error;
  struct made old = make (&spec);
  CHECK_STR (
      refusal (&old, &request, 0),
      "a .NET single-file bundle must stay in place, but the headers have no room: start the "
      "program with 'mir-inject run'");
  free (old.bytes);
  old = make (&is_signed);
  size_t size = old.pe.size;
  old.bytes = realloc (old.bytes, size + 16);
  REQUIRE (old.bytes != NULL);
  memset (old.bytes + size, 'x', 16);
  REQUIRE (pe_open (&old.pe, old.bytes, size + 16, PE_FILE, &error) == 0);
  CHECK_STR (refusal (&old, &request, 0),
             "a .NET single-file bundle must stay in place, but the signature comes first: start "
             "the program with 'mir-inject run'");
  free (old.bytes);
}

/* The header of a bundle with each of its fields damaged; a host without a bundle.  */
static void a_damaged_bundle_is_not_found (void) {
  static const struct {
    size_t at; /* in the header */
    uint32_t value;
  } cases[] = {{0, 0},  {0, 256},         {8, 0},           {12, 0}, {12, 200},
               {13, 1}, {57, UINT32_MAX}, {65, 0x7fffffff}, {61, 1}, {57, 16}};
  struct image_spec spec = {0x8664, IMAGE_PLUS | IMAGE_BUNDLE, 0, 0};
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    struct made old = make (&spec);
    uint8_t *place = old.bytes + pe_section (&old.pe, 0).raw + 128;
    pe_put32 (old.bytes + pe_u64 (place) + cases[i].at, cases[i].value);
    struct edit_appended appended = edit_find_appended (&old.pe);
    CHECK_STR (appended.name, "a .NET single-file bundle");
    CHECK_INT (appended.is_found, 0);
    free (old.bytes);
  }
  static const uint64_t offsets[] = {1, UINT64_MAX, UINT64_MAX - 12, 1ull << 63};
  struct made old = make (&spec);
  uint8_t *place = old.bytes + pe_section (&old.pe, 0).raw + 128;
  for (size_t i = 0; i < sizeof (offsets) / sizeof (offsets[0]); i++) {
    pe_put64 (place, offsets[i]);
    CHECK_INT (edit_find_appended (&old.pe).is_found, 0);
  }
  pe_put64 (place, 0);
  CHECK_STR (edit_find_appended (&old.pe).name, "unknown data");
  free (old.bytes);
}

/* Look at MADE cut off at every length from BEGIN on, in blocks of exactly that size for sanitizers.
   Returns how often there were appended data.  */
static unsigned look_at_cuts (const struct made *made, size_t begin) {
  unsigned found = 0;
  for (size_t n = begin; n < made->pe.size; n++) {
    uint8_t *cut = malloc (n);
    struct pe pe;
    struct pe_error error;
    REQUIRE (cut != NULL);
    memcpy (cut, made->bytes, n);
    REQUIRE (pe_open (&pe, cut, n, PE_FILE, &error) == 0);
    found += edit_find_appended (&pe).name != NULL;
    free (cut);
  }
  return found;
}

/* After an injection the section of ours is cut off, or lies behind the end.  */
static void files_cut_off_anywhere_are_safe (void) {
  struct edit_request request = request_for (dll);
  for (unsigned i = 0; i < FORMATS_NUM; i++) {
    struct with_tail t = make_format (&formats[i]);
    unsigned notes;
    CHECK (look_at_cuts (&t.made, t.begin) > 0);
    if (formats[i].effect != EDIT_REFUSES) {
      struct made new = inject (&t.made, &request, &notes);
      CHECK (look_at_cuts (&new, t.begin - 512) > 0);
      /* Where the section would be in a file of 2 GB.  */
      pe_put32 (new.bytes + pe_section_header (&new.pe, new.pe.sections_num - 1) + PE_SECTION_RAW,
                0x7ffffe00);
      look_at_cuts (&new, new.pe.size - 1);
      free (new.bytes);
    }
    free (t.made.bytes);
  }
}

int main (void) {
  TEST_RUN (knows_the_formats);
  TEST_RUN (symbols_and_signatures_are_no_appended_data);
  TEST_RUN (the_end_of_a_zip_archive_is_found);
  TEST_RUN (data_are_found_after_an_injection);
  TEST_RUN (moved_data_are_noticed);
  TEST_RUN (a_changed_installer_is_noticed);
  TEST_RUN (a_bundle_that_cannot_stay_is_refused);
  TEST_RUN (a_damaged_bundle_is_not_found);
  TEST_RUN (files_cut_off_anywhere_are_safe);
  return tap_done ();
}
