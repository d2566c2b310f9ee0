/* Writes folded stacks, the input of flamegraph.pl, speedscope and inferno: frames from the
   outermost inwards with ";" between them, a space and a number.  */
#include "report/folded.h"

#include <inttypes.h> /* PRIu64 */

#include "report/tree.h"

static void write_frame (FILE *out, const char *name) {
  for (; *name != '\0'; name++) putc (*name == ';' ? ':' : *name, out);
}

/* The frames from the outermost to NODE; in a name ";" becomes ":".  */
static void write_path (FILE *out, const struct picture *picture, uint32_t node) {
  uint32_t path[PICTURE_MAX_SCOPES + MIR_TRACE_STACK_MAX + 1];
  size_t num = 0;
  char buffer[TREE_NAME_MAX];
  for (; node != 0; node = picture_node (picture, node)->parent) path[num++] = node;
  if (num == 0) path[num++] = 0;
  while (num-- > 0) {
    write_frame (out, tree_node_name (picture, picture_node (picture, path[num]), buffer));
    if (num > 0) putc (';', out);
  }
}

void folded_write (FILE *out, const struct picture *picture) {
  for (uint32_t i = 0; i < VARR_LENGTH (node_t, picture->nodes); i++) {
    if (picture_node (picture, i)->made.bytes == 0) continue;
    write_path (out, picture, i);
    fprintf (out, " %" PRIu64 "\n", picture_node (picture, i)->made.bytes);
  }
}
