/* Drives expat: parses a document with many elements and attributes, in pieces.  */
#include "adapters/mir-expat.h"

#include <stdio.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { ELEMENTS = 500 };

struct seen {
  unsigned elements, attributes, text;
};

static void XMLCALL on_start (void *user, const XML_Char *name, const XML_Char **attributes) {
  struct seen *seen = (struct seen *) user;
  (void) name;
  seen->elements++;
  for (; *attributes != NULL; attributes += 2) seen->attributes++;
}

static void XMLCALL on_text (void *user, const XML_Char *text, int len) {
  (void) text;
  ((struct seen *) user)->text += (unsigned) len;
}

static XML_Parser parser_on (MIR_alloc_t alloc) {
  static const XML_Memory_Handling_Suite recorder = {record_malloc, record_realloc, record_free};
  return alloc != NULL ? MIR_expat_parser (alloc, NULL, NULL)
                       : XML_ParserCreate_MM (NULL, &recorder, NULL);
}

static enum XML_Status feed (XML_Parser parser, const char *text, int is_last) {
  return XML_Parse (parser, text, (int) strlen (text), is_last);
}

static enum guest_result parse (MIR_alloc_t alloc) {
  struct seen seen = {0};
  XML_Parser parser = parser_on (alloc);
  if (parser == NULL) return GUEST_NO_MEMORY;
  XML_SetUserData (parser, &seen);
  XML_SetElementHandler (parser, on_start, NULL);
  XML_SetCharacterDataHandler (parser, on_text);
  enum XML_Status status =
      feed (parser, "<?xml version='1.0'?><!DOCTYPE all [<!ENTITY e 'entity'>]><all>", 0);
  for (int i = 0; i < ELEMENTS && status == XML_STATUS_OK; i++) {
    char text[128];
    snprintf (text, sizeof (text),
              "<element%d name='value %d' other='%d'>text &e; %03d</element%d>", i % 50, i, i * i,
              i, i % 50);
    status = feed (parser, text, 0);
  }
  if (status == XML_STATUS_OK) status = feed (parser, "</all>", 1);
  enum XML_Error error = XML_GetErrorCode (parser);
  XML_ParserFree (parser);
  if (status != XML_STATUS_OK) return error == XML_ERROR_NO_MEMORY ? GUEST_NO_MEMORY : GUEST_WRONG;
  return seen.elements == ELEMENTS + 1 && seen.attributes == 2 * ELEMENTS
                 && seen.text == ELEMENTS * 15
             ? GUEST_RIGHT
             : GUEST_WRONG;
}

const char *guest_version (void) {
  return XML_ExpatVersion () + strlen ("expat_");
}

const struct guest guests[] = {
    {.name = "expat", .run = parse, .refusals = GUEST_FAILS_CLEANLY},
    {.name = NULL},
};
