/* Counts the bytes that tables take, see bytes.h.  */
#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

enum { MOST = 100000, FEWEST = 20 };

static size_t live; /* bytes that were asked for and are not freed */

/*---------------- An allocator that counts -----------------------------*/
/* The size of a block stands in front of it.  */
enum { HEAD = 16 };

static void *counting_malloc (size_t size, void *user_data) {
  char *block = (char *) malloc (HEAD + size);
  (void) user_data;
  if (block == NULL) return NULL;
  *(size_t *) (void *) block = size;
  live += size;
  return block + HEAD;
}

static void *counting_calloc (size_t num, size_t size, void *user_data) {
  char *block = (char *) calloc (1, HEAD + num * size);
  (void) user_data;
  if (block == NULL) return NULL;
  *(size_t *) (void *) block = num * size;
  live += num * size;
  return block + HEAD;
}

static void counting_free (void *ptr, void *user_data) {
  (void) user_data;
  if (ptr == NULL) return;
  live -= *(size_t *) (void *) ((char *) ptr - HEAD);
  free ((char *) ptr - HEAD);
}

static void *counting_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  char *block;
  if (ptr == NULL) return counting_malloc (new_size, user_data);
  block = (char *) ptr - HEAD;
  if (*(size_t *) (void *) block != old_size)
    bench_fail ("a table is wrong about the size of a block");
  block = (char *) realloc (block, HEAD + new_size);
  if (block == NULL) return NULL;
  *(size_t *) (void *) block = new_size;
  live += new_size - old_size;
  return block + HEAD;
}

static struct MIR_alloc counting_alloc = {counting_malloc, counting_calloc, counting_realloc,
                                          counting_free, NULL};

/*---------------- Tables -----------------------------*/
static int64_t keys[MOST];

/* The bytes that TABLE asks for if it has SIZE elements.  */
static size_t bytes_of (const struct table *table, size_t size) {
  MIR_alloc_t old_alloc = tables_alloc;
  size_t bytes;
  void *made;
  tables_alloc = &counting_alloc;
  live = 0;
  made = table->make ();
  table->insert (made, keys, size);
  bytes = live;
  table->destroy (made);
  if (live != 0) bench_fail ("a table does not free all of its memory");
  tables_alloc = old_alloc;
  return bytes;
}

static void count_elements (const struct table *table, double *mean, double *most) {
  size_t num = 0;
  *mean = *most = 0;
  for (double size = FEWEST; size <= MOST; size *= 1.07) {
    double one = (double) bytes_of (table, (size_t) size) / (double) (size_t) size;
    if (one > *most) *most = one;
    *mean += one;
    num++;
  }
  *mean /= (double) num;
}

void count_bytes (const struct table *const *tables, size_t num) {
  static const char subject[] = "containers: bytes of an empty table",
                    mean_subject[] = "containers: bytes an element, 20 to 100000, mean",
                    most_subject[] = "containers: bytes an element, 20 to 100000, most";
  for (size_t i = 0; i < MOST; i++) keys[i] = (int64_t) (i * 0x9e3779b97f4a7c15u >> 1);
  puts (subject);
  for (size_t i = 0; i < num; i++) {
    size_t bytes = bytes_of (tables[i], 0);
    if (bytes != 0) bench_count (subject, tables[i]->name, "bytes", (double) bytes);
  }
  puts (mean_subject);
  for (size_t i = 0; i < num; i++) {
    double mean, most;
    count_elements (tables[i], &mean, &most);
    if (most == 0) continue;
    bench_count (mean_subject, tables[i]->name, "bytes on average", mean);
    bench_count (most_subject, tables[i]->name, "bytes at most", most);
  }
}
