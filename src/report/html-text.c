/* Writes amounts, times and paths of scopes for people to read.  */
#include "report/html-text.h"

#include <inttypes.h> /* PRIu64 */
#include <string.h>

#include "report/output.h"
#include "report/tree.h"

enum { PATH_BYTES_MAX = 400 /* of names; the innermost is always whole */ };

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

void html_write_path (FILE *out, const struct picture *picture, uint32_t node) {
  uint32_t path[PICTURE_MAX_SCOPES + 1];
  size_t num = 0, bytes = 0;
  char buffer[TREE_NAME_MAX];
  int cut = 0;
  for (; node != 0; node = picture_node (picture, node)->parent) {
    bytes += strlen (tree_node_name (picture, picture_node (picture, node), buffer));
    if (bytes > PATH_BYTES_MAX && num > 0) {
      cut = 1;
      break;
    }
    path[num++] = node;
  }
  if (num == 0) path[num++] = 0;
  if (cut) fprintf (out, "... / ");
  while (num-- > 0) {
    output_html (out, tree_node_name (picture, picture_node (picture, path[num]), buffer));
    if (num > 0) fprintf (out, "<i> / </i>");
  }
}
