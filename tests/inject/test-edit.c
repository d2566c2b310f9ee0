/* Injecting into images of every kind, in memory.  */
#include "edit-fixture.h"
#include "inject/edit/search.h"
#include "inject/pe/kind.h"

static void our_section_is_the_last_and_holds_what_is_new (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS | IMAGE_DELAY, 0, 0};
  unsigned notes;
  struct pe_descriptor d;
  struct pe_function function;
  struct edit_request request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  REQUIRE (new.pe.sections_num == old.pe.sections_num + 1);
  struct pe_section section = pe_section (&new.pe, new.pe.sections_num - 1);
  CHECK_STR (section.name, EDIT_SECTION);
  CHECK_INT (section.flags, PE_SCN_DATA | PE_SCN_READ | PE_SCN_WRITE);
  CHECK_INT (new.pe.image_size, section.rva + 4096);
  CHECK_INT (section.raw + section.raw_size, new.pe.size);
  for (unsigned i = 0; i < old.pe.sections_num; i++) {
    struct pe_section before = pe_section (&old.pe, i), after = pe_section (&new.pe, i);
    CHECK (before.flags == after.flags && before.rva == after.rva && before.raw == after.raw);
  }
  REQUIRE (pe_descriptor (&new.pe, 0, &d) == 1);
  CHECK (d.address >= section.rva && d.address < section.rva + section.virtual_size);
  REQUIRE (pe_function (&new.pe, d.lookup, 0, &function) == 1);
  CHECK_STR (function.name, "mi_version");
  REQUIRE (pe_function (&new.pe, d.address, 0, &function) == 1);
  CHECK_STR (function.name, "mi_version");
  CHECK_INT (pe_function (&new.pe, d.lookup, 1, &function), 0);
  CHECK_INT (pe_directory (&new.pe, PE_IAT).rva, pe_directory (&old.pe, PE_IAT).rva);
  CHECK_INT (pe_delay_descriptor (&new.pe, 0, &d), 1);
  free (old.bytes);
  free (new.bytes);
}

static void symbols_and_appended_data_stay_whole (void) {
  unsigned flags = IMAGE_PLUS | IMAGE_SYMBOLS | IMAGE_OVERLAY | IMAGE_SIGNED | IMAGE_DEBUG;
  for (unsigned no_room = 0; no_room < 2; no_room++) {
    struct image_spec spec = {0x8664, flags | (no_room != 0 ? IMAGE_NO_ROOM : 0), 0, 0};
    unsigned notes;
    size_t before, before_size, after, after_size, debug[2];
    struct edit_request request = request_for (dll);
    struct made old = make (&spec), new = inject (&old, &request, &notes);
    REQUIRE (pe_symbols (&old.pe, &before, &before_size) == 0 && before_size == 34);
    REQUIRE (pe_symbols (&new.pe, &after, &after_size) == 0 && after_size == before_size);
    CHECK_INT (memcmp (old.bytes + before, new.bytes + after, before_size), 0);
    CHECK_INT (memcmp (old.bytes + before + before_size, new.bytes + after + after_size, 300), 0);
    CHECK_INT (after, pe_sections_end (&new.pe));
    REQUIRE (pe_offset (&old.pe, pe_directory (&old.pe, PE_DEBUG).rva, 28, &debug[0]) == 0);
    REQUIRE (pe_offset (&new.pe, pe_directory (&new.pe, PE_DEBUG).rva, 28, &debug[1]) == 0);
    CHECK_INT (pe_u32 (new.bytes + debug[1] + 24) - pe_u32 (old.bytes + debug[0] + 24),
               after - before);
    CHECK_INT (pe_directory (&new.pe, PE_CERTIFICATE).rva, 0);
    free (old.bytes);
    free (new.bytes);
  }
}

static void addresses_stay_writable_without_a_directory_of_them (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS | IMAGE_NO_IAT, 0, 0};
  unsigned notes;
  struct pe_section section;
  struct edit_request request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  REQUIRE (pe_section_of (&old.pe, pe_directory (&old.pe, PE_IMPORT).rva, &section) == 0);
  CHECK_INT (pe_directory (&new.pe, PE_IAT).rva, section.rva);
  CHECK_INT (pe_directory (&new.pe, PE_IAT).size, section.virtual_size);
  free (old.bytes);
  free (new.bytes);
}

static void refuses_with_a_reason (void) {
  static const struct {
    unsigned flags;
    const char *reason;
  } cases[] = {
      {IMAGE_NO_SPACE, "no room for a section: the headers fill their page"},
      {IMAGE_USED, "no room for a section: the bytes behind the section table are in use"},
      {IMAGE_BOUND | IMAGE_NO_LOOKUP, "module 0 is bound and has no names of its functions"},
  };
  struct edit_request request = request_for (dll);
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    struct image_spec spec = {0x14c, cases[i].flags, 0, 0};
    struct made old = make (&spec);
    CHECK_STR (refusal (&old, &request, 0), cases[i].reason);
    free (old.bytes);
  }
  struct image_spec spec = {0x14c, 0, 0, 0};
  struct made old = make (&spec);
  pe_put32 (old.bytes + old.pe.optional + 32, 512); /* section alignment */
  REQUIRE (pe_open (&old.pe, old.bytes, old.pe.size, PE_FILE, &(struct pe_error) {0}) == 0);
  CHECK_STR (refusal (&old, &request, 0),
             "the sections are smaller than a page: a driver, or a very small program");
  free (old.bytes);
}

/* By what it is, whatever else could be said of it.  Ejecting stays possible.  */
static void strangers_are_refused_by_name (void) {
  static const struct {
    uint16_t machine, subsystem;
    const char *name;
  } cases[] = {{0x8664, 1, "a driver or another program of the native subsystem"},
               {0x8664, 10, "an EFI application"},
               {0xaa64, 12, "an EFI driver"},
               {0x1c4, 10, "an EFI application"},
               {0x14c, 9, "a program for Windows CE"},
               {0x1c4, 3, "an image for ARM32 (Thumb-2)"},
               {0x1c2, 3, "an image for ARM32 (Thumb)"},
               {0x1c0, 2, "an image for ARM32"},
               {0x200, 3, "an image for Itanium"},
               {0x5064, 3, "an image for RISC-V"},
               {0xebc, 3, "an image of EFI byte code"},
               {0xfd1d, 3, "a .NET image that is precompiled for Linux"},
               {0xec20, 3, "a .NET image that is precompiled for macOS"},
               {0x7777, 3, "an image for an unknown CPU"}};
  struct edit_request request = request_for (dll), there = request_for ("user32.dll");
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
    struct made old = make (&spec);
    struct pe_error error;
    char expected[128];
    unsigned notes;
    struct made new = inject (&old, &request, &notes);
    pe_put16 (old.bytes + old.pe.nt + PE_NT_MACHINE, cases[i].machine);
    pe_put16 (old.bytes + old.pe.optional + PE_OPTIONAL_SUBSYSTEM, cases[i].subsystem);
    pe_put16 (new.bytes + new.pe.nt + PE_NT_MACHINE, cases[i].machine);
    pe_put16 (new.bytes + new.pe.optional + PE_OPTIONAL_SUBSYSTEM, cases[i].subsystem);
    REQUIRE (pe_open (&old.pe, old.bytes, old.pe.size, PE_FILE, &error) == 0);
    REQUIRE (pe_open (&new.pe, new.bytes, new.pe.size, PE_FILE, &error) == 0);
    snprintf (expected, sizeof (expected), "%s, not a Windows program for x86, x64 or arm64",
              cases[i].name);
    CHECK_STR (refusal (&old, &request, 0), expected);
    CHECK_STR (refusal (&old, &there, 0), expected);
    struct made back = eject (&new, &request, &notes);
    CHECK_INT (back.pe.size, old.pe.size);
    free (back.bytes);
    free (old.bytes);
    free (new.bytes);
  }
}

/* By the flags of .NET's header: 1 and 4, not 2 (for 32 bits), 16 (a native entry point) and others.  */
static void net_assemblies_are_refused_unless_they_are_mixed_with_native_code (void) {
  static const struct {
    uint32_t flags;
    int is_refused;
  } cases[] = {{1, 1}, {3, 1}, {0x20001, 1}, {6, 1}, {4, 1}, {0, 0}, {2, 0}, {16, 0}, {0x20008, 0}};
  struct edit_request request = request_for (dll), there = request_for ("user32.dll");
  for (size_t i = 0; i < 2 * sizeof (cases) / sizeof (cases[0]); i++) {
    struct image_spec spec = {0x14c, IMAGE_ASSEMBLY, 0, 0};
    if (i % 2 != 0) spec = (struct image_spec) {0x8664, IMAGE_ASSEMBLY | IMAGE_PLUS, 0, 0};
    struct made old = make (&spec);
    unsigned notes;
    size_t at;
    REQUIRE (pe_offset (&old.pe, pe_directory (&old.pe, PE_CLR).rva, PE_CLR_HEADER, &at) == 0);
    pe_put32 (old.bytes + at + PE_CLR_FLAGS, cases[i / 2].flags);
    CHECK_INT (pe_is_assembly (&old.pe), cases[i / 2].is_refused);
    CHECK_STR (refusal (&old, &request, 0),
               cases[i / 2].is_refused
                   ? "a .NET assembly, which .NET refuses when it imports other DLLs: "
                     "start the program with 'mir-inject run'"
                   : "(done)");
    struct made moved = inject (&old, &there, &notes);
    CHECK_STR (name_at (&moved.pe, 0), "USER32.dll");
    free (moved.bytes);
    free (old.bytes);
  }
}

static uint16_t load_flags_of (const struct pe *pe) {
  uint8_t bytes[2] = {0};
  uint32_t field = pe->plus ? PE_CONFIG_LOAD_FLAGS_PLUS : PE_CONFIG_LOAD_FLAGS;
  CHECK_INT (pe_read (pe, pe_directory (pe, PE_LOAD_CONFIG).rva + field, bytes, 2), 0);
  return pe_u16 (bytes);
}

/* Flags of LoadLibraryEx, before and after.  */
static void dlls_are_searched_in_the_folder_of_the_program (void) {
  static const uint16_t cases[][2] = {{0, 0},           {0x800, 0xa00},   {0x100, 0x300},
                                      {0xc00, 0xe00},   {0x200, 0x200},   {0xa00, 0xa00},
                                      {0x1000, 0x1000}, {0x1800, 0x1800}, {8, 8}};
  struct edit_request request = request_for (dll);
  for (size_t i = 0; i < 2 * sizeof (cases) / sizeof (cases[0]); i++) {
    struct image_spec spec = {0x14c, IMAGE_SYSTEM32 | IMAGE_NO_ROOM, 0, 0};
    if (i % 2 != 0) spec = (struct image_spec) {0x8664, IMAGE_SYSTEM32 | IMAGE_PLUS, 0, 0};
    struct made old = make (&spec);
    unsigned notes;
    uint32_t field = old.pe.plus ? PE_CONFIG_LOAD_FLAGS_PLUS : PE_CONFIG_LOAD_FLAGS;
    size_t at;
    REQUIRE (pe_offset (&old.pe, pe_directory (&old.pe, PE_LOAD_CONFIG).rva, 256, &at) == 0);
    const uint16_t *flags = cases[i / 2];
    pe_put16 (old.bytes + at + field, flags[0]);
    CHECK_INT (edit_searches_folder (&old.pe), flags[0] == flags[1]);
    struct made new = inject (&old, &request, &notes);
    CHECK_INT (load_flags_of (&new.pe), flags[1]);
    CHECK_INT (edit_searches_folder (&new.pe), 1);
    CHECK_INT ((notes & EDIT_SEARCH_WIDENED) != 0, flags[0] != flags[1]);
    struct made back = eject (&new, &request, &notes);
    CHECK ((notes & EDIT_SAME_AS_BEFORE) != 0);
    CHECK_INT (load_flags_of (&back.pe), flags[0]);
    free (new.bytes);
    free (back.bytes);
    pe_put32 (old.bytes + at, field + 1); /* the configuration ends in the middle of the flags */
    CHECK_INT (edit_searches_folder (&old.pe), 1);
    free (old.bytes);
  }
}

static void what_demands_a_signature_is_loaded_without_one (void) {
  struct edit_request request = request_for (dll);
  for (unsigned is_signed = 0; is_signed < 2; is_signed++) {
    struct image_spec spec = {0x8664, IMAGE_PLUS | (is_signed != 0 ? IMAGE_SIGNED : 0), 0, 0};
    struct made old = make (&spec);
    struct pe_error error;
    unsigned notes;
    pe_put16 (old.bytes + old.pe.optional + PE_OPTIONAL_DLL_FLAGS, 0x8180);
    REQUIRE (pe_open (&old.pe, old.bytes, old.pe.size, PE_FILE, &error) == 0);
    struct made new = inject (&old, &request, &notes);
    CHECK ((notes & EDIT_INTEGRITY_CLEARED) != 0);
    CHECK_INT (new.pe.dll_flags, 0x8100);
    struct made back = eject (&new, &request, &notes);
    CHECK ((notes & EDIT_SAME_AS_BEFORE) != 0);
    CHECK_INT (back.pe.dll_flags, 0x8180);
    free (old.bytes);
    free (new.bytes);
    free (back.bytes);
  }
}

static void another_dll_is_not_put_on_top (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  struct edit_request request = request_for (dll), other = request_for ("other.dll");
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  CHECK_STR (refusal (&new, &other, 0),
             "another DLL was injected before, 'mir-ucrt.dll': eject it first");
  CHECK_STR (
      refusal (&new, &other, 1),
      "'other.dll' is not imported, but 'mir-ucrt.dll' was injected: use --dll=mir-ucrt.dll");
  /* Without its record only the descriptor goes, and the section is no injection any more.  */
  request.distrust = 1;
  struct made left = eject (&new, &request, &notes);
  CHECK ((notes & EDIT_SECTION_LEFT) != 0);
  CHECK_STR (refusal (&left, &other, 0),
             "the section of an earlier injection is left: use the original file");
  CHECK_STR (refusal (&left, &other, 1), "(done)");
  free (left.bytes);
  free (old.bytes);
  free (new.bytes);
}

static void imports_by_ordinal_if_there_is_no_name (void) {
  for (unsigned plus = 0; plus < 2; plus++) {
    struct image_spec spec = {plus != 0 ? 0x8664 : 0x14c, plus, 0, 0};
    unsigned notes;
    struct pe_descriptor d;
    struct pe_function function;
    struct edit_request request = {.dll = "other.dll", .ordinal = 7};
    struct made old = make (&spec), new = inject (&old, &request, &notes);
    REQUIRE (pe_descriptor (&new.pe, 0, &d) == 1);
    REQUIRE (pe_function (&new.pe, d.lookup, 0, &function) == 1);
    CHECK (function.by_ordinal);
    CHECK_INT (function.ordinal, 7);
    free (old.bytes);
    free (new.bytes);
  }
}

static void order_is_as_asked (void) {
  static const struct {
    const char *order[3];
    const char *expected[4];
  } cases[] = {
      {{"user32.dll"}, {"mir-ucrt.dll", "USER32.dll", "KERNEL32.dll"}},
      {{"user32.dll", "mir-ucrt.dll"}, {"USER32.dll", "mir-ucrt.dll", "KERNEL32.dll"}},
      {{"api-ms-win-crt-heap-l1-1-0.dll", "kernel32.DLL"},
       {"mir-ucrt.dll", "api-ms-win-crt-heap-l1-1-0.dll", "KERNEL32.dll", "USER32.dll"}},
  };
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    struct edit_request request = request_for (dll);
    unsigned notes;
    while (request.order_num < 3 && cases[i].order[request.order_num] != NULL) {
      request.order[request.order_num] = cases[i].order[request.order_num];
      request.order_num++;
    }
    struct made old = make (&spec), new = inject (&old, &request, &notes);
    for (unsigned k = 0; k < 4 && cases[i].expected[k] != NULL; k++)
      CHECK_STR (name_at (&new.pe, k), cases[i].expected[k]);
    struct made back = eject (&new, &request, &notes);
    CHECK ((notes & EDIT_SAME_AS_BEFORE) != 0);
    free (old.bytes);
    free (new.bytes);
    free (back.bytes);
  }
}

/* As in a program that was linked with the DLL, but not as the first import.  */
static void what_is_imported_already_only_moves (void) {
  struct image_spec spec = {0x14c, IMAGE_SIGNED, 0, 0};
  unsigned notes;
  struct edit_request request = request_for ("user32.dll");
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  CHECK_INT (notes, EDIT_CERTIFICATE_DROPPED);
  CHECK_INT (new.pe.sections_num, old.pe.sections_num);
  CHECK_STR (name_at (&new.pe, 0), "USER32.dll");
  CHECK_STR (name_at (&new.pe, 1), "KERNEL32.dll");
  struct edit edit;
  struct pe_error error;
  CHECK_INT (edit_inject (&edit, &new.pe, &request, &error), 0);
  CHECK_INT (edit.changed, 0);
  edit_free (&edit);
  request.order[request.order_num++] = "absent.dll";
  CHECK_STR (refusal (&new, &request, 0), "module 'absent.dll' of --order is not imported");
  free (old.bytes);
  free (new.bytes);
}

/* UPX's layout: the headers say that they are a page, but sections begin after 512 bytes.  The loader
   maps these bytes twice.  The headers grow in front of the sections.  */
static void sections_may_begin_before_the_headers_end (void) {
  for (unsigned plus = 0; plus < 2; plus++) {
    struct image_spec spec = {plus != 0 ? 0x8664 : 0x14c, IMAGE_UPX | plus, 0, 6000};
    unsigned notes;
    struct edit_request request = request_for (dll);
    struct made old = make (&spec), new = inject (&old, &request, &notes);
    CHECK_INT (old.pe.headers_size, 4096);
    CHECK_INT (new.pe.headers_size, 4096);
    for (unsigned i = 0; i < 2; i++) {
      struct pe_section before = pe_section (&old.pe, i), after = pe_section (&new.pe, i);
      CHECK_INT (after.raw, before.raw + 512);
      CHECK_INT (memcmp (old.bytes + before.raw, new.bytes + after.raw, before.raw_size), 0);
    }
    struct pe_section last = pe_section (&new.pe, new.pe.sections_num - 1);
    CHECK_STR (last.name, EDIT_SECTION);
    free (old.bytes);
    free (new.bytes);
  }
}

/* A name among the headers as they are mapped, in bytes that are a section's too: it would be
   somewhere else when the headers have grown.  */
static void what_the_grown_headers_would_move_is_refused (void) {
  struct image_spec spec = {0x14c, IMAGE_UPX, 0, 6000};
  struct edit_request request = request_for (dll);
  struct made old = make (&spec);
  size_t table;
  uint32_t place = 0x300;
  REQUIRE (pe_offset (&old.pe, pe_directory (&old.pe, PE_IMPORT).rva, 60, &table) == 0);
  memcpy (old.bytes + place, "OTHER.dll", 10);
  pe_put32 (old.bytes + table + 2 * PE_DESCRIPTOR + PE_DESCRIPTOR_NAME, place);
  CHECK_STR (name_at (&old.pe, 2), "OTHER.dll");
  CHECK_STR (
      refusal (&old, &request, 0),
      "damaged import table (module 2 cannot be read, or overlaps bytes that must be changed)");
  free (old.bytes);
}

/* The loader rounds the offset of a section down to a multiple of 512.  This section begins with the
   last bytes of the headers, where the new header would go: it moves with all its bytes.  */
static void a_section_that_begins_in_the_headers_stays_whole (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  struct pe_error error;
  unsigned notes;
  uint8_t before[512], after[512];
  struct edit_request request = request_for (dll);
  struct made old = make (&spec);
  uint32_t raw = old.pe.headers_size - 512 + 0x50;
  CHECK (raw > old.pe.sections + (old.pe.sections_num + 1) * PE_SECTION_HEADER);
  pe_put32 (old.bytes + old.pe.optional + 60, raw);
  pe_put32 (old.bytes + old.pe.sections + 20, raw);
  REQUIRE (pe_open (&old.pe, old.bytes, old.pe.size, PE_FILE, &error) == 0);
  struct made new = inject (&old, &request, &notes);
  CHECK ((notes & EDIT_HEADERS_GREW) != 0);
  REQUIRE (pe_read (&old.pe, 4096, before, sizeof (before)) == 0);
  REQUIRE (pe_read (&new.pe, 4096, after, sizeof (after)) == 0);
  CHECK_INT (memcmp (before, after, sizeof (before)), 0);
  struct made back = eject (&new, &request, &notes);
  CHECK ((notes & EDIT_SAME_AS_BEFORE) != 0);
  free (old.bytes);
  free (new.bytes);
  free (back.bytes);
}

/* The same header with something that no linker writes there is somebody's data.  */
static void only_what_looks_like_a_stale_header_is_overwritten (void) {
  static const struct {
    size_t field;
    uint32_t value;
  } cases[] = {
      {PE_SECTION_NAME, 0x20212223}, {PE_SECTION_NAME + 4, 'x'},     {PE_SECTION_RVA, 0x1234},
      {PE_SECTION_RVA, 0},           {PE_SECTION_RVA, PE_IMAGE_MAX}, {PE_SECTION_RAW, 0x201},
      {PE_SECTION_RAW, 0x7ffffe00},  {PE_SECTION_RELOCATIONS, 1},    {PE_SECTION_LINES + 4, 1},
      {PE_SECTION_FLAGS, 0x40},      {PE_SECTION_FLAGS, PE_SCN_READ}};
  struct image_spec spec = {0x14c, IMAGE_STALE, 0, 0};
  struct edit_request request = request_for (dll);
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    struct made old = make (&spec);
    size_t slot = pe_section_header (&old.pe, old.pe.sections_num);
    pe_put32 (old.bytes + slot + cases[i].field, cases[i].value);
    CHECK_STR (refusal (&old, &request, 0),
               "no room for a section: the bytes behind the section table are in use");
    free (old.bytes);
  }
}

/* Rust's linker makes such tables.  The descriptors of one DLL stay together where --order puts
   them.  */
static void a_module_may_be_imported_twice (void) {
  static const char *const expected[] = {"mir-ucrt.dll", "module-3.dll", "module-3.dll",
                                         "KERNEL32.dll"};
  struct image_spec spec = {0x8664, IMAGE_PLUS, 5, 0};
  unsigned notes;
  size_t table;
  struct edit_request request = request_for (dll), ordered = request_for (dll);
  struct made old = make (&spec);
  REQUIRE (pe_offset (&old.pe, pe_directory (&old.pe, PE_IMPORT).rva, 5 * PE_DESCRIPTOR, &table)
           == 0);
  uint8_t *names = old.bytes + table + PE_DESCRIPTOR_NAME;
  pe_put32 (names + 4 * PE_DESCRIPTOR, pe_u32 (names + 3 * PE_DESCRIPTOR));
  CHECK_STR (name_at (&old.pe, 4), "module-3.dll");
  ordered.order[ordered.order_num++] = "module-3.dll";
  struct made new = inject (&old, &ordered, &notes);
  CHECK_INT (pe_imports_num (&new.pe), 6);
  for (unsigned i = 0; i < 4; i++) CHECK_STR (name_at (&new.pe, i), expected[i]);
  free (new.bytes);
  new = inject (&old, &request, &notes);
  CHECK_STR (name_at (&new.pe, 4), "module-3.dll");
  CHECK_STR (name_at (&new.pe, 5), "module-3.dll");
  struct made back = eject (&new, &request, &notes);
  CHECK ((notes & EDIT_SAME_AS_BEFORE) != 0);
  REQUIRE (back.pe.size == old.pe.size);
  CHECK_INT (memcmp (back.bytes, old.bytes, old.pe.size), 0);
  free (old.bytes);
  free (new.bytes);
  free (back.bytes);
}

/* Data behind a certificate: nothing that other fields point to may move.  */
static void what_is_behind_a_certificate_keeps_its_place_when_a_table_is_rewritten (void) {
  struct image_spec spec = {0x14c, IMAGE_SIGNED | IMAGE_SYMBOLS, 0, 0};
  unsigned notes;
  struct pe_error error;
  struct edit_request request = request_for ("user32.dll");
  struct made old = make (&spec);
  size_t at = old.pe.symbols, size,
         end = old.pe.size; /* symbols, then the certificate: swap them */
  CHECK_INT (pe_symbols (&old.pe, &at, &size), 0);
  uint8_t *symbols = malloc (size);
  REQUIRE (symbols != NULL && size < 96);
  memcpy (symbols, old.bytes + at, size);
  memmove (old.bytes + at, old.bytes + end - 96, 96);
  memcpy (old.bytes + end - size, symbols, size);
  pe_put32 (old.bytes + old.pe.nt + 12, (uint32_t) (end - size));
  pe_put32 (old.bytes + pe_directory_offset (&old.pe, PE_CERTIFICATE), (uint32_t) at);
  REQUIRE (pe_open (&old.pe, old.bytes, end, PE_FILE, &error) == 0);
  struct made new = inject (&old, &request, &notes);
  CHECK_INT (notes, EDIT_CERTIFICATE_DROPPED);
  size_t new_size = 0;
  CHECK_INT (pe_symbols (&new.pe, &at, &new_size), 0);
  CHECK_INT (new_size, size);
  if (new_size == size) CHECK_INT (memcmp (new.bytes + at, symbols, size), 0);
  free (symbols);
  free (old.bytes);
  free (new.bytes);
}

/* Modules that share a table make many functions of few bytes: looking at each could take
   hours.  */
static void modules_that_share_a_long_table_are_refused (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 200, 16384};
  struct edit_request request = request_for (dll);
  struct made old = make (&spec);
  struct pe_section text = pe_section (&old.pe, 0);
  size_t table, thunks = text.raw_size / 8;
  REQUIRE (pe_offset (&old.pe, pe_directory (&old.pe, PE_IMPORT).rva, 200 * PE_DESCRIPTOR, &table)
           == 0);
  REQUIRE (200 * thunks > PE_FUNCTIONS_MAX);
  for (size_t i = 0; i < thunks; i++)
    pe_put64 (old.bytes + text.raw + 8 * i, i + 1 < thunks ? 1ull << 63 | 5 : 0);
  for (size_t i = 0; i < 200; i++) pe_put32 (old.bytes + table + PE_DESCRIPTOR * i, text.rva);
  CHECK_STR (refusal (&old, &request, 0),
             "damaged import table (module 128 has too many functions)");
  free (old.bytes);
}

/* The last section grows by zeros, so that the new section begins or ends above 2 GB, where the RVA
   of the name of a function would look like an ordinal.  */
static void no_image_becomes_larger_than_2_gb (void) {
  static const struct {
    uint32_t room;      /* bytes from the end of the last section to 2 GB */
    const char *reason; /* NULL: not refused */
  } cases[] = {{4096, NULL},
               {0, "the image would be too large"},
               {(uint32_t) -4096, "not a loadable PE file (the image is larger than 2 GB)"}};
  struct image_spec spec = {0x14c, 0, 0, 0};
  struct edit_request request = request_for (dll);
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    struct pe_error error;
    unsigned notes;
    struct made old = make (&spec);
    struct pe_section last = pe_section (&old.pe, old.pe.sections_num - 1);
    uint32_t end = PE_IMAGE_MAX - cases[i].room;
    pe_put32 (old.bytes + old.pe.sections + (old.pe.sections_num - 1) * PE_SECTION_HEADER + 8,
              end - last.rva);
    pe_put32 (old.bytes + old.pe.optional + 56, end);
    REQUIRE (pe_open (&old.pe, old.bytes, old.pe.size, PE_FILE, &error) == 0);
    if (cases[i].reason != NULL)
      CHECK_STR (refusal (&old, &request, 0), cases[i].reason);
    else
      free (inject (&old, &request, &notes).bytes);
    free (old.bytes);
  }
}

int main (void) {
  TEST_RUN (our_section_is_the_last_and_holds_what_is_new);
  TEST_RUN (symbols_and_appended_data_stay_whole);
  TEST_RUN (addresses_stay_writable_without_a_directory_of_them);
  TEST_RUN (refuses_with_a_reason);
  TEST_RUN (strangers_are_refused_by_name);
  TEST_RUN (net_assemblies_are_refused_unless_they_are_mixed_with_native_code);
  TEST_RUN (dlls_are_searched_in_the_folder_of_the_program);
  TEST_RUN (what_demands_a_signature_is_loaded_without_one);
  TEST_RUN (another_dll_is_not_put_on_top);
  TEST_RUN (imports_by_ordinal_if_there_is_no_name);
  TEST_RUN (order_is_as_asked);
  TEST_RUN (what_is_imported_already_only_moves);
  TEST_RUN (no_image_becomes_larger_than_2_gb);
  TEST_RUN (a_module_may_be_imported_twice);
  TEST_RUN (modules_that_share_a_long_table_are_refused);
  TEST_RUN (sections_may_begin_before_the_headers_end);
  TEST_RUN (what_the_grown_headers_would_move_is_refused);
  TEST_RUN (a_section_that_begins_in_the_headers_stays_whole);
  TEST_RUN (only_what_looks_like_a_stale_header_is_overwritten);
  TEST_RUN (what_is_behind_a_certificate_keeps_its_place_when_a_table_is_rewritten);
  return tap_done ();
}
