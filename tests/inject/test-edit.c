/* Injecting into images of every kind, in memory.  */
#include "edit-fixture.h"

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

static void another_dll_is_not_put_on_top (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  struct edit_request request = request_for (dll), other = request_for ("other.dll");
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  CHECK_STR (refusal (&new, &other, 0), "another DLL was injected before: eject it first");
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

/* The loader rounds the offset of a section down to a multiple of 512.  This section begins with
   the last bytes of the headers; inserting bytes behind the headers would put zeros there.  */
static void a_section_that_begins_in_the_headers_is_refused (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  struct pe_error error;
  struct edit_request request = request_for (dll);
  struct made old = make (&spec);
  uint32_t raw = old.pe.headers_size - 512 + 0x50;
  CHECK (raw > old.pe.sections + (old.pe.sections_num + 1) * PE_SECTION_HEADER);
  pe_put32 (old.bytes + old.pe.optional + 60, raw);
  pe_put32 (old.bytes + old.pe.sections + 20, raw);
  REQUIRE (pe_open (&old.pe, old.bytes, old.pe.size, PE_FILE, &error) == 0);
  CHECK_STR (refusal (&old, &request, 0),
             "not a loadable PE file (section 0 overlaps the headers)");
  free (old.bytes);
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
  TEST_RUN (another_dll_is_not_put_on_top);
  TEST_RUN (imports_by_ordinal_if_there_is_no_name);
  TEST_RUN (order_is_as_asked);
  TEST_RUN (what_is_imported_already_only_moves);
  TEST_RUN (no_image_becomes_larger_than_2_gb);
  TEST_RUN (modules_that_share_a_long_table_are_refused);
  TEST_RUN (a_section_that_begins_in_the_headers_is_refused);
  TEST_RUN (what_is_behind_a_certificate_keeps_its_place_when_a_table_is_rewritten);
  return tap_done ();
}
