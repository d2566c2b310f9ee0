/* A fuzz target for the PE half of mir-inject: reads everything in an input, injects, ejects, and
   aborts if a result is wrong.  Bytes 2 and 3 of an input, which Windows ignores, select what is
   done.  */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/edit/appended.h"
#include "inject/edit/edit.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate (uint8_t *data, size_t size, size_t max_size);

#define REQUIRE(COND) ((COND) ? (void) 0 : broken (#COND, __LINE__))

static void broken (const char *what, int line) {
  fprintf (stderr, "fuzz-pe.c:%d: broken: %s\n", line, what);
  abort ();
}

static volatile unsigned sink; /* so that no read is optimised away */

static void look_at_imports (const struct pe *pe,
                             int (*get) (const struct pe *, unsigned, struct pe_descriptor *)) {
  char name[PE_NAME_MAX];
  struct pe_descriptor d;
  struct pe_function function;
  for (unsigned i = 0; i < 64 && get (pe, i, &d) == 1; i++) {
    if (pe_string (pe, d.name, name, sizeof (name)) == 0) sink += (unsigned) strlen (name);
    uint32_t table = pe_lookup_table (pe, &d);
    for (unsigned k = 0; k < 64 && pe_function (pe, table, k, &function) == 1; k++)
      sink += function.ordinal + (unsigned) strlen (function.name);
  }
}

static void look (const struct pe *pe) {
  char name[PE_NAME_MAX];
  struct pe_error error = {0};
  size_t offset, length;
  uint32_t rva;
  look_at_imports (pe, pe_descriptor);
  look_at_imports (pe, pe_delay_descriptor);
  sink += (unsigned) pe_first_export (pe, name, sizeof (name));
  sink += (unsigned) pe_find_export (pe, "mi_version", &rva);
  sink += (unsigned) pe_check_layout (pe, &error);
  if (pe->layout != PE_FILE) return;
  REQUIRE (pe_sections_end (pe) <= pe->size);
  if (pe_certificate (pe, &offset, &length) == 0) REQUIRE (offset + length <= pe->size);
  if (pe_symbols (pe, &offset, &length) == 0 && length != 0) REQUIRE (offset + length <= pe->size);
  sink += pe_checksum (pe);
  sink += (unsigned) edit_find_appended (pe).is_found + (unsigned) pe_headers_end (pe);
}

static uint8_t *result_of (struct edit *edit, struct pe *pe) {
  struct pe_error error;
  uint64_t size = 0;
  for (unsigned i = 0; i < edit->pieces_num; i++) size += edit->pieces[i].size;
  REQUIRE (size == edit->size);
  uint8_t *bytes = edit_flatten (edit);
  if (bytes == NULL) exit (1);
  REQUIRE (pe_open (pe, bytes, (size_t) edit->size, PE_FILE, &error) == 0);
  return bytes;
}

/* Ejecting what was injected must restore the image byte by byte.  */
static void eject (const struct pe *injected, const struct pe *old,
                   const struct edit_request *request) {
  struct edit edit;
  struct pe_error error;
  struct pe pe;
  REQUIRE (edit_eject (&edit, injected, request, &error) == 0);
  uint8_t *bytes = result_of (&edit, &pe);
  REQUIRE ((edit.notes & EDIT_SAME_AS_BEFORE) != 0 && edit.size == old->size);
  REQUIRE (memcmp (bytes, old->bytes, old->size) == 0);
  free (bytes);
  edit_free (&edit);
}

/* Eject from an image that mir-inject may not have made.  If its record is false, ejecting must
   succeed without the record.  */
static void eject_any (const struct pe *pe, const struct edit_request *request) {
  struct edit_request asked = *request;
  for (int status = -1; status != 0; asked.distrust = 1) {
    struct edit edit;
    struct pe_error error;
    struct pe result;
    if (edit_eject (&edit, pe, &asked, &error) == 0) {
      uint8_t *bytes = edit_flatten (&edit);
      if (bytes == NULL) exit (1);
      status = pe_open (&result, bytes, (size_t) edit.size, PE_FILE, &error);
      if (status == 0 && edit.changed) status = edit_check (pe, &result, &asked, 1, &error);
      free (bytes);
      REQUIRE (status == 0 || !asked.distrust);
    } else {
      REQUIRE (error.text[0] != 0 && strchr (error.text, '\n') == NULL);
      status = 0;
    }
    edit_free (&edit);
  }
}

static void edit_both_ways (const struct pe *pe, const struct edit_request *request) {
  struct edit edit;
  struct pe_error error;
  struct pe result;
  if (edit_inject (&edit, pe, request, &error) == 0) {
    uint8_t *bytes = result_of (&edit, &result);
    if (edit.changed) {
      error.text[0] = 0;
      REQUIRE (edit_check (pe, &result, request, 0, &error) == 0);
      REQUIRE (result.checksum == pe_checksum (&result));
    }
    if ((edit.notes & EDIT_ADDED) != 0) eject (&result, pe, request);
    free (bytes);
  } else {
    REQUIRE (error.text[0] != 0 && strchr (error.text, '\n') == NULL);
  }
  edit_free (&edit);
  eject_any (pe, request);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  struct pe pe;
  struct pe_error error;
  if (pe_open (&pe, data, size, PE_MAPPED, &error) == 0) look (&pe);
  if (pe_open (&pe, data, size, PE_FILE, &error) != 0) {
    REQUIRE (error.text[0] != 0);
    return 0;
  }
  look (&pe);
  unsigned how = data[2];
  struct edit_request request = {
      .dll = "mir-ucrt.dll", .symbol = "mi_version", .force = (how & 1) != 0};
  if ((how & 2) != 0) request.dll = "kernel32.dll";
  if ((how & 4) != 0) {
    request.symbol = NULL;
    request.ordinal = data[3];
  }
  if ((how & 8) != 0) request.order[request.order_num++] = "user32.dll";
  if ((how & 16) != 0) request.order[request.order_num++] = request.dll;
  if ((how & 32) != 0) request.order[request.order_num++] = "KERNEL32.DLL";
  edit_both_ways (&pe, &request);
  return 0;
}

size_t LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  if (seed % 3 == 0) return LLVMFuzzerMutate (data, size, max_size);
  return mutate_image (data, size, max_size, seed);
}
