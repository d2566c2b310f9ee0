/* One size class of mimalloc at a time: 300 live blocks of random sizes in the class, replaced in a
   random order.

   Classes end at multiples of 16 up to 128 bytes, then at four sizes for each power of two.  Blocks
   of exactly such a size are a subject of their own: with exact sizes they are in the next
   class.  */

#include <stdio.h>
#include <stdlib.h>

#include "subjects.h"

enum { BLOCKS = 300, REPLACED = 20000 };

static void *blocks[BLOCKS];
static size_t smallest, largest; /* sizes to allocate, both included */
static uint64_t state = 0xda3e39cb94b95bdbu;

static size_t random_below (size_t limit) {
  return (size_t) (random_next (&state) >> 32) % limit;
}

static void allocate (size_t at) {
  size_t size = smallest + random_below (largest - smallest + 1);
  blocks[at] = malloc (size);
  if (blocks[at] == NULL) fail ("classes: no memory");
  touch (blocks[at], size);
}

static void prepare (void) {
  for (size_t i = 0; i < BLOCKS; i++) allocate (i);
}

static size_t pass (int first) {
  size_t count = first ? BLOCKS : REPLACED;
  for (size_t i = 0; i < count; i++) {
    size_t at = first ? i : random_below (BLOCKS);
    free (blocks[at]);
    allocate (at);
  }
  return count;
}

/* The distance from the class before the one that ends at END, or 0 if none ends there.  */
static size_t class_width (size_t end) {
  size_t width = 16;
  while (end > 8 * width) width *= 2;
  return end != 0 && end % width == 0 ? width : 0;
}

const struct subject *class_subject (const char *name) {
  static struct subject subject = {NULL, prepare, pass};
  unsigned end;
  int is_edge = sscanf (name, "edge %u", &end) == 1;
  if (!is_edge && sscanf (name, "class %u", &end) != 1) return NULL;
  size_t width = class_width (end);
  if (width == 0) return NULL;
  largest = is_edge ? end : end - 1;
  smallest = is_edge ? end : end - width + 1;
  subject.name = name;
  return &subject;
}
