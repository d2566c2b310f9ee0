/* Writes folded stacks, the input of flamegraph.pl, speedscope and inferno: frames from the
   outermost inwards with ";" between them, a space and a number, or two if pictures are
   compared.  */
#include "report/folded.h"

#include <inttypes.h> /* PRIu64 */
#include <string.h>

#include "report/joined.h"
#include "report/tree.h"

enum { DEPTH_MAX = PICTURE_MAX_SCOPES + MIR_TRACE_STACK_MAX + 1 /* frames of a stack */ };

/* Store in FRAME how NODE is written: ";" becomes ":", and the space before a number at the end "_",
   since that number would be taken for the first of two counts.  Returns its length.  */
static size_t frame_of (const struct picture *picture, uint32_t node,
                        char frame[MIR_TRACE_NAME_MAX + 1]) {
  char buffer[TREE_NAME_MAX], *space;
  snprintf (frame, MIR_TRACE_NAME_MAX + 1, "%s",
            tree_node_name (picture, picture_node (picture, node), buffer));
  for (char *at = strchr (frame, ';'); at != NULL; at = strchr (at, ';')) *at = ':';
  space = strrchr (frame, ' ');
  if (space != NULL && space[1] != '\0' && space[1 + strspn (space + 1, "0123456789.")] == '\0')
    *space = '_';
  return strlen (frame);
}

/*---------------- Frames -----------------------------*/

/* Bytes made in a frame: in the older picture, in the other one.  */
typedef struct both_bytes {
  uint64_t of[2];
} both_bytes_t;

DEF_VARR (both_bytes_t)
DEF_VARR (uint32_t)

/* The frames of one picture or of both.  What a root made has a frame of its own.  */
struct both {
  struct joined frames;
  VARR (both_bytes_t) *bytes; /* of each frame */
};

static void both_init (struct both *both, MIR_alloc_t alloc) {
  joined_init (&both->frames, alloc);
  VARR_CREATE (both_bytes_t, both->bytes, alloc, 64);
  VARR_PUSH (both_bytes_t, both->bytes, ((struct both_bytes) {{0, 0}}));
}

static void both_finish (struct both *both) {
  VARR_DESTROY (both_bytes_t, both->bytes);
  joined_finish (&both->frames);
}

/* The frame below PARENT that NODE of PICTURE is; a new one if there is none.  */
static uint32_t both_child (struct both *both, uint32_t parent, const struct picture *picture,
                            uint32_t node) {
  char text[MIR_TRACE_NAME_MAX + 1];
  size_t len = frame_of (picture, node, text);
  uint32_t frame = joined_child (&both->frames, parent, text, len);
  if (frame == VARR_LENGTH (both_bytes_t, both->bytes))
    VARR_PUSH (both_bytes_t, both->bytes, ((struct both_bytes) {{0, 0}}));
  return frame;
}

/* Add the bytes of all nodes of PICTURE as the WHICHth of both.  Parents come first.  */
static void both_add (struct both *both, const struct picture *picture, int which) {
  VARR (uint32_t) *frames; /* by node */
  VARR_CREATE (uint32_t, frames, picture->alloc, VARR_LENGTH (node_t, picture->nodes));
  for (uint32_t i = 0; i < VARR_LENGTH (node_t, picture->nodes); i++) {
    const struct node *node = picture_node (picture, i);
    uint64_t bytes = picture_stack (picture, node)->made.bytes;
    uint32_t parent = i == 0 ? 0 : VARR_GET (uint32_t, frames, node->parent);
    uint32_t frame = i == 0 && bytes == 0 ? 0 : both_child (both, parent, picture, i);
    VARR_ADDR (both_bytes_t, both->bytes)[frame].of[which] += bytes;
    VARR_PUSH (uint32_t, frames, i == 0 ? 0 : frame);
  }
  VARR_DESTROY (uint32_t, frames);
}

/* Write the names from the outermost to FRAME.  */
static void write_frames (FILE *out, const struct both *both, uint32_t frame) {
  const struct joined_node *nodes = VARR_ADDR (joined_node_t, both->frames.nodes);
  uint32_t path[DEPTH_MAX];
  size_t num = 0;
  for (uint32_t i = frame; i != 0; i = nodes[i].parent) path[num++] = i;
  while (num-- > 0)
    fprintf (out, "%s%s", names_text (&both->frames.names, nodes[path[num]].name),
             num > 0 ? ";" : "");
}

/*---------------- One picture, two pictures -----------------------------*/

void folded_write (FILE *out, const struct picture *picture) {
  struct both both;
  both_init (&both, picture->alloc);
  both_add (&both, picture, 1);
  for (uint32_t i = 1; i < joined_num (&both.frames); i++) {
    uint64_t bytes = VARR_GET (both_bytes_t, both.bytes, i).of[1];
    if (bytes == 0) continue;
    write_frames (out, &both, i);
    fprintf (out, " %" PRIu64 "\n", bytes);
  }
  both_finish (&both);
}

void folded_compare (FILE *out, const struct picture *picture, const struct picture *old) {
  struct both both;
  both_init (&both, picture->alloc);
  both_add (&both, old, 0);
  both_add (&both, picture, 1);
  for (uint32_t i = 1; i < joined_num (&both.frames); i++) {
    struct both_bytes bytes = VARR_GET (both_bytes_t, both.bytes, i);
    if (bytes.of[0] == 0 && bytes.of[1] == 0) continue;
    write_frames (out, &both, i);
    fprintf (out, " %" PRIu64 " %" PRIu64 "\n", bytes.of[0], bytes.of[1]);
  }
  both_finish (&both);
}
