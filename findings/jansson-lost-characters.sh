#!/bin/sh
# jansson 2.14 whose allocator functions (json_set_alloc_funcs) refuse memory once: json_loads and json_dumps succeed with
# characters missing.  A string longer than the first buffer of 16 bytes is collected in one that grows, and the growth
# that is refused loses a character, not the string.  json_loads returns a value of which a text, or a key, is another;
# json_dumps returns a document with a character less, which need not be JSON any more.  The manual says that both return
# NULL on error; a host that bounds what a script may parse checks for that and works with wrong data.  Where memory stays
# refused the next call fails, so a limit that is met gives NULL each time.
# Each call of malloc is refused in its turn, once, or from there on.
# x86-64; packages of Debian 12 or 13, whichever this is; both have this version.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') unpack libjansson4=2.14-2+b3 libjansson-dev=2.14-2+b3 ;;
*) unpack libjansson4=2.14-2 libjansson-dev=2.14-2 ;;
esac
cat >"$work/lost.c" <<'C'
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "{\"title of the page\": \"what a reader sees first\", \"tags of the page\": [\"plain\", \"long enough to grow\"]}";
static long calls, made, refused; /* MADE: by the work itself; which one is refused, 0: none */
static int for_good;

static void *take (size_t size) {
  calls++;
  return refused != 0 && (calls == refused || (for_good && calls > refused)) ? NULL : malloc (size);
}

/* 0: NULL, 1: right, 2: a result that is another.  */
static int load (void) {
  json_t *value = json_loads (text, 0, NULL);
  made = calls, refused = 0;
  json_t *whole = json_loads (text, 0, NULL);
  int result = value == NULL ? 0 : json_equal (value, whole) ? 1 : 2;
  json_decref (value);
  json_decref (whole);
  return result;
}

static json_t *page;
static int no_json; /* results that json_loads does not take */

static int dump (void) {
  char *out = json_dumps (page, 0);
  made = calls, refused = 0;
  json_t *again = out == NULL ? NULL : json_loads (out, 0, NULL);
  int result = out == NULL ? 0 : again != NULL && json_equal (page, again) ? 1 : 2;
  no_json += out != NULL && again == NULL;
  json_decref (again);
  free (out);
  return result;
}

static void try (const char *name, int (*work) (void)) {
  calls = 0;
  if (work () != 1) exit (3);
  for (for_good = 0; for_good < 2; for_good++) {
    int results[3] = {0};
    long n = 1;
    no_json = 0;
    for (;; n++) {
      calls = 0, refused = n;
      int result = work ();
      if (made < n) break;
      results[result]++;
      if (n > 1000) exit (4);
    }
    printf ("%s, refused %s: %d NULL, %d right, %d another result", name, for_good ? "from there on" : "once", results[0], results[1], results[2]);
    if (work == dump) printf (", %d of them no JSON", no_json);
    printf ("\n");
  }
}

int main (void) {
  page = json_loads (text, 0, NULL);
  json_set_alloc_funcs (take, free);
  try ("json_loads", load);
  try ("json_dumps", dump);
}
C
cc -w -I"$root/usr/include" -o "$work/lost" "$work/lost.c" "$libraries/libjansson.so.4"
cat >"$work/expected" <<'EOF'
json_loads, refused once: 15 NULL, 0 right, 1 another result
json_loads, refused from there on: 16 NULL, 0 right, 0 another result
json_dumps, refused once: 6 NULL, 0 right, 2 another result, 2 of them no JSON
json_dumps, refused from there on: 8 NULL, 0 right, 0 another result, 0 of them no JSON
EOF
"$work/lost" | compare
