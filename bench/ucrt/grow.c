/* 64 arrays that grow in turns, by a half each time, from 16 bytes to 256 KiB, as vectors and
   string builders do; then each begins anew.  */

#include <stdlib.h>

#include "subjects.h"

enum { ARRAYS = 64, SMALLEST = 16, LARGEST = 256 * 1024 };

static struct {
  void *data;
  size_t size; /* bytes */
} arrays[ARRAYS];

/* Leave each array somewhere between the ends before timing begins.  */
static void prepare (void) {
  for (size_t i = 0; i < ARRAYS; i++) {
    arrays[i].size = SMALLEST << (i % 12);
    arrays[i].data = malloc (arrays[i].size);
    if (arrays[i].data == NULL) fail ("grow: no memory");
  }
}

static size_t pass (int first) {
  (void) first;
  size_t count = 0, growing = ARRAYS;
  while (growing > 0) {
    growing = 0;
    for (size_t i = 0; i < ARRAYS; i++) {
      if (arrays[i].size > LARGEST) continue;
      arrays[i].size += arrays[i].size / 2;
      arrays[i].data = realloc (arrays[i].data, arrays[i].size);
      if (arrays[i].data == NULL) fail ("grow: no memory");
      touch (arrays[i].data, arrays[i].size);
      count++;
      growing++;
    }
  }
  for (size_t i = 0; i < ARRAYS; i++) {
    free (arrays[i].data);
    arrays[i].size = SMALLEST;
    arrays[i].data = malloc (SMALLEST);
    if (arrays[i].data == NULL) fail ("grow: no memory");
  }
  return count;
}

const struct subject grow = {"growth", prepare, pass};
