/* Drives libxml2: builds a document, writes it, parses the text and evaluates an XPath.  */
#include "adapters/mir-libxml2.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <stdio.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { ELEMENTS = 300 };

static char *record_strdup (const char *text) {
  size_t size = strlen (text) + 1;
  void *res = record_malloc (size);
  return res == NULL ? NULL : (char *) memcpy (res, text, size);
}

static xmlDocPtr build (void) {
  xmlDocPtr doc = xmlNewDoc (BAD_CAST "1.0");
  xmlNodePtr root = doc == NULL ? NULL : xmlNewNode (NULL, BAD_CAST "all");
  if (root == NULL) {
    xmlFreeDoc (doc);
    return NULL;
  }
  xmlDocSetRootElement (doc, root);
  for (int i = 0; i < ELEMENTS; i++) {
    char text[32];
    snprintf (text, sizeof (text), "text %d", i);
    xmlNodePtr node = xmlNewChild (root, NULL, BAD_CAST "element", BAD_CAST text);
    if (node != NULL) xmlNewProp (node, BAD_CAST "name", BAD_CAST text);
  }
  return doc;
}

static int count (xmlDocPtr doc) {
  xmlXPathContextPtr context = xmlXPathNewContext (doc);
  if (context == NULL) return -1;
  xmlXPathObjectPtr found =
      xmlXPathEvalExpression (BAD_CAST "//element[@name != 'text 7']", context);
  int num = found == NULL || found->nodesetval == NULL ? -1 : found->nodesetval->nodeNr;
  xmlXPathFreeObject (found);
  xmlXPathFreeContext (context);
  return num;
}

static enum guest_result there_and_back (MIR_alloc_t alloc) {
  int res = alloc != NULL ? MIR_libxml2_use (alloc)
                          : xmlMemSetup (record_free, record_malloc, record_realloc, record_strdup);
  if (res != 0) return GUEST_WRONG;
  xmlChar *text = NULL;
  int len = 0, num = -1;
  xmlDocPtr doc = build (), again = NULL;
  if (doc != NULL) xmlDocDumpFormatMemory (doc, &text, &len, 1);
  if (text != NULL) again = xmlReadMemory ((const char *) text, len, NULL, NULL, XML_PARSE_NOERROR);
  if (again != NULL) num = count (again);
  int has_error = xmlGetLastError () != NULL;
  if (text != NULL) xmlFree (text);
  xmlFreeDoc (again);
  xmlFreeDoc (doc);
  xmlCleanupParser ();
  if (num == ELEMENTS - 1) return GUEST_RIGHT;
  return has_error || num < 0 ? GUEST_NO_MEMORY : GUEST_WRONG;
}

const char *guest_version (void) {
  return LIBXML_DOTTED_VERSION;
}

const struct guest guests[] = {
    {.name = "libxml2", .run = there_and_back, .refusals = GUEST_GOES_ON, .varies = 1},
    {.name = NULL},
};
