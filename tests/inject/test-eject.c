/* Ejecting from files as inject left them, and from files that were changed since.  */
#include "edit-fixture.h"

static void every_kind_comes_back_byte_for_byte (void) {
  struct image_spec spec;
  const char *name;
  unsigned done = 0, notes;
  struct edit_request request = request_for (dll);
  for (unsigned i = 0; image_kind (i, &spec, &name); i++) {
    if (is_refused (spec.flags)) continue;
    tap_note ("%s", name);
    struct made old = make (&spec), injected = inject (&old, &request, &notes);
    CHECK ((notes & EDIT_ADDED) != 0);
    CHECK_INT ((notes & EDIT_CERTIFICATE_DROPPED) != 0, (spec.flags & IMAGE_SIGNED) != 0);
    CHECK_INT ((notes & EDIT_BOUND_CLEARED) != 0, (spec.flags & IMAGE_BOUND) != 0);
    CHECK_INT ((notes & EDIT_TAIL_STAYED) != 0, (spec.flags & IMAGE_BUNDLE) != 0);
    CHECK_INT ((notes & EDIT_TAIL_MOVED) != 0, (spec.flags & (IMAGE_OVERLAY | IMAGE_DEBUG)) != 0);
    CHECK_INT ((notes & EDIT_HEADERS_GREW) != 0, (spec.flags & (IMAGE_NO_ROOM | IMAGE_UPX)) != 0);
    struct made back = eject (&injected, &request, &notes);
    CHECK ((notes & EDIT_SAME_AS_BEFORE) != 0);
    CHECK_INT ((notes & EDIT_CERTIFICATE_RESTORED) != 0, (spec.flags & IMAGE_SIGNED) != 0);
    CHECK_INT (back.pe.size, old.pe.size);
    if (back.pe.size == old.pe.size) CHECK_INT (memcmp (back.bytes, old.bytes, old.pe.size), 0);
    free (old.bytes);
    free (injected.bytes);
    free (back.bytes);
    done++;
  }
  CHECK (done >= 20);
}

static void ejects_only_what_was_injected (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  struct edit edit;
  struct pe_error error;
  struct edit_request request = request_for ("user32.dll"), absent = request_for (dll);
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
  free (old.bytes);
  free (new.bytes);
}

/* A signature that was added after injecting is dropped; everything below it is restored.  */
static void ejects_from_a_file_that_was_signed_since (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS | IMAGE_SIGNED, 0, 0};
  unsigned notes;
  struct edit_request request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  size_t size = new.pe.size;
  uint8_t *bytes = realloc (new.bytes, size + 64);
  REQUIRE (bytes != NULL);
  memset (bytes + size, 0xab, 64);
  pe_put32 (bytes + pe_directory_offset (&new.pe, PE_CERTIFICATE), (uint32_t) size);
  pe_put32 (bytes + pe_directory_offset (&new.pe, PE_CERTIFICATE) + 4, 64);
  struct made again = {.bytes = bytes};
  struct pe_error error;
  REQUIRE (pe_open (&again.pe, bytes, size + 64, PE_FILE, &error) == 0);
  struct made back = eject (&again, &request, &notes);
  CHECK ((notes & EDIT_CERTIFICATE_RESTORED) != 0);
  CHECK ((notes & EDIT_SAME_AS_BEFORE) != 0);
  REQUIRE (back.pe.size == old.pe.size);
  CHECK_INT (memcmp (back.bytes, old.bytes, old.pe.size), 0);
  free (old.bytes);
  free (bytes);
  free (back.bytes);
}

static void ejects_from_a_file_that_was_changed_since (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  struct pe_error error;
  struct edit_request request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  /* The size of the data is a field that nothing but the record checks.  */
  pe_put32 (new.bytes + new.pe.optional + PE_OPTIONAL_DATA_SIZE, 1);
  REQUIRE (pe_open (&new.pe, new.bytes, new.pe.size, PE_FILE, &error) == 0);
  struct made back = eject (&new, &request, &notes);
  CHECK_INT (notes & (EDIT_SECTION_LEFT | EDIT_SAME_AS_BEFORE), EDIT_SECTION_LEFT);
  CHECK_INT (edit_check (&new.pe, &back.pe, &request, 1, &error), 0);
  CHECK_STR (name_at (&back.pe, 0), "KERNEL32.dll");
  CHECK_INT (pe_check_layout (&back.pe, &error), 0);
  free (old.bytes);
  free (new.bytes);
  free (back.bytes);
}

/* A field that the record does not know is changed after injecting: the change must survive.  */
static void eject_keeps_what_others_changed (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  struct pe_error error;
  struct edit_request request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  pe_put16 (new.bytes + new.pe.optional + 68, 2); /* a window instead of a console */
  REQUIRE (pe_open (&new.pe, new.bytes, new.pe.size, PE_FILE, &error) == 0);
  struct made back = eject (&new, &request, &notes);
  CHECK_INT (notes & (EDIT_SECTION_LEFT | EDIT_SAME_AS_BEFORE), 0);
  CHECK_INT (back.pe.subsystem, 2);
  CHECK_INT (back.pe.size, old.pe.size);
  CHECK_INT (back.pe.checksum, pe_checksum (&back.pe));
  free (old.bytes);
  free (new.bytes);
  free (back.bytes);
}

/* By tools that keep the checksum right, as linkers and resource editors do.  */
static void eject_does_not_say_as_before_of_code_that_was_changed (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  unsigned notes;
  struct pe_error error;
  struct edit_request request = request_for (dll);
  struct made old = make (&spec), new = inject (&old, &request, &notes);
  size_t text = pe_section (&new.pe, 0).raw;
  uint8_t first = new.bytes[text + 64];
  new.bytes[text + 64] = new.bytes[text + 66]; /* the same sum, in another order */
  new.bytes[text + 66] = first;
  CHECK (first != new.bytes[text + 64]);
  REQUIRE (pe_open (&new.pe, new.bytes, new.pe.size, PE_FILE, &error) == 0);
  CHECK_INT (new.pe.checksum, pe_checksum (&new.pe));
  struct made back = eject (&new, &request, &notes);
  CHECK_INT (notes & (EDIT_SECTION_LEFT | EDIT_SAME_AS_BEFORE), 0);
  CHECK_INT (back.bytes[text + 66], first);
  CHECK_INT (back.pe.checksum, pe_checksum (&back.pe));
  new.bytes[text + 64] ^= 1; /* another sum */
  pe_put32 (new.bytes + new.pe.optional + 64, pe_checksum (&new.pe));
  REQUIRE (pe_open (&new.pe, new.bytes, new.pe.size, PE_FILE, &error) == 0);
  free (back.bytes);
  back = eject (&new, &request, &notes);
  CHECK_INT (notes & (EDIT_SECTION_LEFT | EDIT_SAME_AS_BEFORE), 0);
  CHECK_INT (back.pe.checksum, pe_checksum (&back.pe));
  free (old.bytes);
  free (new.bytes);
  free (back.bytes);
}

/* There are so many section headers that the import table lies among them: overwriting it would
   move sections.  */
static void a_table_among_the_headers_is_left_alone (void) {
  struct image_spec spec = {0x8664, IMAGE_PLUS, 0, 0};
  struct pe_error error;
  struct edit_request request = request_for ("user32.dll");
  request.force = 1;
  struct made old = make (&spec);
  pe_put16 (old.bytes + old.pe.nt + 6, 40);
  REQUIRE (pe_open (&old.pe, old.bytes, old.pe.size, PE_FILE, &error) == 0);
  REQUIRE (pe_imports_num (&old.pe) == 3);
  CHECK_STR (refusal (&old, &request, 1),
             "damaged import table (it is split, or lies in the headers)");
  free (old.bytes);
}

/* Files cut off at every length: an error, or the same modules as in the whole file.  */
static void a_file_cut_off_anywhere_is_safe (void) {
  struct image_spec spec;
  const char *name;
  struct edit_request request = request_for (dll);
  size_t step = tap_scaled (100) < 100 ? 7 : 1; /* under slow tools */
  for (unsigned i = 0; image_kind (i, &spec, &name); i++) {
    struct made old = make (&spec), injected = old;
    unsigned notes, listed = 0;
    int total = pe_imports_num (&old.pe);
    if (!is_refused (spec.flags)) injected = inject (&old, &request, &notes);
    for (size_t n = 0; n < injected.pe.size; n += step) {
      struct edit edit;
      struct pe_error error;
      struct pe pe;
      uint8_t *cut = malloc (n > 0 ? n : 1); /* exact size, for sanitizers */
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
  TEST_RUN (ejects_only_what_was_injected);
  TEST_RUN (ejects_from_a_file_that_was_signed_since);
  TEST_RUN (ejects_from_a_file_that_was_changed_since);
  TEST_RUN (eject_keeps_what_others_changed);
  TEST_RUN (eject_does_not_say_as_before_of_code_that_was_changed);
  TEST_RUN (a_table_among_the_headers_is_left_alone);
  TEST_RUN (a_file_cut_off_anywhere_is_safe);
  return tap_done ();
}
