/* Drives tree-sitter: parses a text in JSON, changes it, and parses it again.  */
#include "adapters/mir-tree-sitter.h"

#include <stdio.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

/* The grammar: npm's package tree-sitter-json.  */
extern const TSLanguage *tree_sitter_json (void);

enum { ENTRIES = 300, LEN = ENTRIES * 64 };

static char text[LEN];

static uint32_t make_text (void) {
  uint32_t len = 0;
  text[len++] = '[';
  for (int i = 0; i < ENTRIES; i++)
    len += (uint32_t) snprintf (text + len, LEN - len, "%s{\"number\": %d, \"list\": [%d, true]}",
                                i == 0 ? "" : ",\n", 100 + i, i);
  text[len++] = ']';
  return len;
}

/* Whether TREE has all entries and no error.  */
static int is_whole (const TSTree *tree) {
  TSNode root = ts_tree_root_node (tree);
  return !ts_node_has_error (root) && ts_node_named_child_count (root) == 1
         && ts_node_named_child_count (ts_node_named_child (root, 0)) == ENTRIES;
}

static TSTree *edit (TSParser *parser, TSTree *tree, uint32_t len) {
  char *number = strstr (text, "123, \"list");
  const uint32_t at = (uint32_t) (number - text);
  const TSInputEdit change = {.start_byte = at,
                              .old_end_byte = at + 3,
                              .new_end_byte = at + 3,
                              .start_point = {23, 11},
                              .old_end_point = {23, 14},
                              .new_end_point = {23, 14}};
  memcpy (number, "456", 3);
  ts_tree_edit (tree, &change);
  return ts_parser_parse_string (parser, tree, text, len);
}

static enum guest_result parse (MIR_alloc_t alloc) {
  uint32_t len = make_text ();
  if (alloc != NULL)
    MIR_tree_sitter_use (alloc);
  else
    ts_set_allocator (record_malloc, record_calloc, record_realloc, record_free);
  TSParser *parser = ts_parser_new ();
  if (parser == NULL || !ts_parser_set_language (parser, tree_sitter_json ())) return GUEST_WRONG;
  TSTree *tree = ts_parser_parse_string (parser, NULL, text, len);
  TSTree *edited = tree == NULL ? NULL : edit (parser, tree, len);
  enum guest_result res = edited == NULL                         ? GUEST_NO_MEMORY
                          : is_whole (tree) && is_whole (edited) ? GUEST_RIGHT
                                                                 : GUEST_WRONG;
  if (edited != NULL) ts_tree_delete (edited);
  if (tree != NULL) ts_tree_delete (tree);
  ts_parser_delete (parser);
  return res;
}

const char *guest_version (void) {
  return ""; /* the library tells none */
}

const struct guest guests[] = {
    {.name = "tree-sitter", .run = parse, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
