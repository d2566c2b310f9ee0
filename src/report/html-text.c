/* Writes amounts, times and paths of scopes for people to read.  */
#include "report/html-text.h"

#include <inttypes.h> /* PRIu64 */
#include <string.h>

#include "report/output.h"
#include "report/tree.h"

const char *html_bytes_text (uint64_t bytes, char text[HTML_TEXT_MAX]) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double amount = (double) bytes / 1024;
  int unit = 0;
  if (bytes < 1024) {
    snprintf (text, HTML_TEXT_MAX, "%" PRIu64 " B", bytes);
    return text;
  }
  for (; amount >= 1024 && unit < 5; unit++) amount /= 1024;
  snprintf (text, HTML_TEXT_MAX, "%.1f %s", amount, units[unit]);
  return text;
}

const char *html_time_text (uint64_t ns, char text[HTML_TEXT_MAX]) {
  if (ns < 1000)
    snprintf (text, HTML_TEXT_MAX, "%" PRIu64 " ns", ns);
  else if (ns < 1000000)
    snprintf (text, HTML_TEXT_MAX, "%.1f us", (double) ns / 1e3);
  else if (ns < 1000000000)
    snprintf (text, HTML_TEXT_MAX, "%.1f ms", (double) ns / 1e6);
  else
    snprintf (text, HTML_TEXT_MAX, "%.2f s", (double) ns / 1e9);
  return text;
}

void html_begin_table (FILE *out, const char *before, const char *id, const char *columns) {
  fprintf (out, "%s<table id=%s><thead><tr><th scope=col>", before, id);
  for (; *columns != '\0'; columns++)
    if (*columns == '|')
      fputs ("<th scope=col class=n>", out);
    else
      putc (*columns, out);
}

void html_write_number (FILE *out, uint64_t number) {
  fprintf (out, "<td class=n>%" PRIu64, number);
}

/*---------------- Names -----------------------------*/

/* How many bytes C has as HTML: output_html.  */
static size_t html_size (char c) {
  return c == '&' || c == '\'' ? 5 : c == '<' || c == '>' ? 4 : c == '"' ? 6 : 1;
}

size_t html_short_name (const struct picture *picture, uint32_t node, size_t most,
                        char name[HTML_NAME_MAX + 4]) {
  char buffer[TREE_NAME_MAX];
  const char *text = tree_node_name (picture, picture_node (picture, node), buffer);
  size_t len = 0, size = 0;
  while (text[len] != '\0' && len < HTML_NAME_MAX && size + html_size (text[len]) <= most)
    size += html_size (text[len++]);
  if (text[len] != '\0')
    while (len > 0 && ((unsigned char) text[len] & 0xc0) == 0x80) len--; /* inside of a character */
  memcpy (name, text, len);
  memcpy (name + len, "...", text[len] == '\0' ? 0 : 3);
  name[len + (text[len] == '\0' ? 0 : 3)] = '\0';
  return size + 3;
}

/* Write the name of NODE, at most MOST bytes and some dots.  */
static void write_name (FILE *out, const struct picture *picture, uint32_t node, size_t most) {
  char name[HTML_NAME_MAX + 4];
  html_short_name (picture, node, most, name);
  output_html (out, name);
}

void html_write_path (FILE *out, const struct picture *picture, uint32_t node) {
  enum { BETWEEN = sizeof ("<i> / </i>") - 1, NAMES = HTML_PATH_MAX - 20 };
  uint32_t path[PICTURE_MAX_SCOPES + 1];
  size_t num = 0, bytes = 0;
  char name[HTML_NAME_MAX + 4];
  for (; node != 0; node = picture_node (picture, node)->parent) {
    bytes += html_short_name (picture, node, NAMES, name) + BETWEEN;
    if (bytes > NAMES && num > 0) break;
    path[num++] = node;
  }
  fputs ("<em>", out);
  if (node != 0) fputs ("... / ", out);
  if (num == 0) path[num++] = 0;
  while (num-- > 0) {
    write_name (out, picture, path[num], NAMES);
    if (num > 0) fprintf (out, "<i> / </i>");
  }
  fputs ("</em>", out);
}

/* Return addresses are below all scopes.  */
void html_write_stack (FILE *out, const struct picture *picture, uint32_t node) {
  const size_t between = sizeof ("<i> from </i>") - 1, most = HTML_STACK_MAX - HTML_PATH_MAX - 40;
  char name[HTML_NAME_MAX + 4];
  size_t bytes = 0, left = 0;
  for (; picture_node (picture, node)->kind >= NODE_CODE;
       node = picture_node (picture, node)->parent) {
    if (left == 0) bytes += html_short_name (picture, node, most, name) + between;
    if (bytes > most) {
      left++;
      continue;
    }
    write_name (out, picture, node, most);
    if (picture_node (picture, node)->parent != 0) fputs ("<i> from </i>", out);
  }
  if (left > 0)
    fprintf (out, "<i>%" PRIu64 " more%s</i>", (uint64_t) left, node == 0 ? "" : " from ");
  if (node != 0 || bytes == 0) html_write_path (out, picture, node);
}
