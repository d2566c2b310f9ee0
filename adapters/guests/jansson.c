/* Drives jansson: builds a value, writes it, reads it back and compares.  */
#include "adapters/mir-jansson.h"

#include <stdio.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { MEMBERS = 8 }; /* few, so that each of their allocations can be refused */

static json_t *build (void) {
  json_t *all = json_object ();
  for (int i = 0; i < MEMBERS && all != NULL; i++) {
    char name[32];
    snprintf (name, sizeof (name), "the member with number %d", i);
    json_t *value =
        json_pack ("{s:i, s:[f, b, n], s:s}", "number", i, "list", i / 3.0, i % 2, "text", name);
    if (value == NULL || json_object_set_new (all, name, value) != 0) {
      json_decref (all);
      all = NULL;
    }
  }
  return all;
}

static enum guest_result there_and_back (MIR_alloc_t alloc) {
  if (alloc != NULL)
    MIR_jansson_use (alloc);
  else
    json_set_alloc_funcs (record_malloc, record_free);
  json_t *all = build ();
  if (all == NULL) return GUEST_NO_MEMORY;
  char *text = json_dumps (all, JSON_INDENT (1));
  json_t *again = text == NULL ? NULL : json_loads (text, 0, NULL);
  enum guest_result res = again == NULL             ? GUEST_NO_MEMORY
                          : json_equal (all, again) ? GUEST_RIGHT
                                                    : GUEST_WRONG;
  json_decref (again);
  json_free_t free_text;
  json_get_alloc_funcs (NULL, &free_text);
  if (text != NULL) free_text (text);
  json_decref (all);
  return res;
}

const char *guest_version (void) {
  return jansson_version_str ();
}

const struct guest guests[] = {
    {.name = "jansson", .run = there_and_back, .refusals = GUEST_GOES_ON},
    {.name = NULL},
};
