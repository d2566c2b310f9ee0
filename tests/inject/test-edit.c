/* Editing images of every kind, in memory.  */
#include <stdlib.h>
#include <string.h>
#include "edit.h"
#include "image.h"
#include "tap.h"

static const char dll[] = "mir-ucrt.dll";

struct made {
  uint8_t *bytes;
  pe_t pe;
};

static struct made make (const image_spec_t *spec) {
  struct made made;
  pe_error_t error;
  size_t size;
  made.bytes = image_make (spec, &size);
  REQUIRE (made.bytes != NULL);
  REQUIRE (pe_open (&made.pe, made.bytes, size, PE_FILE, &error) == 0);
  return made;
}

static struct made flatten (edit_t *edit) {
  struct made made;
  pe_error_t error;
  made.bytes = edit_flatten (edit);
  REQUIRE (made.bytes != NULL);
  REQUIRE (pe_open (&made.pe, made.bytes, (size_t) edit->size, PE_FILE, &error) == 0);
  return made;
}

static edit_request_t request_for (const char *name) {
  return (edit_request_t){.dll = name, .symbol = "mi_version", .ordinal = 1};
}

static struct made inject (const struct made *old, const edit_request_t *request, unsigned *notes) {
  edit_t edit;
  pe_error_t error;
  if (edit_inject (&edit, &old->pe, request, &error) != 0) {
    tap_note ("inject: %s", error.text);
    edit_free (&edit);
    REQUIRE (!"inject failed");
  }
  *notes = edit.notes;
  struct made result = flatten (&edit);
  edit_free (&edit);
  CHECK_INT (edit_check (&old->pe, &result.pe, request, 0, &error), 0);
  CHECK_INT (pe_check_layout (&result.pe, &error), 0);
  CHECK_INT (result.pe.checksum, pe_checksum (&result.pe));
  return result;
}

static struct made eject (const struct made *old, const edit_request_t *request, unsigned *notes) {
  edit_t edit;
  pe_error_t error;
  if (edit_eject (&edit, &old->pe, request, &error) != 0) {
    tap_note ("eject: %s", error.text);
    edit_free (&edit);
    REQUIRE (!"eject failed");
  }
  *notes = edit.notes;
  struct made result = flatten (&edit);
  edit_free (&edit);
  return result;
}

static const char *refusal (const struct made *old, const edit_request_t *request, int ejects) {
  static pe_error_t error;
  edit_t edit;
  int status = ejects ? edit_eject (&edit, &old->pe, request, &error)
                      : edit_inject (&edit, &old->pe, request, &error);
  edit_free (&edit);
  return status == 0 ? "(done)" : error.text;
}

static const char *name_at (const pe_t *pe, unsigned index) {
  static char name[PE_NAME_MAX];
  pe_descriptor_t d;
  if (pe_descriptor (pe, index, &d) != 1 || pe_string (pe, d.name, name, sizeof (name)) != 0)
    return "";
  return name;
}

static int is_refused (unsigned flags) {
  return (flags & (IMAGE_NO_SPACE | IMAGE_USED)) != 0
         || (flags & (IMAGE_BOUND | IMAGE_NO_LOOKUP)) == (IMAGE_BOUND | IMAGE_NO_LOOKUP);
}

static void every_kind_comes_back_byte_for_byte (void) {
  image_spec_t spec;
  const char *name;
  unsigned done = 0, notes;
  edit_request_t request = request_for (dll);
  for (unsigned i = 0; image_kind (i, &spec, &name); i++) {
    if (is_refused (spec.flags)) continue;
    tap_note ("%s", name);
    struct made old = make (&spec), injected = inject (&old, &request, &notes);
    CHECK ((notes & EDIT_ADDED) != 0);
    CHECK_INT ((notes & EDIT_CERTIFICATE_DROPPED) != 0, (spec.flags & IMAGE_SIGNED) != 0);
    CHECK_INT ((notes & EDIT_BOUND_CLEARED) != 0, (spec.flags & IMAGE_BOUND) != 0);
    CHECK_INT ((notes & EDIT_TAIL_MOVED) != 0, (spec.flags & (IMAGE_OVERLAY | IMAGE_DEBUG)) != 0);
    CHECK_INT ((notes & EDIT_HEADERS_GREW) != 0, (spec.flags & IMAGE_NO_ROOM) != 0);
    struct made back = eject (&injected, &request, &notes);
    CHECK ((notes & EDIT_SAME_AS_BEFORE) != 0);
    CHECK_INT ((notes & EDIT_CERTIFICATE_RESTORED) != 0, (spec.flags & IMAGE_SIGNED) != 0);
    CHECK_INT (back.pe.size, old.pe.size);
    if (back.pe.size == old.pe.size) CHECK_INT (memcmp (back.bytes, old.bytes, old.pe.size), 0);
    free (old.bytes), free (injected.bytes), free (back.bytes);
    done++;
  }
  CHECK (done >= 20);
}

static void our_section_is_the_last_and_holds_what_is_new (void) {
  image_spec_t spec = {0x8664, IMAGE_PLUS | IMAGE_DELAY, 0, 0};
  unsigned notes;
  pe_descriptor_t d;
  pe_function_t function;
  edit_request_t request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  REQUIRE (new.pe.sections_num == old.pe.sections_num + 1);
  pe_section_t section = pe_section (&new.pe, new.pe.sections_num - 1);
  CHECK_STR (section.name, EDIT_SECTION);
  CHECK_INT (section.flags, PE_SECTION_DATA | PE_SECTION_READ | PE_SECTION_WRITE);
  CHECK_INT (new.pe.image_size, section.rva + 4096);
  CHECK_INT (section.raw + section.raw_size, new.pe.size);
  for (unsigned i = 0; i < old.pe.sections_num; i++) {
    pe_section_t before = pe_section (&old.pe, i), after = pe_section (&new.pe, i);
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
  free (old.bytes), free (new.bytes);
}

static void symbols_and_appended_data_stay_whole (void) {
  unsigned flags = IMAGE_PLUS | IMAGE_SYMBOLS | IMAGE_OVERLAY | IMAGE_SIGNED | IMAGE_DEBUG;
  for (unsigned no_room = 0; no_room < 2; no_room++) {
    image_spec_t spec = {0x8664, flags | (no_room != 0 ? IMAGE_NO_ROOM : 0), 0, 0};
    unsigned notes;
    size_t before, before_size, after, after_size, debug[2];
    edit_request_t request = request_for (dll);
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
    free (old.bytes), free (new.bytes);
  }
}

static void addresses_stay_writable_without_a_directory_of_them (void) {
  image_spec_t spec = {0x8664, IMAGE_PLUS | IMAGE_NO_IAT, 0, 0};
  unsigned notes;
  pe_section_t section;
  edit_request_t request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  REQUIRE (pe_section_of (&old.pe, pe_directory (&old.pe, PE_IMPORT).rva, &section) == 0);
  CHECK_INT (pe_directory (&new.pe, PE_IAT).rva, section.rva);
  CHECK_INT (pe_directory (&new.pe, PE_IAT).size, section.virtual_size);
  free (old.bytes), free (new.bytes);
}

static void refuses_with_a_reason (void) {
  static const struct {
    unsigned flags;
    const char *reason;
  } cases[] = {
      {IMAGE_NO_SPACE, "no room for a section: the headers fill their page"},
      {IMAGE_USED, "no room for a section: what is behind the section table is in use"},
      {IMAGE_BOUND | IMAGE_NO_LOOKUP, "module 0 is bound and has no names of its functions"},
  };
  edit_request_t request = request_for (dll);
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    image_spec_t spec = {0x14c, cases[i].flags, 0, 0};
    struct made old = make (&spec);
    CHECK_STR (refusal (&old, &request, 0), cases[i].reason);
    free (old.bytes);
  }
  image_spec_t spec = {0x14c, 0, 0, 0};
  struct made old = make (&spec);
  pe_put32 (old.bytes + old.pe.optional + 32, 512); /* section alignment */
  REQUIRE (pe_open (&old.pe, old.bytes, old.pe.size, PE_FILE, &(pe_error_t){{0}}) == 0);
  CHECK_STR (refusal (&old, &request, 0),
             "sections smaller than a page: a driver, or a very small program");
  free (old.bytes);
}

static void another_dll_is_not_put_on_top (void) {
  image_spec_t spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  edit_request_t request = request_for (dll), other = request_for ("other.dll");
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  CHECK_STR (refusal (&new, &other, 0), "another DLL was injected before: eject it first");
  free (old.bytes), free (new.bytes);
}

static void imports_by_ordinal_if_there_is_no_name (void) {
  for (unsigned plus = 0; plus < 2; plus++) {
    image_spec_t spec = {plus != 0 ? 0x8664 : 0x14c, plus, 0, 0};
    unsigned notes;
    pe_descriptor_t d;
    pe_function_t function;
    edit_request_t request = {.dll = "other.dll", .ordinal = 7};
    struct made old = make (&spec), new = inject (&old, &request, &notes);
    REQUIRE (pe_descriptor (&new.pe, 0, &d) == 1);
    REQUIRE (pe_function (&new.pe, d.lookup, 0, &function) == 1);
    CHECK (function.by_ordinal);
    CHECK_INT (function.ordinal, 7);
    free (old.bytes), free (new.bytes);
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
  image_spec_t spec = {0x8664, IMAGE_PLUS, 0, 0};
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    edit_request_t request = request_for (dll);
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
    free (old.bytes), free (new.bytes), free (back.bytes);
  }
}

/* As with a program that was linked with the DLL, but not early enough.  */
static void what_is_imported_already_only_moves (void) {
  image_spec_t spec = {0x14c, IMAGE_SIGNED, 0, 0};
  unsigned notes;
  edit_request_t request = request_for ("user32.dll");
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  CHECK_INT (notes, EDIT_CERTIFICATE_DROPPED);
  CHECK_INT (new.pe.sections_num, old.pe.sections_num);
  CHECK_STR (name_at (&new.pe, 0), "USER32.dll");
  CHECK_STR (name_at (&new.pe, 1), "KERNEL32.dll");
  edit_t edit;
  pe_error_t error;
  CHECK_INT (edit_inject (&edit, &new.pe, &request, &error), 0);
  CHECK_INT (edit.changed, 0);
  edit_free (&edit);
  request.order[request.order_num++] = "absent.dll";
  CHECK_STR (refusal (&new, &request, 0), "module 'absent.dll' of --order is not imported");
  free (old.bytes), free (new.bytes);
}

static void ejects_only_what_was_injected (void) {
  image_spec_t spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  edit_t edit;
  pe_error_t error;
  edit_request_t request = request_for ("user32.dll"), absent = request_for (dll);
  struct made old = make (&spec);
  CHECK_STR (
      refusal (&old, &request, 1),
      "module 'user32.dll' was not injected by this tool: the program may call it (use --force)");
  CHECK_INT (edit_eject (&edit, &old.pe, &absent, &error), 0);
  CHECK_INT (edit.changed, 0);
  edit_free (&edit);
  request.force = 1;
  struct made new = eject (&old, &request, &notes);
  CHECK_INT (pe_imports_num (&new.pe), 2);
  CHECK_INT (new.pe.checksum, pe_checksum (&new.pe));
  free (old.bytes), free (new.bytes);
}

/* A signature over the injected file is dropped, what was below it comes back.  */
static void ejects_from_a_file_that_was_signed_since (void) {
  image_spec_t spec = {0x8664, IMAGE_PLUS | IMAGE_SIGNED, 0, 0};
  unsigned notes;
  edit_request_t request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  size_t size = new.pe.size;
  uint8_t *bytes = realloc (new.bytes, size + 64);
  REQUIRE (bytes != NULL);
  memset (bytes + size, 0xab, 64);
  pe_put32 (bytes + pe_directory_offset (&new.pe, PE_CERTIFICATE), (uint32_t) size);
  pe_put32 (bytes + pe_directory_offset (&new.pe, PE_CERTIFICATE) + 4, 64);
  struct made again = {.bytes = bytes};
  pe_error_t error;
  REQUIRE (pe_open (&again.pe, bytes, size + 64, PE_FILE, &error) == 0);
  struct made back = eject (&again, &request, &notes);
  CHECK ((notes & EDIT_CERTIFICATE_RESTORED) != 0);
  REQUIRE (back.pe.size == old.pe.size);
  pe_put32 (back.bytes + back.pe.optional + 64, old.pe.checksum); /* this alone cannot be known */
  CHECK_INT (memcmp (back.bytes, old.bytes, old.pe.size), 0);
  free (old.bytes), free (bytes), free (back.bytes);
}

static void ejects_from_a_file_that_was_changed_since (void) {
  image_spec_t spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  pe_error_t error;
  edit_request_t request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  pe_put32 (new.bytes + new.pe.optional + 8,
            1); /* the size of the data: nobody's but the record's */
  REQUIRE (pe_open (&new.pe, new.bytes, new.pe.size, PE_FILE, &error) == 0);
  struct made back = eject (&new, &request, &notes);
  CHECK_INT (notes & (EDIT_SECTION_LEFT | EDIT_SAME_AS_BEFORE), EDIT_SECTION_LEFT);
  CHECK_INT (edit_check (&new.pe, &back.pe, &request, 1, &error), 0);
  CHECK_STR (name_at (&back.pe, 0), "KERNEL32.dll");
  CHECK_INT (pe_check_layout (&back.pe, &error), 0);
  free (old.bytes), free (new.bytes), free (back.bytes);
}

/* A field that the record does not know is changed by somebody: it must stay as that left it.  */
static void eject_keeps_what_others_changed (void) {
  image_spec_t spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  pe_error_t error;
  edit_request_t request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  pe_put16 (new.bytes + new.pe.optional + 68, 2); /* a window instead of a console */
  REQUIRE (pe_open (&new.pe, new.bytes, new.pe.size, PE_FILE, &error) == 0);
  struct made back = eject (&new, &request, &notes);
  CHECK_INT (notes & (EDIT_SECTION_LEFT | EDIT_SAME_AS_BEFORE), 0);
  CHECK_INT (back.pe.subsystem, 2);
  CHECK_INT (back.pe.size, old.pe.size);
  CHECK_INT (back.pe.checksum, pe_checksum (&back.pe));
  free (old.bytes), free (new.bytes), free (back.bytes);
}

/* Every length of every kind: an error, or the same modules as the whole file has.  */
static void a_file_cut_off_anywhere_is_safe (void) {
  image_spec_t spec;
  const char *name;
  edit_request_t request = request_for (dll);
  for (unsigned i = 0; image_kind (i, &spec, &name); i++) {
    struct made old = make (&spec), injected = old;
    unsigned notes, listed = 0;
    int total = pe_imports_num (&old.pe);
    if (!is_refused (spec.flags)) injected = inject (&old, &request, &notes);
    for (size_t n = 0; n < injected.pe.size; n++) {
      edit_t edit;
      pe_error_t error;
      pe_t pe;
      uint8_t *cut = malloc (n > 0 ? n : 1); /* so that a sanitizer sees its end */
      REQUIRE (cut != NULL);
      memcpy (cut, injected.bytes, n);
      if (pe_open (&pe, cut, n, PE_FILE, &error) == 0) {
        int num = pe_imports_num (&pe);
        if (num >= 0) listed++;
        if (num >= 0 && num != total && num != total + 1)
          tap_note ("%s: %zu bytes: %d", name, n, num);
        CHECK (num == -1 || num == total || num == total + 1);
        if (edit_inject (&edit, &pe, &request, &error) != 0) CHECK (error.text[0] != 0);
        edit_free (&edit);
        if (edit_eject (&edit, &pe, &request, &error) != 0) CHECK (error.text[0] != 0);
        edit_free (&edit);
      }
      free (cut);
    }
    if (injected.bytes != old.bytes) free (injected.bytes);
    free (old.bytes);
    CHECK (listed > 0);
  }
}

int main (void) {
  TEST_RUN (every_kind_comes_back_byte_for_byte);
  TEST_RUN (our_section_is_the_last_and_holds_what_is_new);
  TEST_RUN (symbols_and_appended_data_stay_whole);
  TEST_RUN (addresses_stay_writable_without_a_directory_of_them);
  TEST_RUN (refuses_with_a_reason);
  TEST_RUN (another_dll_is_not_put_on_top);
  TEST_RUN (imports_by_ordinal_if_there_is_no_name);
  TEST_RUN (order_is_as_asked);
  TEST_RUN (what_is_imported_already_only_moves);
  TEST_RUN (ejects_only_what_was_injected);
  TEST_RUN (ejects_from_a_file_that_was_signed_since);
  TEST_RUN (ejects_from_a_file_that_was_changed_since);
  TEST_RUN (eject_keeps_what_others_changed);
  TEST_RUN (a_file_cut_off_anywhere_is_safe);
  return tap_done ();
}
