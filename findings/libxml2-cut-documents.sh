#!/bin/sh
# libxml2 2.9.14 whose allocator functions refuse memory, as those of a host that gives each document a limit: of a
# valid document it makes the first part, and says that this is well formed.  xmlReadMemory returns NULL for what is not
# well formed, unless XML_PARSE_RECOVER is set, which it is not here.  For refused memory it does so too where an
# element or an attribute cannot be made; where a text cannot, it returns the document as far as it has come.  With the
# push parser that is so nearly everywhere: wellFormed of its context is 1, all that libxml2's own example, parse4.c,
# asks; xmlParseChunk returns the error.  Whoever does not ask for the last error besides works with a part of the
# document.  xmlTextReaderRead answers -1 each time.  The manual and the headers say nothing about it.
# The calls of malloc and realloc are refused from the n-th on, for each n that the document takes.
# x86-64; packages of Debian 12 or 13, whichever this is; both have this version.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') unpack libxml2=2.12.7+dfsg+really2.9.14-2.1+deb13u3 libxml2-dev=2.12.7+dfsg+really2.9.14-2.1+deb13u3 ;;
*) unpack libxml2=2.9.14+dfsg-1.3~deb12u6 libxml2-dev=2.9.14+dfsg-1.3~deb12u6 ;;
esac
cat >"$work/cut.c" <<'C'
#include <libxml/parser.h>
#include <libxml/xmlreader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 100, CHUNK = 100 };
static char text[10000];
static size_t len;
static long calls, refused = -1; /* from which call on; -1: none */

static int is_refused (void) { return ++calls >= refused && refused >= 0; }
static void *take (size_t size) { return is_refused () ? NULL : malloc (size); }
static void *resize (void *block, size_t size) { return is_refused () ? NULL : realloc (block, size); }

static char *copy (const char *string) {
  char *block = take (strlen (string) + 1);
  return block == NULL ? NULL : strcpy (block, string);
}

/* What was made of the document: RESULT is how many items, or -1 if the parser said that it has none, and ERROR the
   other sign of a failure.  */
struct result { int items, error; };

/* Return how many items DOC has that have their name and their text.  */
static int count_items (xmlDoc *doc) {
  int items = 0;
  xmlNode *root = xmlDocGetRootElement (doc);
  for (xmlNode *node = root == NULL ? NULL : root->children; node != NULL; node = node->next)
    items += node->properties != NULL && node->children != NULL;
  return items;
}

static struct result read_tree (void) {
  xmlDoc *doc = xmlReadMemory (text, len, NULL, NULL, XML_PARSE_NOERROR);
  struct result result = {-1, xmlGetLastError () != NULL};
  if (doc != NULL) result.items = count_items (doc);
  xmlFreeDoc (doc);
  return result;
}

static struct result push (void) {
  struct result result = {-1, 1};
  xmlParserCtxt *parser = xmlCreatePushParserCtxt (NULL, NULL, NULL, 0, NULL);
  if (parser == NULL) return result;
  for (size_t i = 0; i < len; i += CHUNK) xmlParseChunk (parser, text + i, len - i < CHUNK ? len - i : CHUNK, 0);
  result.error = xmlParseChunk (parser, text, 0, 1) != 0;
  if (parser->wellFormed && parser->myDoc != NULL) result.items = count_items (parser->myDoc);
  xmlFreeDoc (parser->myDoc);
  xmlFreeParserCtxt (parser);
  return result;
}

static struct result stream (void) {
  struct result result = {-1, 1};
  int answer = -1, items = 0;
  xmlTextReader *reader = xmlReaderForMemory (text, len, NULL, NULL, XML_PARSE_NOERROR);
  if (reader == NULL) return result;
  while ((answer = xmlTextReaderRead (reader)) == 1)
    items += xmlTextReaderNodeType (reader) == XML_READER_TYPE_ELEMENT && xmlTextReaderDepth (reader) == 1;
  if (answer == 0) result.items = items, result.error = 0;
  xmlFreeTextReader (reader);
  return result;
}

static void say_nothing (void *data, const char *format, ...) {}

int main (void) {
  static const struct {
    const char *name;
    struct result (*parse) (void);
  } ways[] = {{"xmlReadMemory", read_tree}, {"xmlParseChunk", push}, {"xmlTextReaderRead", stream}};
  len = sprintf (text, "<list>");
  for (int i = 0; i < ITEMS; i++) len += sprintf (text + len, "<item name='item %d'>text of item %d</item>", i, i);
  len += sprintf (text + len, "</list>");
  if (xmlMemSetup (free, take, resize, copy) != 0) return 3;
  xmlInitParser ();
  xmlSetGenericErrorFunc (NULL, say_nothing);
  for (int way = 0; way < 3; way++) {
    int failures = 0, whole = 0, cut = 0, errors = 0;
    long needed;
    calls = 0;
    if (ways[way].parse ().items != ITEMS) return 4;
    needed = calls;
    for (long n = 1; n <= needed; n++) {
      xmlResetLastError ();
      calls = 0, refused = n;
      struct result result = ways[way].parse ();
      refused = -1;
      if (result.items < 0) failures++;
      else if (result.items == ITEMS) whole++;
      else cut++, errors += result.error;
    }
    printf ("%s: %ld refusals: ", ways[way].name, needed);
    printf ("%d no document, %d the whole one, %d a part of it (an error: %d)\n", failures, whole, cut, errors);
  }
}
C
cc -w -I"$root/usr/include/libxml2" -o "$work/cut" "$work/cut.c" "$libraries/libxml2.so.2"
cat >"$work/expected" <<'EOF'
xmlReadMemory: 621 refusals: 421 no document, 0 the whole one, 200 a part of it (an error: 200)
xmlParseChunk: 621 refusals: 17 no document, 0 the whole one, 604 a part of it (an error: 604)
xmlTextReaderRead: 80 refusals: 80 no document, 0 the whole one, 0 a part of it (an error: 0)
EOF
"$work/cut" | compare
