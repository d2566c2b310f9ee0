/* Shared by the tests of injecting and ejecting.  Each test program includes it once.  */
#ifndef MIR_TESTS_INJECT_EDIT_FIXTURE_H
#define MIR_TESTS_INJECT_EDIT_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/edit/edit.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"
#include "image.h"
#include "support/tap.h"

static const char dll[] = "mir-ucrt.dll";

struct made {
  uint8_t *bytes;
  struct pe pe;
};

static inline struct made make (const struct image_spec *spec) {
  struct made made;
  struct pe_error error;
  size_t size;
  made.bytes = image_make (spec, &size);
  REQUIRE (made.bytes != NULL);
  REQUIRE (pe_open (&made.pe, made.bytes, size, PE_FILE, &error) == 0);
  return made;
}

static inline struct made flatten (struct edit *edit) {
  struct made made;
  struct pe_error error;
  made.bytes = edit_flatten (edit);
  REQUIRE (made.bytes != NULL);
  REQUIRE (pe_open (&made.pe, made.bytes, (size_t) edit->size, PE_FILE, &error) == 0);
  return made;
}

static inline struct edit_request request_for (const char *name) {
  return (struct edit_request) {.dll = name, .symbol = "mi_version", .ordinal = 1};
}

static inline struct made inject (const struct made *old, const struct edit_request *request,
                                  unsigned *notes) {
  struct edit edit;
  struct pe_error error;
  if (edit_inject (&edit, &old->pe, request, &error) != 0) {
    tap_note ("inject: %s", error.text);
    edit_free (&edit);
    REQUIRE (!"inject failed");
  }
  struct made result = flatten (&edit);
  *notes = edit.notes;
  edit_free (&edit);
  CHECK_INT (edit_check (&old->pe, &result.pe, request, 0, &error), 0);
  CHECK_INT (pe_check_layout (&result.pe, &error), 0);
  CHECK_INT (result.pe.checksum, pe_checksum (&result.pe));
  return result;
}

static inline struct made eject (const struct made *old, const struct edit_request *request,
                                 unsigned *notes) {
  struct edit edit;
  struct pe_error error;
  if (edit_eject (&edit, &old->pe, request, &error) != 0) {
    tap_note ("eject: %s", error.text);
    edit_free (&edit);
    REQUIRE (!"eject failed");
  }
  struct made result = flatten (&edit);
  *notes = edit.notes;
  edit_free (&edit);
  return result;
}

static const char *refusal (const struct made *old, const struct edit_request *request,
                            int ejects) {
  static struct pe_error error;
  struct edit edit;
  int status = ejects ? edit_eject (&edit, &old->pe, request, &error)
                      : edit_inject (&edit, &old->pe, request, &error);
  edit_free (&edit);
  return status == 0 ? "(done)" : error.text;
}

static const char *name_at (const struct pe *pe, unsigned index) {
  static char name[PE_NAME_MAX];
  struct pe_descriptor d;
  if (pe_descriptor (pe, index, &d) != 1 || pe_string (pe, d.name, name, sizeof (name)) != 0)
    return "";
  return name;
}

static inline int is_refused (unsigned flags) {
  return (flags & (IMAGE_NO_SPACE | IMAGE_USED | IMAGE_NATIVE | IMAGE_ASSEMBLY)) != 0
         || (flags & (IMAGE_BUNDLE | IMAGE_NO_ROOM)) == (IMAGE_BUNDLE | IMAGE_NO_ROOM)
         || (flags & (IMAGE_BOUND | IMAGE_NO_LOOKUP)) == (IMAGE_BOUND | IMAGE_NO_LOOKUP);
}

#endif
