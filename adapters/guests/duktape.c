/* Drives Duktape: a script with objects, strings, closures, cycles and a regular expression.  */
#include "adapters/mir-duktape.h"

#include <stdio.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

static const char script[] =
    "var all = {}, i, text = '';\n"
    "for (i = 0; i < 300; i++) all['k' + i] = { n: i, list: [i, i + 1, String (i)] };\n"
    "for (i = 0; i < 100; i++) delete all['k' + i];\n"
    "for (i = 0; i < 200; i++) { var a = {}, b = { a: a }; a.b = b; }\n"
    "for (i in all) text += all[i].list.join (',') + ';';\n"
    "var fs = [1, 2, 3].map (function (x) { return function (y) { return x * y; }; });\n"
    "text.replace (/[0-9]+/g, '').length + fs[2] (5) + JSON.parse (JSON.stringify (all)).k200.n;\n";

static enum guest_result run_script (MIR_alloc_t alloc) {
  duk_context *context = alloc != NULL
                             ? MIR_duktape_heap (alloc, NULL)
                             : duk_create_heap (record_opaque_malloc, record_opaque_realloc,
                                                record_opaque_free, NULL, NULL);
  if (context == NULL) return GUEST_NO_MEMORY;
  enum guest_result res;
  if (duk_peval_string (context, script) == 0)
    res = duk_get_int (context, -1) == 200 * 3 + 15 + 200 ? GUEST_RIGHT : GUEST_WRONG;
  else
    res =
        strstr (duk_safe_to_string (context, -1), "alloc") != NULL ? GUEST_NO_MEMORY : GUEST_WRONG;
  duk_destroy_heap (context);
  return res;
}

const char *guest_version (void) {
  static char text[16];
  snprintf (text, sizeof (text), "%ld.%ld.%ld", DUK_VERSION / 10000, DUK_VERSION / 100 % 100,
            DUK_VERSION % 100);
  return text;
}

const struct guest guests[] = {
    {.name = "Duktape", .run = run_script, .refusals = GUEST_NOT_ALWAYS, .varies = 1},
    {.name = NULL},
};
